"""At a perfect fit, and right beside it, the loss is nearly zero, while the losses at the distance of the step are not:
their rounding counts, not that of the loss at the point. A right gradient is right there; a wrong one shows a little
farther off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from judging import Problem, assert_broken, assert_lawful, entry, generator, judged, normal, seeded, spoiled
from torch import Tensor

F = torch.nn.functional


def mse(params: list[Tensor], X: Tensor, y: Tensor) -> Tensor:
    return ((X @ params[0] - y) ** 2).mean()


def mse_gradient(params: list[Tensor], X: Tensor, y: Tensor) -> list[Tensor]:
    return [2 * X.T @ (X @ params[0] - y) / len(y)]


def quartic(params: list[Tensor], X: Tensor, y: Tensor) -> Tensor:
    r = X @ params[0] - y
    return (r * r + 0.1 * r**4).sum()


def quartic_gradient(params: list[Tensor], X: Tensor, y: Tensor) -> list[Tensor]:
    r = X @ params[0] - y
    return [X.T @ (2 * r + 0.4 * r**3)]


def huber(params: list[Tensor], X: Tensor, y: Tensor) -> Tensor:
    return F.huber_loss(X @ params[0], y, reduction="sum", delta=0.5)


def huber_gradient(params: list[Tensor], X: Tensor, y: Tensor) -> list[Tensor]:
    return [X.T @ (X @ params[0] - y).clamp(-0.5, 0.5)]


def log_cosh(params: list[Tensor], X: Tensor, y: Tensor) -> Tensor:
    return torch.log(torch.cosh(X @ params[0] - y)).mean()


def log_cosh_gradient(params: list[Tensor], X: Tensor, y: Tensor) -> list[Tensor]:
    return [X.T @ torch.tanh(X @ params[0] - y) / len(y)]


def half_sum(params: list[Tensor], X: Tensor, y: Tensor) -> Tensor:
    return 0.5 * F.mse_loss(X @ params[0], y, reduction="sum")


def half_sum_gradient(params: list[Tensor], X: Tensor, y: Tensor) -> list[Tensor]:
    return [X.T @ (X @ params[0] - y)]


LOSSES: dict[str, tuple[Any, Any]] = {
    "mse": (mse, mse_gradient), "quartic": (quartic, quartic_gradient), "huber": (huber, huber_gradient),
    "log cosh": (log_cosh, log_cosh_gradient), "half of the sum": (half_sum, half_sum_gradient),
}  # fmt: skip


def fitted(off: float, scale: float = 1.0) -> Callable[[int], Problem]:
    """Targets that the parameters fit except for `off`, at the start of a search that has ended."""

    def draw(seed: int) -> Problem:
        own = generator(seed)
        X, w = normal(8, 3, of=own), scale * normal(3, of=own)
        return [w + off * scale], X, X @ w

    return draw


OFF = [0.0, 1e-14, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3]


@pytest.mark.parametrize("off", OFF)
def test_the_right_gradient_of_least_squares_is_lawful_however_near(off: float) -> None:
    assert_lawful(judged(mse, mse_gradient, seeded(fitted(off)), examples=60))


@pytest.mark.parametrize("name", [name for name in LOSSES if name != "mse"])
@pytest.mark.parametrize("off", [0.0, 1e-14, 1e-10, 1e-8, 1e-7, 1e-3])
def test_the_right_gradient_of_other_losses_is_lawful(name: str, off: float) -> None:
    assert_lawful(judged(*LOSSES[name], seeded(fitted(off)), examples=40))


@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1e3])
@pytest.mark.parametrize("off", [0.0, 1e-12, 1e-8])
def test_the_right_gradient_is_lawful_at_other_scales(scale: float, off: float) -> None:
    assert_lawful(judged(mse, mse_gradient, seeded(fitted(off, scale)), examples=40))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_right_gradient_is_lawful_for_other_seeds(seed: int) -> None:
    assert_lawful(judged(mse, mse_gradient, seeded(fitted(1e-9)), examples=40, seed=seed))


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("off", [1e-3, 1e-2])
@pytest.mark.parametrize("change", [lambda v: -v, lambda v: 0.0, lambda v: 1.01 * v], ids=["negated", "zero", "1.01"])
def test_a_wrong_gradient_a_thousandth_off_is_broken(name: str, off: float, change: Callable[[float], float]) -> None:
    loss, right = LOSSES[name]
    assert_broken(judged(loss, spoiled(right, entry(1, change)), seeded(fitted(off))), "equals autograd")


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("off", [0.0, 1e-10])
def test_a_gradient_that_is_not_zero_at_the_fit_is_broken(name: str, off: float) -> None:
    loss, right = LOSSES[name]
    assert_broken(judged(loss, spoiled(right, entry(0, lambda v: v + 0.01)), seeded(fitted(off))))
