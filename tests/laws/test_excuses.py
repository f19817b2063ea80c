"""Each excuse of the judgement is needed, and each is limited.

A row has a correct gradient that fails without the excuse, and a wrong gradient at the same point that fails with it.
The excuse is also replaced by one that never applies, and by one that always does: both change a verdict here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.testing import laws, subjects
from mlp_core.testing.bounds import perturbed
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.engine.runner import evaluate
from mlp_core.testing.examples.inputs import inputs_of
from mlp_core.testing.oracles import functions

F = torch.nn.functional
AUTOGRAD, QUOTIENTS = "equals autograd everywhere", "agrees with difference quotients"

Gradient = Callable[..., list[Tensor]]
Patch = pytest.MonkeyPatch


def float64(*numbers: float) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float64)


def fails(law: str, loss: Callable[..., Tensor], gradient: Gradient, example: tuple[Any, ...]) -> bool:
    """Whether a law is broken at one point."""
    subject = subjects.gradient(loss, gradient, st.just(example))
    (found,) = (one for one in laws(subject) if one.name == law)
    try:
        evaluate(found, inputs_of(example))
    except Broken:
        return True
    return False


# kernels of torch with few digits


def no_kernel_is_coarse(patch: Patch) -> None:
    patch.setattr(perturbed, "COARSE", {})


def every_kernel_is_coarse(patch: Patch) -> None:
    patch.setattr(perturbed, "COARSE", dict.fromkeys(perturbed.COARSE, lambda args, kwargs, out: 1e6 + 0 * out.abs()))


def gelu_gradient(params: list[Tensor]) -> list[Tensor]:
    x = params[0]
    return [torch.special.erfc(-x / math.sqrt(2)) / 2 + x * torch.exp(-x * x / 2) / math.sqrt(2 * math.pi)]


# results that underflow: (1e-161 p)^2 has a digit or two, and its gradient has all


def nothing_underflows(patch: Patch) -> None:
    patch.setattr(perturbed.PerturbedRounding, "_underflown", lambda self, kind, t, args: None)


def everything_underflows(patch: Patch) -> None:
    patch.setattr(perturbed.PerturbedRounding, "_underflown", lambda self, kind, t, args: t.add_(1e300 * self.signs[0]))


def lost_square(params: list[Tensor]) -> Tensor:
    return 1e300 * (1e-161 * params[0]).square().sum()


def lost_square_gradient(params: list[Tensor]) -> list[Tensor]:
    return [1e300 * (2e-161 * params[0]) * 1e-161]


# squares that overflow: |p| is infinite


def nothing_overflows(patch: Patch) -> None:
    patch.setattr(perturbed, "_overflown", lambda kind, t, args: False)


def everything_overflows(patch: Patch) -> None:
    patch.setattr(perturbed, "_overflown", lambda kind, t, args: bool(t.fill_(math.inf).numel()))


def cosine_and_square(params: list[Tensor], y: Tensor) -> Tensor:
    return F.cosine_similarity(params[0], y, dim=0) + params[1].square().sum()


def unit(v: Tensor) -> Tensor:
    v = v / v.abs().max()
    return v / v.square().sum().sqrt()


def cosine_and_square_gradient(params: list[Tensor], y: Tensor) -> list[Tensor]:
    most = params[0].abs().max()
    a, b = unit(params[0]), unit(y)
    return [(b - (b @ a) * a) / (params[0] / most).square().sum().sqrt() / most, 2 * params[1]]


# a derivative that varies faster than any step shows


def everything_contradicts(patch: Patch) -> None:
    patch.setattr(functions, "contradicted", lambda *found: True)


def nothing_contradicts(patch: Patch) -> None:
    patch.setattr(functions, "contradicted", lambda *found: False)


FAST = 1e15


def waves(params: list[Tensor]) -> Tensor:
    return (params[0] + torch.sin(FAST * params[0]) / FAST).sum()


def waves_gradient(params: list[Tensor]) -> list[Tensor]:
    return [1 + torch.cos(FAST * params[0])]


# digits that the gradient by hand loses


def no_digit_is_lost(patch: Patch) -> None:
    patch.setattr(functions, "own_rounding", lambda by_hand, params: None)


def every_digit_is_lost(patch: Patch) -> None:
    patch.setattr(functions, "own_rounding", lambda by_hand, params: [torch.full_like(p, 1e300) for p in params])


def confident(params: list[Tensor]) -> Tensor:
    return torch.log1p(torch.exp(-params[0])).sum()


def confident_gradient(params: list[Tensor]) -> list[Tensor]:
    return [torch.sigmoid(params[0]) - 1]


@dataclass(frozen=True)
class Excuse:
    law: str
    """the law that fails for the correct gradient without the excuse"""
    loss: Callable[..., Tensor]
    right: Gradient
    example: tuple[Any, ...]
    never: Callable[[Patch], None]
    always: Callable[[Patch], None]
    spoil: Callable[[list[Tensor]], list[Tensor]] = lambda found: [*found[:-1], -found[-1]]
    judge: str = AUTOGRAD
    """the law that the wrong gradient fails"""

    def wrong(self, *arguments: Any) -> list[Tensor]:
        return self.spoil(self.right(*arguments))


EXCUSES = {
    "coarse kernels": Excuse(
        AUTOGRAD, lambda p: F.gelu(p[0]).sum(), gelu_gradient, ([float64(-8.0, 1.0)],),
        no_kernel_is_coarse, every_kernel_is_coarse,
    ),
    "underflow": Excuse(
        QUOTIENTS, lost_square, lost_square_gradient, ([float64(1.5, -0.7)],),
        nothing_underflows, everything_underflows,
    ),
    "overflow": Excuse(
        QUOTIENTS, cosine_and_square, cosine_and_square_gradient,
        ([1e155 * float64(1.0, -0.4, 0.7), float64(0.3, 2.0)], float64(0.2, 0.5, -1.0)),
        nothing_overflows, everything_overflows,
    ),
    "integrals": Excuse(
        QUOTIENTS, waves, waves_gradient, ([float64(0.3, 1.7)],), everything_contradicts, nothing_contradicts,
        lambda found: [1.1 + found[0]], QUOTIENTS,
    ),
    "own rounding": Excuse(
        AUTOGRAD, confident, confident_gradient, ([float64(30.0, 1.0)],),
        no_digit_is_lost, every_digit_is_lost,
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def kinds_of_operations_anew(monkeypatch: Patch) -> Any:
    perturbed._kind.cache_clear()
    yield
    monkeypatch.undo()
    perturbed._kind.cache_clear()


@pytest.mark.parametrize("name", EXCUSES)
def test_an_excuse_is_needed(name: str, monkeypatch: Patch) -> None:
    one = EXCUSES[name]
    assert not fails(one.law, one.loss, one.right, one.example)
    perturbed._kind.cache_clear()
    one.never(monkeypatch)
    assert fails(one.law, one.loss, one.right, one.example)


@pytest.mark.parametrize("name", EXCUSES)
def test_an_excuse_is_limited(name: str, monkeypatch: Patch) -> None:
    one = EXCUSES[name]
    assert fails(one.judge, one.loss, one.wrong, one.example)
    perturbed._kind.cache_clear()
    one.always(monkeypatch)
    assert not fails(one.judge, one.loss, one.wrong, one.example)
