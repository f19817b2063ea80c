"""An lr that is not read, or not for every shape or group: at lr 0 nothing moves, and moving lr moves every kind of
shape. These ask for no reference, and for no more examples than people run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import strategies as st
from judging import assert_broken, assert_not_accused, broken, said
from optimizing import Momentum, as_sgd
from torch import Tensor

from mlp_core.testing import subjects, verify

RATES = {"lr": st.floats(1e-4, 1e-1)}
BOTH = {**RATES, "momentum": st.floats(0.1, 0.9)}


def dead(where: Callable[[Tensor, int], bool], name: str) -> type[Momentum]:
    """Momentum that moves by a rate of its own if it is configured so."""

    def update(self: Momentum, p: Tensor, v: Tensor, lr: float, group: int) -> Tensor:
        return (0.01 if where(p, group) else lr) * v

    return type(name, (Momentum,), {"update": update})


DEAD = {
    "everywhere": dead(lambda p, group: True, "Everywhere"),
    "matrices": dead(lambda p, group: p.ndim == 2, "Matrices"),
    "matrices, but for rows and columns": dead(lambda p, group: p.ndim == 2 and min(p.shape) > 1, "Proper"),
    "vectors": dead(lambda p, group: p.ndim == 1, "Vectors"),
    "scalars": dead(lambda p, group: p.ndim == 0, "Scalars"),
    "tall matrices": dead(lambda p, group: p.ndim == 2 and p.shape[0] > p.shape[1], "Tall"),
    "wide matrices": dead(lambda p, group: p.ndim == 2 and p.shape[0] < p.shape[1], "Wide"),
    "three dimensions": dead(lambda p, group: p.ndim == 3, "Three"),
    "the second group": dead(lambda p, group: group == 1, "Second"),
    "long vectors": dead(lambda p, group: p.ndim == 1 and p.numel() > 16, "Long"),
}


@pytest.mark.parametrize("name", DEAD)
@pytest.mark.parametrize("examples", [20, 40])
def test_an_lr_that_is_not_read_is_broken(name: str, examples: int) -> None:
    assert_broken(verify(subjects.optimizer(DEAD[name], hyperparameters=RATES), examples=examples))


@pytest.mark.parametrize("name", ["everywhere", "matrices", "tall matrices"])
def test_it_is_broken_with_a_hundred_examples(name: str) -> None:
    assert_broken(verify(subjects.optimizer(DEAD[name], hyperparameters=RATES), examples=100))


@pytest.mark.parametrize("name", ["everywhere", "matrices", "vectors", "scalars"])
def test_it_is_broken_too_where_other_hyperparameters_vary(name: str) -> None:
    assert_broken(verify(subjects.optimizer(DEAD[name], hyperparameters=BOTH), examples=20))


@pytest.mark.parametrize("name", DEAD)
def test_it_is_broken_as_a_bare_class(name: str) -> None:
    assert_broken(verify(DEAD[name], examples=20))


class AsMade(Momentum):
    """Reads lr once, when it is made: no scheduler moves it."""

    def __init__(self, params: Any, lr: float = 1e-2) -> None:
        super().__init__(params, lr)
        self.own = lr

    def update(self, p: Tensor, v: Tensor, lr: float, group: int) -> Tensor:
        return self.own * v


class Stuck(Momentum):
    """Rates above a bound are all the same to it."""

    def update(self, p: Tensor, v: Tensor, lr: float, group: int) -> Tensor:
        return max(lr, 1.0) * v


@pytest.mark.parametrize("make", [AsMade, Stuck])
@pytest.mark.parametrize("examples", [20, 40])
def test_an_lr_read_once_or_cut_off_is_broken(make: type[Momentum], examples: int) -> None:
    assert_broken(verify(subjects.optimizer(make, hyperparameters=RATES), examples=examples))


RIGHT = ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "NAdam", "RAdam", "Adadelta", "Adamax", "ASGD", "Adafactor"]


WAIVED = {  # what they do besides: a number kept in float32 is float64 once loaded; a division by no entries
    "NAdam": ["goes on after save and load"], "ASGD": ["goes on after save and load"],
    "Adafactor": ["takes every shape and stride"],
}  # fmt: skip


@pytest.mark.parametrize(("name", "examples"), [*((name, 20) for name in RIGHT), ("Adam", 40), ("SGD", 40)])
def test_a_right_optimizer_of_torch_is_not_accused(name: str, examples: int) -> None:
    subject = subjects.optimizer(
        getattr(torch.optim, name), hyperparameters={"lr": st.floats(1e-3, 1e-1)}, waives=WAIVED.get(name, [])
    )
    report = verify(subject, examples=examples)
    assert not broken(report), said(report)


@pytest.mark.parametrize("name", ["Rprop", "Muon"])
def test_an_optimizer_with_a_rate_of_its_own_kind_is_not_accused_bare(name: str) -> None:
    assert not broken(report := verify(getattr(torch.optim, name), examples=20)), said(report)


@pytest.mark.parametrize("examples", [20, 40, 100])
@pytest.mark.parametrize("hyperparameters", [RATES, BOTH], ids=["lr", "lr and momentum"])
def test_the_right_neighbour_is_lawful(examples: int, hyperparameters: dict[str, Any]) -> None:
    assert_not_accused(verify(subjects.optimizer(Momentum, as_sgd, hyperparameters), examples=examples))
