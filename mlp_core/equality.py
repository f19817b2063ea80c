"""Bitwise equality: the same values, where NaN equals NaN and -0 equals 0; and where two tensors differ."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor


def same(a: Tensor, b: Tensor) -> Tensor:
    """Which entries are bitwise equal.

    >>> import torch
    >>> same(torch.tensor([float("nan"), -0.0, 1.0]), torch.tensor([float("nan"), 0.0, 2.0]))
    tensor([ True,  True, False])
    """
    return (a == b) | (a.isnan() & b.isnan())


def same_bits(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors are bitwise equal, shape and dtype included."""
    return a.shape == b.shape and a.dtype == b.dtype and bool(same(a, b).all())


def place_of(number: int, shape: Sequence[int]) -> tuple[int, ...]:
    """The index of an entry, from its number in the flat tensor. `torch.unravel_index` would import sympy for it, which
    takes a second.

    >>> place_of(7, (2, 3, 2))
    (1, 0, 1)
    """
    place = list[int]()
    for size in reversed(shape):
        number, i = divmod(number, size)
        place.append(i)
    return tuple(reversed(place))
