"""Equality to the bit: the same value, NaN equal to NaN and -0 equal to 0."""

from __future__ import annotations

from torch import Tensor


def same(a: Tensor, b: Tensor) -> Tensor:
    """Equality to the bit, entry by entry.

    >>> import torch
    >>> same(torch.tensor([float("nan"), -0.0, 1.0]), torch.tensor([float("nan"), 0.0, 2.0]))
    tensor([ True,  True, False])
    """
    return (a == b) | (a.isnan() & b.isnan())


def same_bits(a: Tensor, b: Tensor) -> bool:
    """Equality to the bit of whole tensors, shape and dtype included."""
    return a.shape == b.shape and a.dtype == b.dtype and bool(same(a, b).all())
