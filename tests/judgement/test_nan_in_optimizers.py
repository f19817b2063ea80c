"""An optimizer that makes NaN of zero by zero, or of a root, where its reference has a number, is broken; also where
rounding explains any other number."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import strategies as st
from judging import broken, said
from optimizing import Momentum
from torch import Tensor

from mlp_core.testing import subjects, verify


class Adagrad(torch.optim.Optimizer):
    """Right, except for the place of eps."""

    def __init__(self, params: Any, lr: float = 1e-2) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    s = self.state[p].setdefault("sum", torch.zeros_like(p))
                    s.add_(p.grad**2)
                    p.sub_(group["lr"] * self.ratio(p.grad, s))

    def ratio(self, g: Tensor, s: Tensor) -> Tensor:
        return g / (s.sqrt() + 1e-10)


class WithoutEps(Adagrad):
    def ratio(self, g: Tensor, s: Tensor) -> Tensor:
        return g / s.sqrt()


class UnderTheRoot(Adagrad):
    def ratio(self, g: Tensor, s: Tensor) -> Tensor:
        return g / (s.sqrt() + 1e-10) + 0 * s.log()


class RootOfNegative(Adagrad):
    def ratio(self, g: Tensor, s: Tensor) -> Tensor:
        return g / ((s - 1e-30).sqrt() + 1e-10)


class Sign(Momentum):
    """Momentum of the sign, by division."""

    def update(self, p: Tensor, v: Tensor, lr: float, group: int) -> Tensor:
        return lr * v * (v / v)


class Normed(Momentum):
    def update(self, p: Tensor, v: Tensor, lr: float, group: int) -> Tensor:
        return lr * (v / v.norm()) * v.norm()


class AtFullPrecision(Momentum):
    """NaN where the parameter is exactly 0."""

    def update(self, p: Tensor, v: Tensor, lr: float, group: int) -> Tensor:
        return lr * v * (p / p)


HYPER = {"lr": st.floats(1e-3, 0.1)}


def momentum(params: Any, lr: float) -> torch.optim.Optimizer:
    return torch.optim.SGD(params, lr=lr, momentum=0.9)


@pytest.mark.parametrize("make", [WithoutEps, UnderTheRoot, RootOfNegative])
def test_an_adaptive_optimizer_that_is_nan_at_zero_gradients_is_broken(make: Any) -> None:
    report = verify(subjects.optimizer(make, torch.optim.Adagrad, HYPER), examples=20)
    assert "equals its reference" in broken(report), said(report)


@pytest.mark.parametrize("make", [Sign, Normed, AtFullPrecision])
def test_an_optimizer_that_divides_zero_by_zero_is_broken(make: Any) -> None:
    report = verify(subjects.optimizer(make, momentum, HYPER), examples=20)
    assert "equals its reference" in broken(report), said(report)


class Wild(Momentum):
    """So ill-conditioned that rounding explains any number."""

    def update(self, p: Tensor, v: Tensor, lr: float, group: int) -> Tensor:
        return lr * torch.sin(1e14 * (p + v))


class WildAndNaN(Wild):
    def update(self, p: Tensor, v: Tensor, lr: float, group: int) -> Tensor:
        return torch.where(v > 0.25, torch.nan, super().update(p, v, lr, group))


def test_nan_is_broken_where_rounding_explains_any_number() -> None:
    report = verify(subjects.optimizer(WildAndNaN, Wild, HYPER), examples=20)
    assert "equals its reference" in broken(report), said(report)


def test_the_right_neighbours_are_not_accused() -> None:
    for make, reference in ((Adagrad, torch.optim.Adagrad), (Momentum, momentum)):
        report = verify(subjects.optimizer(make, reference, HYPER), examples=20)
        assert not broken(report), said(report)
