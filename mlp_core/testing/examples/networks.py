"""What is generated: architectures, networks, batches, hyperparameters from their declared domains.

Numbers are dyadic (k/16 times a power of two) and shrink to 0. Most draws also carry a texture: a seed for factors
between 3/4 and 5/4 that fill all the bits of a number, because sums of dyadic numbers are exact and hide rounding.

No draw's constraints depend on an earlier draw: where they do, Hypothesis's mutations of one example no longer fit the
next, and it fills up with zeros (measured: two examples of three were all zero).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from math import prod

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core import activations, losses
from mlp_core.activations import Activation
from mlp_core.losses import Loss
from mlp_core.testing.codes import Codes, drawn_bytes
from mlp_core.testing.problem import Problem

SLOPE = activations.leaky(0.125)
"""a leaky relu whose slope is exact in binary; tested beside the registered activations"""


def all_activations() -> list[Activation]:
    """Every registered activation, and the dyadic leaky relu."""
    return [*map(activations.get, activations.names()), SLOPE]


def all_losses() -> list[Loss]:
    """Every registered loss."""
    return [losses.get(name) for name in losses.names()]


PERIOD = 61
"""how many numbers are drawn; a longer tensor repeats them, and as 61 is prime no two rows of it are alike"""


class Numbers:
    """Tensors cut one after the other from a drawn blob of bytes, repeated as often as it takes."""

    def __init__(self, blob: bytes, size: int, texture: int = 0) -> None:
        k = torch.tensor(list(blob), dtype=torch.float64)
        self.zigzag = torch.where(k % 2 == 1, (k + 1) / 2, 0 - k / 2)  # bytes 0, 1, 2, 3 are 0, 1, -1, 2: shrinks to 0
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
        """Whole numbers of three bytes each."""
        long = self.zigzag + 2**8 * self.zigzag.roll(20) + 2**16 * self.zigzag.roll(41)
        return long.repeat(self.repeats)


blobs = drawn_bytes.map(lambda data: data[:PERIOD])
textures = st.integers(0, 2**16)


def problems(
    *, batch: tuple[int, int] = (1, 8), depth: tuple[int, int] = (1, 5),
    width: tuple[int, int] = (1, 6), functions: Sequence[Activation] | None = None,
    objectives: Sequence[Loss | None] | None = None,
    dtypes: Sequence[torch.dtype] = (torch.float64, torch.float32), strided: bool = False,
    scales: Sequence[float] = (0.125, 0.0625, 0.25, 1.0),
) -> st.SearchStrategy[Problem]:  # fmt: skip
    """Networks of every activation, depth 1 to 5, equal and unequal widths, biases, batches and objectives."""
    functions = all_activations() if functions is None else functions
    objectives = [None, *all_losses()] if objectives is None else objectives

    def read(drawn: bytes) -> Problem:
        codes = Codes(drawn)  # that of a choice stays where it is, whatever the others: a smaller example is alike
        layers, rows, texture = codes.count(*depth), codes.count(*batch), codes.count(0, 2**16)
        loss, dtype, equal = codes.pick(objectives), codes.pick(dtypes), codes.pick((False, True))
        weight_scale, x_scale = codes.pick(scales), codes.pick((0.25, 1.0, 4.0))
        sizes = tuple(codes.count(*width) for _ in range(depth[1] + 1))[: layers + 1]
        sizes = sizes[:1] * len(sizes) if equal else sizes
        own = tuple(codes.pick(functions) for _ in range(layers))
        shapes = [s for n, m in pairwise(sizes) for s in ((m, n), (m,))]
        total = sum(map(prod, shapes)) + rows * (sizes[0] + sizes[-1])
        numbers = Numbers(drawn[-PERIOD:], total, texture)
        parameters = tuple(numbers.take(shape, weight_scale) for shape in shapes)
        x = numbers.take((rows, sizes[0]), x_scale)
        y = targets(loss, numbers.take((rows, sizes[-1])))
        return Problem(sizes, own, parameters, x, y, loss, dtype, strided)

    return drawn_bytes.map(read)


def targets(loss: Loss | None, values: Tensor) -> Tensor:
    """Numbers within +- 10 turned into targets a loss takes: labels, values in 0..1, or as they are."""
    if loss is not None and loss.classes:
        return (values[:, 0] * 16).round().long().remainder(values.shape[1])
    if loss is not None and loss.unit_targets:
        return (values.abs() / 16).clamp(max=1)
    return values
