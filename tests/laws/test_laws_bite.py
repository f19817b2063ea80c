"""A battery that cannot fail is worse than none: every law catches the mistakes planted for it, and says what."""

from __future__ import annotations

import re
from collections import Counter
from importlib import import_module
from pkgutil import walk_packages
from typing import Any
from unittest.mock import patch

import pytest
from planted import PLANTED, UNSHRUNK, Planted, snippets

import mlp_core.testing
from mlp_core.rules.sgd import SGD
from mlp_core.testing import subjects, verify
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.engine.groups import BATCH, ONE
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.engine.runner import run
from mlp_core.testing.faults.gradients import course, last_bits
from mlp_core.testing.faults.gradients.reverse import reverse
from mlp_core.testing.faults.rules import sgd
from mlp_core.testing.faults.rules.conduct import MovesACopyOfAView
from mlp_core.testing.laws.books import laws_of
from mlp_core.testing.laws.gradients import equality, symmetry
from mlp_core.testing.subjects.optimizers import OptimizerSubject

MODULES = [import_module(module.name) for module in walk_packages(mlp_core.testing.__path__, "mlp_core.testing.")]
BOOKS = list({id(value): value for m in MODULES for value in vars(m).values() if isinstance(value, LawBook)}.values())

EACH = 2
"""mistakes a law that every run of the tests plants; `nox -s power` plants them all"""


def every_mistake() -> list[Any]:
    """All of the catalogue before each law they name; of a law's first ones none is slow."""
    seen: Counter[str] = Counter()
    params = []
    for planted in PLANTED:
        seen[planted.law] += 1
        params.append(pytest.param(planted, id=str(planted), marks=[pytest.mark.slow] * (seen[planted.law] > EACH)))
    return params


@pytest.mark.parametrize("fault", every_mistake())
def test_every_law_catches_the_mistakes_planted_for_it_and_shows_them_again(fault: Planted) -> None:
    result = fault.result
    text = result.text()
    assert result.verdict == "FAIL", text
    assert fault.law in text.splitlines()[0]
    assert result.statement in text
    if fault.law == "uses every hyperparameter":  # about what no example showed: there is no place, but a name
        assert "none of 100 examples showed: dampening" in text
        return
    for label, value in (("where", result.where), ("got", result.got), ("expected", result.expected)):
        assert value, label
        assert re.search(rf"^  {label} +{re.escape(value.splitlines()[0])}", text, re.MULTILINE), label
    assert result.got != result.expected
    assert result.counterexample in text
    assert result.snippet
    assert text.endswith(result.snippet)
    snippets.fails_as_the_law_did_and_not_once_the_mistake_is_mended(fault)
    if isinstance(fault.fault.subject, OptimizerSubject):
        assert len(result.snippet.strip().splitlines()) <= 30


def test_every_law_has_a_mistake_planted() -> None:
    laws = [law.name for book in BOOKS for law in book.laws]
    assert len(laws) == len(set(laws))
    assert {fault.law for fault in PLANTED} == set(laws)


def test_a_gradient_off_by_1e_10_is_caught_by_the_law_for_it_and_named_to_the_entry() -> None:
    (fault,) = (f for f in PLANTED if str(f).startswith("equals-exact") and "off_by" in f.fault.name)
    assert fault.result.where == "W1, entry (0, 0)"  # worst by far: the others have the same bits


LAST_BITS = [fault for fault in PLANTED if fault.fault in last_bits.CATALOGUE.faults]


GATHERING = ("equals its reference in a long run", "steps with a closure as without")
"""laws of optimizers in which errors of the last bits add up over hundreds of steps, or count as such"""


@pytest.mark.parametrize("fault", LAST_BITS, ids=str)
def test_mistakes_in_the_last_bits_are_seen_by_exact_arithmetic_alone(fault: Planted) -> None:
    others = [
        run(law, examples=8) for law in laws_of(fault.fault.subject)
        if law.name not in (fault.law, *GATHERING)
    ]  # fmt: skip
    assert [result.text() for result in others if result.verdict == "FAIL"] == []


def test_the_course_report_is_right_for_one_sample_and_wrong_for_batches() -> None:
    one = subjects.course(course.course_report, batch_sizes=(1, 1))
    report = verify(one, examples=20)
    assert report.ok, [result.text() for result in report.results if result.verdict == "FAIL"]
    with patch.object(engine, "Phase", UNSHRUNK):
        report = verify(subjects.course(course.course_report), examples=10)
    wrong = {r.law for r in report.results if r.verdict == "FAIL" and r.group == BATCH}
    of_batches = {law.name for law in (*equality.book.laws, *symmetry.book.laws) if law.group == BATCH}
    assert wrong == of_batches
    singles = [result for result in report.results if result.group == ONE]
    assert {result.verdict for result in singles} == {"PASS"}


def test_the_right_course_function_and_the_rule_in_pieces_are_lawful() -> None:
    for right in (course.right_for_batches, sgd.Planted, reverse):
        assert verify(right, examples=5).ok


def test_a_rule_that_moves_a_copy_of_a_view_is_caught() -> None:
    (law,) = (law for law in laws_of(subjects.rule(MovesACopyOfAView)) if law.name == "takes every shape and stride")
    with patch.object(engine, "Phase", UNSHRUNK):
        assert run(law).verdict == "FAIL"
    assert issubclass(MovesACopyOfAView, SGD)
