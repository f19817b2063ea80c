"""Parameters at which squares overflow or underflow, functions that bend within the usual step, and waves that no step
shows above the rounding of the values: the right gradient does not fail, and a wrong one does not pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from judging import (
    QUOTIENT,
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
)  # fmt: skip
from torch import Tensor

EXAMPLES = 5


def sized(size: float, tensors: int = 1) -> Callable[[int], Problem]:
    return lambda seed: ([normal(2, of=generator(seed + k)) * size for k in range(tensors)],)


def angle(params: list[Tensor]) -> Tensor:
    return torch.atan2(*params).sum()


def angle_gradient(params: list[Tensor]) -> list[Tensor]:
    size = torch.maximum(params[0].abs(), params[1].abs())
    y, x = params[0] / size, params[1] / size
    return [x / (x * x + y * y) / size, -y / (x * x + y * y) / size]


def length(params: list[Tensor]) -> Tensor:
    return torch.linalg.vector_norm(params[0])


def length_gradient(params: list[Tensor]) -> list[Tensor]:
    x = params[0] / params[0].abs().max()
    return [x / x.square().sum().sqrt()]


FAR: dict[str, tuple[Any, Any, int]] = {
    "atan2": (angle, angle_gradient, 2),
    "hypot": (lambda p: torch.hypot(*p).sum(), lambda p: [x / torch.hypot(*p) for x in p], 2),
    "vector_norm": (length, length_gradient, 1),
    "a root of squares": (lambda p: p[0].square().sum().sqrt(), length_gradient, 1),
    "1 / x": (lambda p: (1 / p[0]).sum(), lambda p: [-(1 / p[0]) / p[0]], 1),
    "atan": (lambda p: torch.atan(p[0]).sum(), lambda p: [torch.hypot(p[0], torch.ones_like(p[0])) ** -2], 1),
}  # fmt: skip


@pytest.mark.parametrize("name", FAR)
@pytest.mark.parametrize("size", [1e-200, 1e-160, 1e-100, 1e-30, 1e100, 1e155, 1e200])
def test_the_right_gradient_is_not_accused(name: str, size: float) -> None:
    loss, gradient, tensors = FAR[name]
    assert_not_accused(judged(loss, gradient, seeded(sized(size, tensors)), examples=EXAMPLES))


@pytest.mark.parametrize("name", FAR)
@pytest.mark.parametrize("size", [1e-100, 1e-30])
def test_it_is_lawful_and_a_wrong_one_broken_where_nothing_underflows(name: str, size: float) -> None:
    loss, gradient, tensors = FAR[name]
    inputs = seeded(sized(size, tensors))
    assert_lawful(judged(loss, gradient, inputs, examples=EXAMPLES))
    assert_broken(judged(loss, spoiled(gradient, entry(0, lambda v: 0.0)), inputs, examples=EXAMPLES))


def test_where_autograd_overflows_and_quotients_decide_a_wrong_one_is_broken() -> None:
    inputs = seeded(sized(1e200, 2))
    assert_lawful(judged(angle, angle_gradient, inputs, examples=EXAMPLES))
    assert_broken(judged(angle, spoiled(angle_gradient, entry(0, lambda v: 0.0)), inputs, examples=EXAMPLES), QUOTIENT)


def waves(params: list[Tensor]) -> Tensor:
    return (params[0] ** 2 * torch.sin(1 / params[0])).sum()


def waves_gradient(params: list[Tensor]) -> list[Tensor]:
    x = params[0]
    return [2 * x * torch.sin(1 / x) - torch.cos(1 / x)]


def beside_a_million(params: list[Tensor]) -> Tensor:
    return (1e6 + params[0] + torch.sin(1e9 * params[0]) / 1e9).sum()


def beside_a_million_gradient(params: list[Tensor]) -> list[Tensor]:
    return [1 + torch.cos(1e9 * params[0])]


@pytest.mark.parametrize("size", [1e-12, 1e-13, 1e-14, 1e-20])
def test_waves_finer_than_any_step_accuse_nobody(size: float) -> None:
    inputs = seeded(sized(size))
    assert_not_accused(judged(waves, waves_gradient, inputs, examples=EXAMPLES))
    wrong = judged(waves, spoiled(waves_gradient, lambda g: g.zero_()), inputs, examples=EXAMPLES)
    assert not wrong.ok


def test_waves_below_the_rounding_of_the_values_excuse_nobody() -> None:
    inputs = seeded(sized(1.0))
    assert_not_accused(judged(beside_a_million, beside_a_million_gradient, inputs, examples=EXAMPLES))
    wrong = judged(beside_a_million, lambda p: [torch.ones_like(p[0])], inputs, examples=EXAMPLES)
    assert_broken(wrong, "equals autograd")


def detached(params: list[Tensor]) -> Tensor:
    return (params[0] ** 2 * params[0].detach()).sum()


def test_a_gradient_that_is_smooth_and_not_that_of_the_values_is_broken_all_the_same() -> None:
    report = judged(detached, lambda p: [2 * p[0] ** 2], seeded(sized(1.0)), examples=EXAMPLES)
    assert_broken(report, QUOTIENT)
