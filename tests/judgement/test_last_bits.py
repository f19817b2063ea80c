"""Losses that end in two rounded operations: in half of the perturbed runs (1 + 2u)(1 - 2u) cancels, so that now and
then all eight agree. A right gradient is right for every seed all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from judging import Problem, assert_broken, assert_lawful, entry, generator, judged, normal, seeded, spoiled
from torch import Tensor

F = torch.nn.functional


def half_mse(params: list[Tensor], y: Tensor) -> Tensor:
    return 0.5 * F.mse_loss(params[0], y, reduction="sum")


def half_mse_gradient(params: list[Tensor], y: Tensor) -> list[Tensor]:
    return [params[0] - y]


def quarter_bce(params: list[Tensor], y: Tensor) -> Tensor:
    return 0.25 * F.binary_cross_entropy_with_logits(params[0], (y > 0).double(), reduction="sum")


def quarter_bce_gradient(params: list[Tensor], y: Tensor) -> list[Tensor]:
    return [0.25 * (torch.sigmoid(params[0]) - (y > 0).double())]


def scaled_nll(params: list[Tensor], y: Tensor) -> Tensor:
    return 3.0 * F.cross_entropy(params[0][None], y.argmax()[None])


def scaled_nll_gradient(params: list[Tensor], y: Tensor) -> list[Tensor]:
    return [3.0 * (params[0].softmax(0) - F.one_hot(y.argmax(), len(y)))]


def smooth_l1(params: list[Tensor], y: Tensor) -> Tensor:
    return F.smooth_l1_loss(params[0], y, reduction="sum") / 7


def smooth_l1_gradient(params: list[Tensor], y: Tensor) -> list[Tensor]:
    return [(params[0] - y).clamp(-1, 1) / 7]


def kl(params: list[Tensor], y: Tensor) -> Tensor:
    return F.kl_div(params[0].log_softmax(0), y.softmax(0), reduction="sum") * 0.3


def kl_gradient(params: list[Tensor], y: Tensor) -> list[Tensor]:
    return [0.3 * (params[0].softmax(0) - y.softmax(0))]


LOSSES: dict[str, tuple[Any, Any]] = {
    "half of the squared error": (half_mse, half_mse_gradient), "a quarter of bce": (quarter_bce, quarter_bce_gradient),
    "three cross entropies": (scaled_nll, scaled_nll_gradient), "smooth l1 by 7": (smooth_l1, smooth_l1_gradient),
    "0.3 kl": (kl, kl_gradient),
}  # fmt: skip


def six(seed: int) -> Problem:
    own = generator(seed)
    return [normal(6, of=own)], normal(6, of=own)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("name", LOSSES)
def test_the_right_gradient_is_lawful_for_every_seed(name: str, seed: int) -> None:
    assert_lawful(judged(*LOSSES[name], seeded(six), examples=100 if name == "a quarter of bce" else 60, seed=seed))


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("by", [1e-6, 1e-3], ids=["a millionth", "a thousandth"])
def test_a_floor_of_one_last_bit_hides_nothing(name: str, by: float) -> None:
    loss, right = LOSSES[name]
    change: Callable[[float], float] = lambda v: v * (1 + by)  # noqa: E731
    assert_broken(judged(loss, spoiled(right, entry(2, change)), seeded(six)), "equals autograd")
