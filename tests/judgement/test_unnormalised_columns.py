"""Data with one column that nobody normalised: within one step of a difference quotient the loss turns round, which
looks like a kink. A kink may excuse an entry of the quotient, never one of "equals autograd"."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from judging import (
    AUTOGRAD,
    Problem,
    assert_broken,
    assert_lawful,
    assert_not_accused,
    entry,
    generator,
    judged,
    normal,
    seeded,
    spoiled,
)
from torch import Tensor

F = torch.nn.functional


def logistic(params: list[Tensor], X: Tensor, y: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(X @ params[0], (y > 0).double())


def logistic_gradient(params: list[Tensor], X: Tensor, y: Tensor) -> list[Tensor]:
    return [X.T @ (torch.sigmoid(X @ params[0]) - (y > 0).double()) / len(y)]


def tanh_fit(params: list[Tensor], X: Tensor, y: Tensor) -> Tensor:
    return (torch.tanh(X @ params[0]) - y).square().sum()


def tanh_fit_gradient(params: list[Tensor], X: Tensor, y: Tensor) -> list[Tensor]:
    a = torch.tanh(X @ params[0])
    return [X.T @ (2 * (a - y) * (1 - a * a))]


def waves(params: list[Tensor], X: Tensor, y: Tensor) -> Tensor:
    return (torch.sin(X @ params[0]) * y).mean()


def waves_gradient(params: list[Tensor], X: Tensor, y: Tensor) -> list[Tensor]:
    return [X.T @ (torch.cos(X @ params[0]) * y) / len(y)]


LOSSES: dict[str, tuple[Any, Any]] = {
    "logistic": (logistic, logistic_gradient), "tanh": (tanh_fit, tanh_fit_gradient), "waves": (waves, waves_gradient),
}  # fmt: skip

FAULTS: dict[str, Callable[[float], float]] = {
    "negated": lambda v: -v, "zero": lambda v: 0.0, "huge": lambda v: 1.7e31, "half": lambda v: v / 2,
    "a thousandth": lambda v: v * 1.001, "infinite": lambda v: math.inf,
}  # fmt: skip


def columns(count: int, at: int, scale: float) -> Callable[[int], Problem]:
    """Eight rows, whose column `at` is `scale` times as large as the others."""

    def draw(seed: int) -> Problem:
        own, sizes = generator(seed), torch.ones(count, dtype=torch.float64)
        sizes[at] = scale
        X, w = normal(8, count, of=own) * sizes, normal(count, of=own) / sizes
        return [w], X, normal(8, of=own)

    return draw


@pytest.mark.parametrize(
    ("name", "count", "at", "scale", "fault"),
    [
        ("logistic", 12, 0, 1e7, "negated"), ("logistic", 12, 0, 1e7, "zero"), ("logistic", 12, 0, 1e7, "huge"),
        ("logistic", 12, 11, 3e6, "half"), ("logistic", 3, 1, 1e7, "negated"), ("logistic", 20, 7, 1e8, "negated"),
        ("logistic", 12, 5, 1e9, "infinite"), ("tanh", 12, 0, 1e7, "negated"), ("tanh", 15, 14, 1e6, "a thousandth"),
        ("waves", 12, 3, 1e7, "zero"), ("waves", 12, 0, 1e8, "negated"), ("waves", 1, 0, 1e7, "negated"),
    ],
)  # fmt: skip
def test_a_wrong_entry_of_the_large_column_is_found_by_autograd(
    name: str, count: int, at: int, scale: float, fault: str
) -> None:
    loss, right = LOSSES[name]
    wrong = spoiled(right, entry(at, FAULTS[fault]))
    assert_broken(judged(loss, wrong, seeded(columns(count, at, scale)), seed=count), AUTOGRAD)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize(("count", "at", "scale"), [(12, 0, 1e7), (20, 7, 1e6), (16, 15, 1e8)])
def test_the_right_gradient_beside_it_is_lawful(name: str, count: int, at: int, scale: float) -> None:
    loss, right = LOSSES[name]
    assert_lawful(judged(loss, right, seeded(columns(count, at, scale)), seed=count))


@pytest.mark.parametrize("name", LOSSES)
def test_the_right_gradient_of_columns_that_are_all_large_is_not_accused(name: str) -> None:
    loss, right = LOSSES[name]
    assert_not_accused(judged(loss, right, seeded(columns(1, 0, 1e7))))


@pytest.mark.parametrize("name", LOSSES)
def test_a_kink_of_the_function_itself_still_excuses_its_convention(name: str) -> None:
    loss, right = LOSSES[name]

    def bent(params: list[Tensor], *data: Any) -> Tensor:
        return loss([params[0].abs()], *data)

    def by_hand(params: list[Tensor], *data: Any) -> list[Tensor]:
        (g,) = right([params[0].abs()], *data)
        return [g * torch.where(params[0] >= 0, 1.0, -1.0)]  # at zero to the right, where torch takes 0

    def some_at_the_kink(seed: int) -> Problem:
        params, *data = columns(12, 0, 1.0)(seed)
        params[0][seed % 12] = 0.0
        return params, *data

    assert_not_accused(judged(bent, by_hand, seeded(some_at_the_kink)))
