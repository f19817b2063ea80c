"""NaN where the reference has a number is wrong, however little of the rest can be distinguished from rounding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import strategies as st
from judging import assert_broken, assert_not_accused, judged
from torch import Tensor

F = torch.nn.functional


def at(*values: float) -> st.SearchStrategy[Any]:
    """Vectors that hold the values beside ordinary numbers."""
    numbers = st.lists(st.floats(0.25, 2), min_size=2, max_size=4)
    return numbers.map(lambda k: ([torch.tensor([*values, *k], dtype=torch.float64)],))


def naive_softmax(x: Tensor) -> Tensor:
    return x.exp() / x.exp().sum()


def sinc_derivative(x: Tensor) -> Tensor:
    return (x * x.cos() - x.sin()) / x**2


def patched_sinc(x: Tensor) -> Tensor:
    return torch.where(x == 0, 0.0, sinc_derivative(torch.where(x == 0, 1.0, x)))


Case = tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor], Callable[[Tensor], Tensor], tuple[float, ...]]

CASES: dict[str, Case] = {  # the function, its derivative as it overflows, as it does not, and where
    "sigmoid": (lambda x: F.softplus(x).sum(), lambda x: x.exp() / (1 + x.exp()), torch.sigmoid, (800.0,)),
    "softmax": (lambda x: x.logsumexp(0), naive_softmax, lambda x: x.softmax(0), (800.0,)),
    "tanh": (
        lambda x: torch.tanh(x).sum(), lambda x: 1 - ((x.exp() - (-x).exp()) / (x.exp() + (-x).exp())) ** 2,
        lambda x: 1 - torch.tanh(x) ** 2, (900.0,),
    ),
    "sinc": (lambda x: torch.sinc(x / torch.pi).sum(), sinc_derivative, patched_sinc, (0.0,)),
    "a square": (lambda x: x.square().sum(), lambda x: 2 * x**3 / x, lambda x: 2 * x, (0.0,)),
    "a root of squares": (
        lambda x: (1 + x * x).sqrt().sum(), lambda x: x * x / (x * (1 + x * x).sqrt()),
        lambda x: x / (1 + x * x).sqrt(), (0.0,),
    ),
    "relu": (lambda x: x.relu().sum(), lambda x: x.relu() / x, lambda x: (x > 0).double(), (0.0, -1.0)),
    "abs": (lambda x: x.abs().sum(), lambda x: x / x.abs(), torch.sign, (0.0,)),
    "silu": (
        lambda x: F.silu(x).sum(), lambda x: x.exp() * (x.exp() + 1 + x) / (x.exp() + 1) ** 2,
        lambda x: torch.sigmoid(x) * (1 + x * torch.sigmoid(-x)), (500.0,),
    ),
    "drowned in rounding": (
        lambda x: torch.sin(1e14 * x).sum(), lambda x: 1e14 * torch.cos(1e14 * x) * ((x - x) / (x - x)),
        lambda x: 1e14 * torch.cos(1e14 * x), (),
    ),
    "a cube that cancels": (
        lambda x: (x**3).sum(), lambda x: 3 * x.square() + (x.exp() - x.exp()), lambda x: 3 * x**2, (800.0,),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("examples", [20, 60])
def test_a_gradient_that_is_nan_where_autograd_is_not_is_broken(name: str, examples: int) -> None:
    f, overflowing, _, values = CASES[name]
    report = judged(lambda p: f(p[0]), lambda p: [overflowing(p[0])], at(*values), examples=examples)
    assert_broken(report, "equals autograd")


@pytest.mark.parametrize("name", CASES)
def test_the_same_derivative_without_overflow_is_not_accused(name: str) -> None:
    f, _, stable, values = CASES[name]
    assert_not_accused(judged(lambda p: f(p[0]), lambda p: [stable(p[0])], at(*values)))


def test_a_single_nan_among_saturated_entries_is_broken() -> None:
    inputs = st.integers(40, 60).map(lambda k: ([torch.full((4,), float(k), dtype=torch.float64)],))

    def wrong(params: list[Tensor]) -> list[Tensor]:
        g = 1 - torch.tanh(params[0]) ** 2
        g[1] = torch.nan
        return [g]

    assert_broken(judged(lambda p: torch.tanh(p[0]).sum(), wrong, inputs))
