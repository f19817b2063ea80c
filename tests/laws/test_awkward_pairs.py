"""Correct gradients on awkward data fail no law at single points, and no wrong one is lawful.

Each row is a function, its gradient and its data: sizes from 1e-12 to 1e9, fixed data, columns of zeros, equal rows,
random coefficients, tied and unused parameters, and float32.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.testing import laws, subjects
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.runner import evaluate
from mlp_core.testing.examples.inputs import inputs_of

F = torch.nn.functional
Loss = Callable[..., Tensor]
Gradient = Callable[..., list[Tensor]]
Draw = Callable[[int], tuple[Any, ...]]
SEEDS = (3, 14)


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*shape: int, of: torch.Generator) -> Tensor:
    return torch.randn(*shape, generator=of, dtype=torch.float64)


def outcome(loss: Loss, gradient: Gradient, draw: Draw) -> str:
    """Over all seeds: broken if a law fails; untested if a law that judges numbers skips entries, or compares none."""
    skipped = False
    for seed in SEEDS:
        example = draw(seed)
        for law in laws(subjects.gradient(loss, gradient, st.just(example))):
            try:
                found: Evidence = evaluate(law, inputs_of(example))
            except Broken:
                return "broken"
            skipped |= law.judges and (found.skipped > 0 or not found.entries)
    return "untested" if skipped else "right"


def data(
    x: float = 1.0, y: float = 1.0, *, w: float | None = None, fixed: bool = False, near: float | None = None,
    silent: bool = False, equal: bool = False,
) -> Draw:  # fmt: skip
    """A vector of parameters, a matrix and targets. near: the relative distance from a perfect fit."""

    def draw(seed: int) -> tuple[Any, ...]:
        own = generator(0 if fixed else seed)
        X, theta = x * normal(8, 3, of=own), normal(3, of=generator(seed + 1)) * (1 / x if w is None else w)
        if silent:
            X[:, 0] = 0
        if equal:
            X = X[:1].expand(8, -1).clone()
        targets = y * normal(8, of=own)
        return [theta], X, targets if near is None else X @ theta * (1 + near)

    return draw


def squares(p: list[Tensor], X: Tensor, y: Tensor) -> Tensor:
    return (X @ p[0] - y).square().mean()


def squares_gradient(p: list[Tensor], X: Tensor, y: Tensor) -> list[Tensor]:
    return [2 * X.T @ (X @ p[0] - y) / len(y)]


def huber(p: list[Tensor], X: Tensor, y: Tensor) -> Tensor:
    return F.huber_loss(X @ p[0], y, delta=0.7)


def huber_gradient(p: list[Tensor], X: Tensor, y: Tensor) -> list[Tensor]:
    return [X.T @ (X @ p[0] - y).clamp(-0.7, 0.7) / len(y)]


def poisson(p: list[Tensor], X: Tensor, y: Tensor) -> Tensor:
    return (torch.exp(X @ p[0]) - y.abs() * (X @ p[0])).sum()


def poisson_gradient(p: list[Tensor], X: Tensor, y: Tensor) -> list[Tensor]:
    return [X.T @ (torch.exp(X @ p[0]) - y.abs())]


def logsumexp(p: list[Tensor], X: Tensor, y: Tensor) -> Tensor:
    return torch.logsumexp(X @ p[0], 0)


def logsumexp_gradient(p: list[Tensor], X: Tensor, y: Tensor) -> list[Tensor]:
    return [X.T @ torch.softmax(X @ p[0], 0)]


def largest(p: list[Tensor], X: Tensor, y: Tensor) -> Tensor:
    return (X @ p[0]).max()


def largest_gradient(p: list[Tensor], X: Tensor, y: Tensor) -> list[Tensor]:
    return [X[(X @ p[0]).argmax()]]


def coefficients(seed: int) -> tuple[Any, ...]:
    own = generator(seed)
    return [normal(3, of=own)], normal(4, of=own) * 10.0 ** torch.randint(-9, 9, (4,), generator=own)


def curve(p: list[Tensor], c: Tensor) -> Tensor:
    x = p[0]
    return (c[0] * x**3 + c[1] * x + c[2] * torch.sin(x) + c[3] * x**2).sum()


def curve_gradient(p: list[Tensor], c: Tensor) -> list[Tensor]:
    x = p[0]
    return [3 * c[0] * x**2 + c[1] + c[2] * torch.cos(x) + 2 * c[3] * x]


def tied(p: list[Tensor], X: Tensor, y: Tensor) -> Tensor:
    return (torch.tanh(X @ p[0]) @ p[0] - y).square().mean()


def tied_gradient(p: list[Tensor], X: Tensor, y: Tensor) -> list[Tensor]:
    h = torch.tanh(X @ p[0])
    delta = 2 * (h @ p[0] - y) / y.numel()
    return [h.T @ delta + X.T @ (delta @ p[0].T * (1 - h * h))]


def one_use_of_two(p: list[Tensor], X: Tensor, y: Tensor) -> list[Tensor]:
    h = torch.tanh(X @ p[0])
    return [h.T @ (2 * (h @ p[0] - y) / y.numel())]


def square_weights(x: float, y: float) -> Draw:
    def draw(seed: int) -> tuple[Any, ...]:
        own = generator(seed)
        return [normal(3, 3, of=own) / max(x, 1.0)], x * normal(5, 3, of=own), y * normal(5, 3, of=own)

    return draw


def beside_unused(p: list[Tensor], X: Tensor, y: Tensor) -> Tensor:
    return squares(p[:1], X, y)


def beside_unused_gradient(p: list[Tensor], X: Tensor, y: Tensor) -> list[Tensor]:
    return [*squares_gradient(p[:1], X, y), torch.zeros_like(p[1])]


def not_zero(p: list[Tensor], X: Tensor, y: Tensor) -> list[Tensor]:
    return [*squares_gradient(p[:1], X, y), torch.full_like(p[1], 1e-12)]


def with_unused(x: float, y: float) -> Draw:
    def draw(seed: int) -> tuple[Any, ...]:
        [theta], X, targets = data(x, y)(seed)
        return [theta, normal(2, of=generator(seed + 2))], X, targets

    return draw


def in_float32(function: Callable[..., Any]) -> Callable[..., Any]:
    def narrowed(p: list[Tensor], *rest: Tensor) -> Any:
        found = function([t.float() for t in p], *(t.float() for t in rest))
        return found if isinstance(found, Tensor) else [t.double() for t in found]

    return narrowed


PAIRS: dict[str, tuple[Loss, Gradient, Draw]] = {
    "inputs of 1e-12": (squares, squares_gradient, data(1e-12)),
    "inputs of 1e9": (squares, squares_gradient, data(1e9)),
    "targets of 1e9, fixed data": (squares, squares_gradient, data(y=1e9, fixed=True)),
    "beside a perfect fit": (squares, squares_gradient, data(near=1e-9)),
    "a column of zeros": (squares, squares_gradient, data(silent=True)),
    "equal rows": (squares, squares_gradient, data(equal=True)),
    "huber": (huber, huber_gradient, data()), "huber, targets of 1e6": (huber, huber_gradient, data(y=1e6)),
    "poisson": (poisson, poisson_gradient, data(0.3)), "poisson, steep": (poisson, poisson_gradient, data(3.0, w=2.0)),
    "random coefficients": (curve, curve_gradient, coefficients),
    "tied": (tied, tied_gradient, square_weights(1.0, 1.0)),
    "tied, 1e6": (tied, tied_gradient, square_weights(1e6, 1e6)),
    "tied, 1e-9": (tied, tied_gradient, square_weights(1e-9, 1e-9)),
    "an unused parameter": (beside_unused, beside_unused_gradient, with_unused(1.0, 1.0)),
    "unused, inputs of 1e9": (beside_unused, beside_unused_gradient, with_unused(1e9, 1.0)),
    "unused, targets of 1e9": (beside_unused, beside_unused_gradient, with_unused(1.0, 1e9)),
    "float32": (in_float32(squares), in_float32(squares_gradient), data()),
    "float32, targets of 1e4": (in_float32(squares), in_float32(squares_gradient), data(y=1e4)),
    "the loss in float32": (in_float32(squares), squares_gradient, data()),
    "logsumexp": (logsumexp, logsumexp_gradient, data()),
    "logsumexp, 1e3": (logsumexp, logsumexp_gradient, data(1e3, w=1.0)),
    "max": (largest, largest_gradient, data()), "max, equal rows": (largest, largest_gradient, data(equal=True)),
}  # fmt: skip


def changed(gradient: Gradient, change: Callable[[float], float], every: bool = False) -> Gradient:
    """The gradient with its largest entry changed, or every entry of its first tensor."""

    def wrong(*arguments: Any) -> list[Tensor]:
        found = [g.clone() for g in gradient(*arguments)]
        first = found[0].view(-1)
        for k in range(len(first)) if every else [int(first.abs().argmax())]:
            first[k] = change(float(first[k]))
        return found

    return wrong


CHANGES: dict[str, tuple[Callable[[float], float], bool]] = {
    "all negated": (lambda v: -v, True), "one negated": (lambda v: -v, False), "one zero": (lambda v: 0.0, False),
    "one NaN": (lambda v: math.nan, False), "all doubled": (lambda v: 2 * v, True),
}  # fmt: skip
QUICK = ("one zero", "all doubled")
"""mistakes that are part of every run"""


@pytest.mark.parametrize("name", PAIRS)
def test_a_correct_gradient_fails_no_law(name: str) -> None:
    assert outcome(*PAIRS[name]) != "broken"


@pytest.mark.parametrize("by", [pytest.param(k, marks=[pytest.mark.slow] * (k not in QUICK)) for k in CHANGES])
@pytest.mark.parametrize("name", PAIRS)
def test_a_wrong_gradient_is_not_taken_for_right(name: str, by: str) -> None:
    loss, gradient, draw = PAIRS[name]
    assert outcome(loss, changed(gradient, *CHANGES[by]), draw) == "broken"


@pytest.mark.parametrize("size", [1.0, 1e6])
def test_one_use_of_a_tied_parameter_is_not_enough(size: float) -> None:
    assert outcome(tied, one_use_of_two, square_weights(size, size)) == "broken"


@pytest.mark.parametrize("size", [1.0, 1e9])
def test_an_unused_parameter_has_no_gradient(size: float) -> None:
    assert outcome(beside_unused, not_zero, with_unused(1.0, size)) == "broken"
