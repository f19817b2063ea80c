"""A hyperparameter for which one value alone is given cannot be moved: it is skipped, by its name, and not held against
the optimizer. One that could be moved and is ignored still is."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
import torch
from annotated_types import Ge, Le
from hypothesis import strategies as st
from judging import broken, said
from optimizing import Momentum, as_sgd

from mlp_core.testing import subjects, verify

SHOWS = "uses every hyperparameter"
RATES = {"lr": st.floats(1e-3, 1e-1)}

SINGLE: dict[str, tuple[Any, dict[str, Any], str]] = {
    "momentum 0": (torch.optim.SGD, {"momentum": st.just(0.0)}, "momentum"),
    "weight decay 0": (torch.optim.SGD, {"weight_decay": st.just(0.0)}, "weight_decay"),
    "momentum 0.9": (torch.optim.SGD, {"momentum": st.just(0.9)}, "momentum"),
    "one of one": (torch.optim.SGD, {"momentum": st.sampled_from([0.5])}, "momentum"),
    "an interval of no length": (torch.optim.SGD, {"momentum": st.floats(0.5, 0.5)}, "momentum"),
    "eps": (torch.optim.Adam, {"eps": st.just(1e-8)}, "eps"),
    "a pair": (torch.optim.Adam, {"betas": st.just((0.9, 0.999))}, "betas"),
    "a pair of single ones": (torch.optim.Adam, {"betas": st.tuples(st.just(0.8), st.just(0.9))}, "betas"),
    "a switch": (torch.optim.Adam, {"amsgrad": st.just(False)}, "amsgrad"),
    "mapped": (torch.optim.RMSprop, {"alpha": st.just(9).map(lambda k: k / 10)}, "alpha"),
    "of ours": (Momentum, {"weight_decay": st.just(0.0)}, "weight_decay"),
}


@pytest.mark.parametrize("name", SINGLE)
@pytest.mark.parametrize("examples", [20, 60])
def test_a_single_value_beside_one_that_varies_is_skipped_by_name(name: str, examples: int) -> None:
    make, single, word = SINGLE[name]
    report = verify(subjects.optimizer(make, hyperparameters={**RATES, **single}), examples=examples)
    assert not broken(report), said(report)
    assert report.ok, said(report)
    (shows,) = (r for r in report.results if r.law == SHOWS)
    notes = [note for notes in report.notes.values() for note in notes]
    assert any(word in words for words in (shows.reason, *notes)), shows.reason


@pytest.mark.parametrize("name", ["momentum 0", "a pair", "of ours"])
def test_single_values_alone_are_skipped_by_name(name: str) -> None:
    """Other arguments of the constructor are varied, if their meaning is known."""
    make, single, word = SINGLE[name]
    report = verify(subjects.optimizer(make, hyperparameters={**single, "lr": st.just(0.01)}), examples=60)
    (shows,) = (r for r in report.results if r.law == SHOWS)
    assert (shows.verdict, word in shows.reason, "lr" in shows.reason) == ("PASS", True, True), shows.reason


def test_with_a_reference_it_is_lawful() -> None:
    hyper = {**RATES, "momentum": st.just(0.0), "weight_decay": st.just(0.01)}
    assert verify(subjects.optimizer(Momentum, as_sgd, hyper), examples=60).ok


class Deaf(Momentum):
    """Takes momentum, and never reads it."""

    def __init__(self, params: Any, lr: float = 1e-2, momentum: float = 0.9, weight_decay: float = 0.0) -> None:
        super().__init__(params, lr, 0.5, weight_decay)
        for group in self.param_groups:
            group["momentum"] = 0.5
        self.defaults["asked"] = momentum


@pytest.mark.parametrize(
    "varying", [st.floats(0.1, 0.9), st.sampled_from([0.1, 0.9]), Annotated[float, Ge(0), Le(0.9)]], ids=str
)
def test_one_that_varies_and_is_ignored_is_never_lawful(varying: Any) -> None:
    report = verify(subjects.optimizer(Deaf, hyperparameters={**RATES, "momentum": varying}), examples=60)
    assert not report.ok, said(report)
