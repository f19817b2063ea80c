"""Nothing is shown by doing nothing: a law turned off, examples that are all one, an oracle that asks the subject
itself: each turns the suite red."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import Any
from unittest.mock import patch

import pytest
import test_laws_bite
import torch
from planted import PLANTED, UNSHRUNK, Planted

from mlp_core.testing import laws, subjects
from mlp_core.testing.engine import enough
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.engine.evidence import Evidence
from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.engine.law import Law
from mlp_core.testing.engine.result import Result
from mlp_core.testing.engine.runner import run
from mlp_core.testing.examples.problem import Case, Problem
from mlp_core.testing.laws.books import laws_of
from mlp_core.testing.oracles import gradients as oracles
from mlp_core.testing.right import subjects as right_subjects
from mlp_core.testing.verification.names import core_subjects

BY_LAW = {planted.law: planted for planted in reversed(PLANTED)}
FIRST_OF_A_BOOK = [book.laws[0].name for book in test_laws_bite.BOOKS]


@pytest.fixture(autouse=True)
def unshrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "Phase", UNSHRUNK)


def red(planted: Planted) -> bool:
    """Whether the suite's own test of this mistake and law fails."""
    fresh = Planted(planted.fault, planted.law)
    try:
        test_laws_bite.test_every_law_catches_the_mistakes_planted_for_it_and_shows_them_again(fresh)
    except AssertionError:
        return True
    return False


def turned_off(law: Law) -> Law:
    return replace(law, function=lambda subject, example: Evidence(entries=1))


def skipping(law: Law) -> Law:
    return replace(law, skip=lambda subject: "not today")


@pytest.mark.parametrize("how", [turned_off, skipping])
@pytest.mark.parametrize("name", FIRST_OF_A_BOOK)
def test_a_law_turned_off_turns_the_suite_red(name: str, how: Any) -> None:
    planted = BY_LAW[name]
    assert not red(planted)
    (book,) = (book for book in test_laws_bite.BOOKS if name in [law.name for law in book.laws])
    with patch.object(book, "laws", [how(law) if law.name == name else law for law in book.laws]):
        assert red(planted)


@pytest.mark.parametrize("book", test_laws_bite.BOOKS, ids=lambda book: book.laws[0].name)
def test_a_law_struck_out_turns_the_suite_red(book: Any) -> None:
    with patch.object(book, "laws", book.laws[1:]), pytest.raises(AssertionError):
        test_laws_bite.test_every_law_has_a_mistake_planted()


def test_every_law_is_asked_of_something_right() -> None:
    claiming = subjects.optimizer(torch.optim.SGD, claims=["proportional", "compiles"])
    things = (*core_subjects().values(), *right_subjects().values(), claiming)
    asked = [law for thing in things for law in laws(thing)]
    assert {law.name for law in asked} == {law.name for law in asked if law.skip(law.subject) is None}


def one_of_a_kind() -> list[Any]:
    """The laws of one subject of every kind; those are slow whose examples are dear."""
    cheap, dear = (
        ("sgd", "normalise", "select", "leaky_relu", "cross_entropy"),
        ("backprop", "lion", "fit", "gradcheck"),
    )
    return [
        pytest.param(law, id=f"{name}-{law}", marks=[pytest.mark.slow] * (name in dear))
        for name in (*cheap, *dear) for law in laws(name)
    ]  # fmt: skip


@pytest.mark.parametrize("law", one_of_a_kind())
def test_a_strategy_that_yields_one_example_leaves_a_law_untested(law: Law) -> None:
    if law.skip(law.subject) is not None:
        pytest.skip("the law does not apply to this subject")
    kept: list[Any] = []

    def always_the_first(subject: Any) -> Any:
        return law.given(subject).map(lambda example: kept.append(example) or kept[0])

    asked = ceil(enough.ENOUGH / law.share)
    result = run(replace(law, given=always_the_first), examples=asked)
    assert result.verdict == "UNTESTED"


def asks_itself(case: Case, fault: Any) -> list[torch.Tensor]:
    case.model.flat_grad.fill_(0)
    fault(case.model, case.trace, case.dL_dy)
    return [p.grad.clone() for p in case.model.parameters() if p.grad is not None]


def blinded(planted: Planted) -> Result:
    """The result of the law if its oracle calls the subject."""
    subject = planted.fault.subject
    thing = planted.fault.thing

    def differences(problem: Problem, case: Case, step: float) -> Any:
        return asks_itself(case, thing), asks_itself(case, thing)

    if hasattr(subject, "reference"):
        subject = replace(subject, reference=subject.make)
    (law,) = (law for law in laws_of(subject) if law.name == planted.law)
    with (
        globals_kept(),
        patch.object(oracles, "autograd", lambda case: asks_itself(case, thing)),
        patch.object(oracles, "central_differences", differences),
    ):
        return run(law, examples=planted.fault.examples)


@pytest.mark.parametrize(
    "law",
    [
        "equals autograd for a batch", "agrees with central differences for a batch", "equals its twin",
        "equals its reference",
    ],
)  # fmt: skip
def test_an_oracle_that_is_the_subject_itself_turns_the_suite_red(law: str) -> None:
    planted = BY_LAW[law]
    assert planted.result.verdict == "FAIL"
    assert blinded(planted).verdict != "FAIL"  # and so the suite's own test of this mistake fails
