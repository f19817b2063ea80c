"""Where a function has no slope, none is made up. A NaN that autograd shares is untested, and so is a gradient of which
a second call gives other numbers, and one by integers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from judging import assert_broken, assert_not_accused, assert_untested, generator, judged, normal, said, seeded
from torch import Tensor

from mlp_core.testing import subjects, verify


def beside_zero(entries: int) -> Any:
    """Positive numbers after a 0."""
    zero = torch.zeros(1, dtype=torch.float64)
    return seeded(lambda seed: ([torch.cat([zero, 0.1 + normal(entries, of=generator(seed)).abs()])],))


def x_log_x(x: Tensor) -> Tensor:
    return torch.where(x == 0, 0.0, x * x.abs().log()).sum()


STEEP: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]] = {  # infinite or no slope at 0
    "x log x": (x_log_x, lambda x: x.abs().log() + 1),
    "a cubic root": (lambda x: (x.sign() * x.abs() ** (1 / 3)).sum(), lambda x: x.abs() ** (-2 / 3) / 3),
    "almost a line": (lambda x: (x.sign() * x.abs() ** 0.9).sum(), lambda x: 0.9 * x.abs() ** -0.1),
}


@pytest.mark.parametrize("name", STEEP)
def test_a_slope_that_is_infinite_refutes_no_convention(name: str) -> None:
    f, slope = STEEP[name]

    def gradient(params: list[Tensor]) -> list[Tensor]:
        return [torch.where(params[0] == 0, 0.0, slope(params[0]))]

    assert_not_accused(judged(lambda p: f(p[0]), gradient, beside_zero(3), examples=12))
    wrong = judged(lambda p: f(p[0]), lambda p: [gradient(p)[0] * 1.001], beside_zero(3), examples=12)
    assert_broken(wrong)


@pytest.mark.parametrize("entries", [3, 11])
@pytest.mark.parametrize("examples", [10, 60])
def test_a_nan_that_autograd_shares_is_untested_and_named(entries: int, examples: int) -> None:
    report = judged(
        lambda p: torch.xlogy(p[0], p[0]).sum(), lambda p: [p[0].log() + p[0] / p[0]], beside_zero(entries),
        examples=examples,
    )  # fmt: skip
    assert_untested(report)
    assert any("your gradient is NaN at params[0], entry (0,)" in r.reason for r in report.results), said(report)


def test_a_gradient_that_now_and_then_gives_other_numbers_is_not_lawful() -> None:
    calls = [0]

    def gradient(params: list[Tensor]) -> list[Tensor]:
        calls[0] += 1
        return [2 * params[0] * (1 if calls[0] % 7 else 1.5)]

    def draw(seed: int) -> tuple[list[Tensor]]:
        return ([normal(3, of=generator(seed))],)

    assert not judged(lambda p: (p[0] ** 2).sum(), gradient, seeded(draw), examples=20).ok


@pytest.mark.parametrize("factor", [2, 3])
def test_integers_have_no_derivative(factor: int) -> None:
    inputs = st.integers(0, 2**31).map(lambda s: (np.random.default_rng(s).integers(-3, 4, size=3),))
    square = subjects.value_and_gradient(lambda w: ((w**2).sum(), factor * w), inputs)
    report = verify(square, examples=10)
    assert_untested(report)
    assert any("draw floats" in r.reason for r in report.results), said(report)
