"""The catalogue of wrong update rules: each does what no other does, and is named by its own words."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from mlp_core.rules import UpdateRule
from mlp_core.testing import faults, subjects
from mlp_core.testing.diagnosis.candidates import Candidate
from mlp_core.testing.diagnosis.optimizers import Bench
from mlp_core.testing.diagnosis.replay import run
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.examples.scenario import Make
from mlp_core.testing.faults.catalogue import Fault
from mlp_core.testing.laws.books import laws_of

RULES = faults.of_rules()


def pieces(fault: Fault) -> list[type[UpdateRule]]:
    """The right rules written in pieces of which a mistake overrides one."""
    if not issubclass(fault.right, UpdateRule):
        return []
    return [base for base in fault.thing.__mro__[1:] if issubclass(base, fault.right) and base is not fault.right]


RIGHT = list(dict.fromkeys(rule for fault in RULES for rule in pieces(fault)))


def test_every_rule_in_pieces_has_several_wrong_ones() -> None:
    planted = [rule for fault in RULES for rule in pieces(fault)]
    assert RIGHT
    assert all(planted.count(rule) > 1 for rule in RIGHT)


@pytest.mark.parametrize("rule", RIGHT, ids=lambda rule: rule.__name__)
def test_the_pieces_that_mistakes_override_are_right(rule: type[UpdateRule]) -> None:
    result = engine.run(laws_of(subjects.rule(rule))[0], examples=25)
    assert result.law.startswith("equals its")
    assert not (result.verdict == "FAIL" and result.got), result.text()


@cache
def bench(right: Any) -> Bench:
    return Bench(next(fault.subject for fault in RULES if fault.right is right))


def repeats(right: Any, make: Make) -> Iterator[bool]:
    """Whether it is wrong on a witness, and wrong again in a second call; a call that raises does not count."""
    for replay in bench(right).replays:
        one, other = (run(replay.scenario, make) for _ in range(2))
        if one is not None and other is not None and not one.equals(replay.right):
            yield one.equals(other)


@pytest.mark.slow
@pytest.mark.parametrize("right", list(dict.fromkeys(fault.right for fault in RULES)), ids=lambda right: right.__name__)
def test_every_wrong_rule_is_named_by_its_own_words_and_no_other_planted_there(right: Any) -> None:
    planted = [fault for fault in RULES if fault.right is right]
    for fault in planted:
        make = fault.subject.make
        with globals_kept():
            seen = list(repeats(right, make))
            found = bench(right).suspects(make)
        named = [candidate.words for candidate in found if bench(right).shows(candidate)]
        if seen and all(seen) and bench(right).shows(Candidate(fault.words, make)):
            assert fault.words in named, fault.name
            assert len(named) <= 2, (fault.name, named)
            others = {other.words for other in planted if other is not fault}
            assert not others.intersection(named), (fault.name, named)
        else:  # its numbers are right up to rounding, or never the same twice
            assert not named, (fault.name, named)
