"""Correct gradients on awkward data: columns and targets of any size, perfect fits, exact kinks, final operations that
round, and points at which autograd is wrong or coarse.

No law may fail for them.
"""

from __future__ import annotations

from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

seeds = st.integers(0, 2**32 - 1)

EXPONENTS = (-12, 9)
"""sizes are powers of ten with exponents in this range"""

OFFSETS = (0.0, 1e-14, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-3)
"""distances from a perfect fit"""


def _drawn(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _normal(*shape: int, of: torch.Generator) -> Tensor:
    return torch.randn(*shape, generator=of, dtype=torch.float64)


def _sizes(n: int, of: torch.Generator) -> Tensor:
    """n powers of ten."""
    low, high = EXPONENTS
    return 10.0 ** torch.randint(low, high + 1, (n,), generator=of).double()


def logistic(params: list[Tensor], X: Tensor, y: Tensor) -> Tensor:
    """The mean cross-entropy of a logistic regression."""
    return torch.nn.functional.binary_cross_entropy_with_logits(X @ params[0], y)


def logistic_gradient(params: list[Tensor], X: Tensor, y: Tensor) -> list[Tensor]:
    """X^T (sigmoid(X w) - y) / n, column by column."""
    delta = torch.sigmoid(X @ params[0]) - y
    return [torch.stack([(column * delta).sum() for column in X.T]) / len(y)]


def _columns_of_any_size(seed: int) -> tuple[list[Tensor], Tensor, Tensor]:
    of = _drawn(seed)
    sizes = _sizes(4, of)
    X, w = _normal(6, 4, of=of) * sizes, _normal(4, of=of) / sizes
    return [w], X, (_normal(6, of=of) > 0).double()


def squares(params: list[Tensor], X: Tensor, y: Tensor) -> Tensor:
    """The mean squared error of a linear regression."""
    return ((X @ params[0] - y) ** 2).mean()


def squares_gradient(params: list[Tensor], X: Tensor, y: Tensor) -> list[Tensor]:
    """2 X^T (X w - y) / n, column by column."""
    return [2 * X.T @ (X @ params[0] - y) / len(y)]


def _targets_of_any_size(seed: int) -> tuple[list[Tensor], Tensor, Tensor]:
    of = _drawn(seed)
    return [_normal(3, of=of)], _normal(7, 3, of=of), _sizes(1, of) * _normal(7, of=of)


def _beside_a_perfect_fit(seed: int) -> tuple[list[Tensor], Tensor, Tensor]:
    of = _drawn(seed)
    X, w = _normal(8, 3, of=of), _normal(3, of=of)
    return [w + OFFSETS[seed % len(OFFSETS)]], X, X @ w


def _fixed_data(seed: int) -> tuple[list[Tensor], Tensor, Tensor]:
    """One data set with targets around 1e9; only the parameters are drawn."""
    of = _drawn(0)
    return [_normal(3, of=_drawn(seed))], _normal(20, 3, of=of), 1e9 * _normal(20, of=of)


def quarter(params: list[Tensor], y: Tensor) -> Tensor:
    """A quarter of a cross-entropy, summed: its last two operations round."""
    return 0.25 * torch.nn.functional.binary_cross_entropy_with_logits(params[0], y, reduction="sum")


def quarter_gradient(params: list[Tensor], y: Tensor) -> list[Tensor]:
    """(sigmoid(z) - y) / 4."""
    return [(torch.sigmoid(params[0]) - y) / 4]


def _logits(seed: int) -> tuple[list[Tensor], Tensor]:
    of = _drawn(seed)
    return [_normal(6, of=of)], torch.randint(0, 2, (6,), generator=of).double()


def hinges(params: list[Tensor], X: Tensor, y: Tensor) -> Tensor:
    """The hinge loss, summed; with integers, a margin of exactly 1 occurs."""
    return torch.relu(1 - y * (X @ params[0])).sum()


def hinges_gradient(params: list[Tensor], X: Tensor, y: Tensor) -> list[Tensor]:
    """- sum of y x over the samples within the margin; exactly on the margin the slope is 0, as in torch.

    - sum of y x over the samples within the margin; exactly on the margin the slope is 0, which is torch's convention.

    - sum of y x over the samples within the margin; on it, torch's convention: no slope.
    """
    inside = (y * (X @ params[0]) < 1).double()
    return [-(inside * y) @ X]


def hinges_gradient_on_the_margin(params: list[Tensor], X: Tensor, y: Tensor) -> list[Tensor]:
    """The same with the other convention: exactly on the margin the slope counts."""
    inside = (y * (X @ params[0]) <= 1).double()
    return [-(inside * y) @ X]


def _whole_numbers(seed: int) -> tuple[list[Tensor], Tensor, Tensor]:
    of = _drawn(seed)
    w, X = (torch.randint(-3, 4, shape, generator=of).double() for shape in ((3,), (5, 3)))
    return [w], X, torch.where(_normal(5, of=of) > 0, 1.0, -1.0).double()


def in_single_precision(params: list[Tensor], X: Tensor) -> Tensor:
    """A sum of squares computed in float32."""
    return (X.float() @ params[0].float()).square().sum().double()


def in_single_precision_gradient(params: list[Tensor], X: Tensor) -> list[Tensor]:
    """2 X^T (X w), in float64."""
    return [2 * X.T @ (X @ params[0])]


def _small(seed: int) -> tuple[list[Tensor], Tensor]:
    of = _drawn(seed)
    return [_normal(3, of=of)], _normal(5, 3, of=of)


def determinant(params: list[Tensor]) -> Tensor:
    """det A; A is singular in every other example."""
    return torch.linalg.det(params[0])


def cofactors(params: list[Tensor]) -> list[Tensor]:
    """d det / d A_ij: the cofactors, which also exist for a singular matrix."""
    a = params[0]
    rows = torch.stack([torch.linalg.cross(a[1], a[2]), torch.linalg.cross(a[2], a[0]), torch.linalg.cross(a[0], a[1])])
    return [rows]


def _singular(seed: int) -> tuple[list[Tensor]]:
    a = _normal(3, 3, of=_drawn(seed))
    if seed % 2:
        a[2] = a[0] - 2 * a[1]
    return ([a],)


def hard_sigmoid(params: list[Tensor]) -> Tensor:
    """A summed hard sigmoid; torch keeps 1/6 in float32."""
    return torch.nn.functional.hardsigmoid(params[0]).sum()


def hard_sigmoid_gradient(params: list[Tensor]) -> list[Tensor]:
    """1/6 inside -3..3, 0 outside."""
    return [(params[0].abs() < 3).double() / 6]


def _wide(seed: int) -> tuple[list[Tensor]]:
    return ([3 * _normal(5, of=_drawn(seed))],)


GRADIENTS: tuple[tuple[Any, Any, Any], ...] = (
    (logistic, logistic_gradient, seeds.map(_columns_of_any_size)),
    (squares, squares_gradient, st.one_of(*map(seeds.map, (_targets_of_any_size, _beside_a_perfect_fit, _fixed_data)))),
    (quarter, quarter_gradient, seeds.map(_logits)),
    (hinges, hinges_gradient, seeds.map(_whole_numbers)),
    (hinges, hinges_gradient_on_the_margin, seeds.map(_whole_numbers)),
    (in_single_precision, in_single_precision_gradient, seeds.map(_small)),
    (determinant, cofactors, seeds.map(_singular)),
    (hard_sigmoid, hard_sigmoid_gradient, seeds.map(_wide)),
)
