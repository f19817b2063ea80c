"""Numbers cut from drawn bytes: dyadic ones, which shrink to 0, and a texture that fills all their bits."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import prod

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.testing.examples.choices import drawn_bytes

PERIOD = 61
"""the number of drawn numbers; a longer tensor repeats them. 61 is prime, so that no two rows are alike"""

ZIGZAG = [(k + 1) / 2 if k % 2 else 0 - k / 2 for k in range(2**8)]
"""the number of each byte: 0, 1, 2, 3 are 0, 1, -1, 2, so that it shrinks to 0"""


class Numbers:
    """Cuts tensors one after the other from a drawn blob of bytes, which is repeated as often as necessary."""

    def __init__(self, blob: bytes, size: int, texture: int = 0) -> None:
        self.zigzag = torch.tensor([ZIGZAG[k] for k in blob], dtype=torch.float64)
        self.repeats = size // len(blob) + 1
        self.values, self.used = (self.zigzag / 16).repeat(self.repeats), 0  # within +- 8
        if texture:
            noise = torch.rand(len(self.values), generator=torch.Generator().manual_seed(texture), dtype=torch.float64)
            self.values = self.values * (0.75 + noise / 2)

    def take(self, shape: Sequence[int], scale: float = 1.0) -> Tensor:
        n = prod(shape)
        self.used += n
        return self.values[self.used - n : self.used].view(tuple(shape)) * scale

    def on_grid(self, shape: Sequence[int], fraction: int) -> Tensor:
        """Multiples of 2^-fraction within +- 1."""
        n = prod(shape)
        self.used += n
        return self._long[self.used - n : self.used].fmod(2**fraction + 1).view(tuple(shape)) / 2**fraction

    @cached_property
    def _long(self) -> Tensor:
        """Integers of three bytes each."""
        long = self.zigzag + 2**8 * self.zigzag.roll(20) + 2**16 * self.zigzag.roll(41)
        return long.repeat(self.repeats)


blobs = drawn_bytes.map(lambda data: data[:PERIOD])

textures = st.integers(0, 2**16)
