"""Where three numbers are equal, every quotient of their median is 0, and autograd's gradient is not. Both are
conventions of a function that has a kink there: neither is wrong, and a number outside of them is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from judging import assert_broken, assert_not_accused, generator, judged, said, seeded
from torch import Tensor

from mlp_core.testing import subjects, verify

Array = np.ndarray[Any, Any]
Function = Callable[[Tensor], Tensor]


def whole(seed: int) -> tuple[list[Tensor]]:
    return ([torch.randint(0, 2, (5,), generator=generator(seed)).double()],)


def clamped(x: Tensor) -> Tensor:
    """The largest of the first three, at most the smallest of the last two."""
    return torch.minimum(x[:3].max(), x[3:].min())


FUNCTIONS: dict[str, Function] = {
    "median": lambda x: x.median(), "quantile": lambda x: x.quantile(0.5), "the third": lambda x: x.sort().values[2],
    "the third of a top": lambda x: x.topk(3).values[2], "a maximum below a minimum": clamped,
}  # fmt: skip


def by_autograd(f: Function) -> Callable[[list[Tensor]], list[Tensor]]:
    def gradient(params: list[Tensor]) -> list[Tensor]:
        own = params[0].clone().requires_grad_()
        return list(torch.autograd.grad(f(own), own))

    return gradient


def shared(f: Function) -> Callable[[list[Tensor]], list[Tensor]]:
    """The average of the gradients of some neighbours, as for one that gives every equal entry a part."""

    def gradient(params: list[Tensor]) -> list[Tensor]:
        numbers = torch.Generator().manual_seed(1)
        near = [params[0] + 1e-9 * torch.rand(5, generator=numbers, dtype=torch.float64) for _ in range(24)]
        return [torch.stack([by_autograd(f)([x])[0] for x in near]).mean(0)]

    return gradient


@pytest.mark.parametrize("convention", [by_autograd, shared])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_convention_is_accused(name: str, convention: Any) -> None:
    f = FUNCTIONS[name]
    assert_not_accused(judged(lambda p: f(p[0]), convention(f), seeded(whole), examples=12))


@pytest.mark.parametrize("factor", [-1.0, 2.0, 1.01])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_no_slope_around_is_broken(name: str, factor: float) -> None:
    f = FUNCTIONS[name]
    wrong = by_autograd(f)
    report = judged(lambda p: f(p[0]), lambda p: [factor * wrong(p)[0]], seeded(whole), examples=12)
    assert_broken(report)


def rows(seed: int) -> tuple[Array]:
    return (np.random.default_rng(seed).integers(0, 2, size=(3, 5)).astype(float),)


def median(x: Array) -> tuple[Array, Array]:
    return np.median(x, axis=1), x


def median_backward(dout: Array, x: Array) -> Array:
    dx = np.zeros_like(x)
    dx[np.arange(len(x)), np.argsort(x, axis=1, kind="stable")[:, 2]] = dout
    return dx


@pytest.mark.parametrize("factor", [1.0, -2.0])
def test_a_pair_with_ties(factor: float) -> None:
    inputs = st.integers(0, 2**31).map(rows)
    pair = subjects.pair(median, lambda dout, x: factor * median_backward(dout, x), inputs)
    report = verify(pair, examples=12)
    assert bool([r for r in report.results if r.verdict == "FAIL"]) == (factor != 1), said(report)
