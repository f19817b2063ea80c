"""A gradient that is multiplied by a matrix instead of its transpose, or the other way round: W @ d for W.T @ d."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

MISSING = "the gradient of {{}} is multiplied by {0} where {0}.T belongs, or the other way round"


def of_matrices(
    matrices: Sequence[tuple[str, Tensor]], expected: Sequence[Tensor]
) -> Iterator[tuple[str, list[Tensor]]]:
    """The relation for every square matrix among the arguments. The right gradient is W.T @ d or d @ W.T, or the same
    with W: d is found by solving, and multiplied by the other matrix.
    """
    for name, matrix in matrices:
        if matrix.ndim != 2 or len(set(matrix.shape)) != 1 or matrix.shape[0] < 2:
            continue
        for one, other in ((matrix.T, matrix), (matrix, matrix.T)):
            left = [_with(one, other, e) for e in expected]
            right = [_with(one, other, e.transpose(-1, -2)).transpose(-1, -2) if e.ndim > 1
                     else torch.full_like(e, torch.nan) for e in expected]  # fmt: skip
            yield MISSING.format(name), left
            yield MISSING.format(name), right


def _with(one: Tensor, other: Tensor, gradient: Tensor) -> Tensor:
    """other @ d, where one @ d is the gradient; NaN where the sizes do not fit."""
    column = gradient[:, None] if gradient.ndim == 1 else gradient
    if column.ndim < 2 or column.shape[-2] != len(one):
        return torch.full_like(gradient, torch.nan)
    try:
        found = other @ torch.linalg.solve(one, column)
    except RuntimeError:  # the matrix has no inverse
        return torch.full_like(gradient, torch.nan)
    return found[:, 0] if gradient.ndim == 1 else found
