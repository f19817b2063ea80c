"""The catalogue of known mistakes: each in words, with its origin, and no two the same."""

from __future__ import annotations

import traceback
from functools import cache
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from mlp_core import fit
from mlp_core.gradcheck import check_model
from mlp_core.testing import engine, verify
from mlp_core.testing.conduct import globals_kept
from mlp_core.testing.failure import compare
from mlp_core.testing.faults import (
    epochs,
    functions,
    gradcheck,
    normalisation,
    records,
    runs,
    selection,
    training,
    verdicts,
)
from mlp_core.testing.faults.catalogue import Fault
from mlp_core.testing.faults.loop import Loop
from mlp_core.testing.law import Broken, Law

KINDS = (functions, records, training, epochs, runs, normalisation, selection, gradcheck, verdicts)
FAULTS = [fault for kind in KINDS for fault in kind.CATALOGUE.faults]
EXAMPLES = 12


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_an_entry_says_what_is_wrong_and_where_that_comes_from(fault: Fault) -> None:
    assert fault.words
    assert "\n" not in fault.words
    assert not fault.words.endswith(".")
    assert (
        fault.words[0].islower()
        or fault.words.split()[0] in {"X", "NaN"}
        or not fault.words[0].isalpha()
        or fault.words[:3] in {"1 -"}
    )
    assert fault.origin
    assert fault.laws


def test_no_two_entries_have_one_name_one_origin_or_the_same_words() -> None:
    for told in (
        [f.name for f in FAULTS],
        [(f.laws, f.origin, f.right) for f in FAULTS],
        [(f.laws, f.words) for f in FAULTS],
    ):
        assert len(set(told)) == len(told), [one for one in told if told.count(one) > 1]


@cache
def drawn(law: Law) -> list[Any]:
    """A few examples of a law, the same for all its mistakes."""
    found: list[Any] = []

    @hypothesis.seed(0)
    @settings(
        max_examples=EXAMPLES, database=None, deadline=None, derandomize=False, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(law.given(law.subject))
    def collect(example: Any) -> None:
        found.append(example)

    collect()
    return found


def seen(law: Law, examples: list[Any]) -> tuple[str, ...]:
    """What a law says of each example, with all the numbers that it compared; nothing where it holds."""
    said: list[str] = []
    for example in examples:
        try:
            engine.evaluate(law, example)
            said.append("")
        except Broken as broken:
            frames = [frame for frame, _ in traceback.walk_tb(broken.__traceback__) if frame.f_code is compare.__code__]
            numbers = [t.tolist() for frame in frames for t in frame.f_locals["got"]]
            said.append(f"{broken.where}: {broken.got}, {broken.expected}, {numbers}")
    return tuple(said)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__.rpartition(".")[2])
def test_no_two_mistakes_show_the_same_law_the_same_numbers(kind: Any) -> None:
    examples: dict[tuple[str, str], list[Any]] = {}
    told: dict[Any, str] = {}
    with globals_kept():
        for fault in kind.CATALOGUE.faults:
            for name in fault.laws:
                (law,) = (law for law in fault.subject.laws() if law.name == name)
                record = getattr(fault.right, "name", "")
                shown = seen(law, examples.setdefault((name, record), drawn(law)))
                if any(shown):
                    other = told.setdefault((name, record, shown), fault.name)
                    assert other == fault.name, f"{name}: {other} and {fault.name} show the same"


def test_the_loops_and_checks_that_the_mistakes_are_made_of_are_right() -> None:
    def loop(model: Any, x: Any, y: Any, *, rule: Any, epochs: int, batch_size: int, **more: Any) -> Any:
        return Loop(model, x, y, rule=rule, epochs=epochs, batch_size=batch_size, **more).run()

    for subject in (loop, gradcheck.in_pieces):
        report = verify(subject, examples=5)
        assert report.ok, [result.text() for result in report.results if result.verdict == "FAIL"]
    assert {fault.right for fault in training.CATALOGUE.faults} == {fit}
    assert {fault.right for fault in gradcheck.CATALOGUE.faults} == {check_model}
