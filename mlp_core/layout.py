"""The positions of tensors in a flat buffer: one after the other, each on a 64-byte boundary.

They are aligned because a matrix product that is written into unaligned memory may use another kernel, and differ in
its last bits from a fresh product. The padding between tensors stays zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

ALIGNMENT = 64  # bytes


@dataclass(frozen=True)
class Layout:
    """Offsets of tensors of the given shapes in a flat buffer, counted in elements.

    >>> layout = Layout.of([(2, 3), (2,)], torch.float64)
    >>> layout.offsets, layout.size
    ((0, 8), 16)
    """

    shapes: tuple[tuple[int, ...], ...]
    strides: tuple[tuple[int, ...], ...]
    offsets: tuple[int, ...]
    size: int

    @classmethod
    def of(cls, shapes: Sequence[Sequence[int]], dtype: torch.dtype) -> Layout:
        """The layout for tensors of `shapes`, in this order."""
        step = ALIGNMENT // dtype.itemsize
        offsets, end = [], 0
        for shape in shapes:
            offsets.append(end)
            end += -(-prod(shape) // step) * step
        strides = tuple(tuple(prod(shape[k + 1 :]) for k in range(len(shape))) for shape in shapes)
        return cls(tuple(tuple(shape) for shape in shapes), strides, tuple(offsets), end)

    def views(self, flat: Tensor) -> list[Tensor]:
        """The tensors inside `flat`, in order, sharing its memory."""
        begin = flat.storage_offset()
        places = zip(self.shapes, self.strides, self.offsets, strict=True)
        return [flat.as_strided(shape, strides, begin + offset) for shape, strides, offset in places]

    def owned(self, index: int) -> int:
        """The number of elements of a tensor, including its padding."""
        ends = (*self.offsets[1:], self.size)
        return ends[index] - self.offsets[index]
