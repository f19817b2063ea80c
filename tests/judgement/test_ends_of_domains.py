"""Right gradients near the end of a function's domain, where it varies within every step, and where torch's own kernel
is coarser than the formula written by hand: no law fails. The wrong ones beside them fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from judging import Problem, assert_broken, assert_lawful, assert_not_accused, entry, generator, judged, seeded, spoiled
from torch import Tensor

F = torch.nn.functional


def small(size: float) -> Callable[[int], Problem]:
    def draw(seed: int) -> Problem:
        own = generator(seed)
        y = torch.randint(0, 2, (4,), generator=own).double()
        return [(1 + torch.rand(4, generator=own, dtype=torch.float64)) * size], y

    return draw


def log_likelihood(params: list[Tensor], y: Tensor) -> Tensor:
    return ((1 + y) * params[0].log()).sum()


def log_likelihood_gradient(params: list[Tensor], y: Tensor) -> list[Tensor]:
    return [(1 + y) / params[0]]


def entropy(params: list[Tensor], y: Tensor) -> Tensor:
    return -(params[0] * params[0].log()).sum()


def entropy_gradient(params: list[Tensor], y: Tensor) -> list[Tensor]:
    return [-(params[0].log() + 1)]


def bce(params: list[Tensor], y: Tensor) -> Tensor:
    return F.binary_cross_entropy(params[0], y)


def bce_gradient(params: list[Tensor], y: Tensor) -> list[Tensor]:
    p = params[0]
    return [(p - y) / (p * (1 - p)) / len(y)]


def refuses(params: list[Tensor], y: Tensor) -> Tensor:
    if (params[0] <= 0).any():
        raise ValueError("not positive")
    return params[0].sqrt().sum()


def refuses_gradient(params: list[Tensor], y: Tensor) -> list[Tensor]:
    return [0.5 / params[0].sqrt()]


DOMAINS: dict[str, tuple[Any, Any]] = {
    "log": (log_likelihood, log_likelihood_gradient), "entropy": (entropy, entropy_gradient),
    "bce": (bce, bce_gradient), "a root that raises": (refuses, refuses_gradient),
}  # fmt: skip


@pytest.mark.parametrize("name", DOMAINS)
@pytest.mark.parametrize("size", [1e-3, 1e-6, 1e-9, 1e-11])
def test_the_right_gradient_beside_the_end_of_a_domain_is_lawful(name: str, size: float) -> None:
    assert_lawful(judged(*DOMAINS[name], seeded(small(size))))


@pytest.mark.parametrize("name", DOMAINS)
@pytest.mark.parametrize("size", [1e-6, 1e-11])
def test_a_wrong_one_is_broken_there(name: str, size: float) -> None:
    loss, right = DOMAINS[name]
    assert_broken(judged(loss, spoiled(right, entry(1, lambda v: -v)), seeded(small(size))), "equals autograd")


def test_a_function_that_raises_where_it_was_handed_in_is_broken() -> None:
    assert_broken(judged(refuses, refuses_gradient, seeded(small(-1.0))))


def waves(params: list[Tensor], *data: Any) -> Tensor:
    return (params[0] ** 2 * torch.sin(1 / params[0])).sum()


def waves_gradient(params: list[Tensor], *data: Any) -> list[Tensor]:
    x = params[0]
    return [2 * x * torch.sin(1 / x) - torch.cos(1 / x)]


@pytest.mark.parametrize("size", [1e-1, 1e-3, 1e-5, 1e-7, 1e-9, 1e-11])
def test_waves_that_no_step_resolves_accuse_nobody(size: float) -> None:
    assert_not_accused(judged(waves, waves_gradient, seeded(small(size))))


@pytest.mark.parametrize("size", [1e-3, 1e-7, 1e-9, 1e-11])
def test_what_the_quotient_of_waves_says_is_no_excuse(size: float) -> None:
    for change in (lambda v: -v, lambda v: 0.0, lambda v: 0.999 * v):
        assert_broken(judged(waves, spoiled(waves_gradient, entry(0, change)), seeded(small(size))), "equals autograd")


def trigamma(x: Tensor) -> Tensor:
    total = torch.zeros_like(x)
    for _ in range(30):
        total, x = total + 1 / x**2, x + 1
    return total + 1 / x + 1 / (2 * x**2) + 1 / (6 * x**3) - 1 / (30 * x**5) + 1 / (42 * x**7) - 1 / (30 * x**9)


def normal_gradient(x: Tensor) -> Tensor:
    """cdf + x pdf."""
    root = 2**0.5
    return torch.special.erfc(-x / root) / 2 + x * torch.exp(-x * x / 2) / (2 * torch.pi) ** 0.5


COARSE: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor], float, float]] = {
    "softplus": (F.softplus, torch.sigmoid, 15, 40),
    "softplus of beta 3": (lambda x: F.softplus(x, beta=3.0), lambda x: torch.sigmoid(3 * x), 4, 14),
    "gelu": (F.gelu, normal_gradient, -6, 1), "digamma": (torch.digamma, trigamma, 0.5, 9),
    "celu": (lambda x: F.celu(x, 0.3), lambda x: torch.where(x > 0, 1.0, torch.exp(x / 0.3)), -3, 3),
    "celu of a third": (lambda x: F.celu(x, 1 / 3), lambda x: torch.where(x > 0, 1.0, torch.exp(x * 3)), -2, 2),
}  # fmt: skip


def coarse(name: str) -> tuple[Any, Any, Any]:
    f, df, low, high = COARSE[name]

    def draw(seed: int) -> Problem:
        return ([low + (high - low) * torch.rand(4, generator=generator(seed), dtype=torch.float64)],)

    return lambda p: f(p[0]).sum(), lambda p: [df(p[0])], seeded(draw)


@pytest.mark.parametrize("name", COARSE)
def test_a_formula_that_is_finer_than_the_kernel_of_torch_is_not_accused(name: str) -> None:
    assert_not_accused(judged(*coarse(name)))


@pytest.mark.parametrize("name", COARSE)
def test_a_wrong_formula_beside_a_coarse_kernel_is_broken(name: str) -> None:
    loss, right, inputs = coarse(name)
    assert_broken(judged(loss, spoiled(right, entry(0, lambda v: v * (1 + 1e-5) + 1e-5)), inputs), "equals autograd")
