"""The catalogue of known mistakes: each in words, with its origin, and no two the same."""

from __future__ import annotations

import traceback
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from mlp_core import fit
from mlp_core.gradcheck import check_model
from mlp_core.testing import faults, verify
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.engine.law import Law
from mlp_core.testing.faults.catalogue import Fault
from mlp_core.testing.faults.gradchecks import quotients as gradcheck
from mlp_core.testing.faults.training import steps as training
from mlp_core.testing.faults.training.loop import Loop
from mlp_core.testing.laws.books import laws_of
from mlp_core.testing.subjects.gradients import GradientSubject

FAULTS, RULES = faults.every(), faults.of_rules()


def alike(fault: Fault) -> bool:
    """Whether a mistake may give one law the numbers of another mistake: several laws, or a run, distinguish them."""
    return fault in RULES or isinstance(fault.subject, GradientSubject)


APART = {kind: [fault for fault in kind.CATALOGUE.faults if not alike(fault)] for kind in faults.KINDS}
EXAMPLES = 12


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_an_entry_says_what_is_wrong_and_where_that_comes_from(fault: Fault) -> None:
    assert fault.words
    assert "\n" not in fault.words
    assert not fault.words.endswith(".")
    first = fault.words.split()[0]
    assert len(first) == 1 or not first.istitle()  # X, R, NaN, Nesterov's: they begin with no capital of a sentence
    assert fault.origin
    assert fault.laws


def test_no_two_entries_have_one_origin_or_the_same_words_and_a_module_s_have_names_of_their_own() -> None:
    for told in (
        [(kind.__name__, fault.name) for kind in faults.KINDS for fault in kind.CATALOGUE.faults],
        [(f.laws, f.origin, f.right) for f in FAULTS],
        [(f.laws, f.words, f.right) for f in FAULTS],
    ):
        assert len(set(told)) == len(told), [one for one in told if told.count(one) > 1]


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
    """The failure of a law on each example, with all the numbers that it compared; nothing if the law holds."""
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
@pytest.mark.parametrize(
    "kind", [kind for kind in APART if APART[kind]], ids=lambda kind: kind.__name__.rpartition(".")[2]
)
def test_no_two_mistakes_show_the_same_law_the_same_numbers(kind: Any) -> None:
    examples: dict[tuple[str, str], list[Any]] = {}
    told: dict[Any, str] = {}
    with globals_kept():
        for fault in APART[kind]:
            for name in fault.laws:
                (law,) = (law for law in laws_of(fault.subject) if law.name == name)
                record = getattr(fault.right, "name", "")
                if (name, record) not in examples:
                    examples[name, record] = drawn(law)
                shown = seen(law, examples[name, record])
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
