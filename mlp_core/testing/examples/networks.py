"""Drawn networks: architectures, batches, objectives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from math import prod

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core import activations, losses
from mlp_core.activations import Activation
from mlp_core.losses import Loss
from mlp_core.testing.examples.choices import Codes, drawn_bytes
from mlp_core.testing.examples.numbers import PERIOD, Numbers
from mlp_core.testing.examples.problem import Problem

SLOPE = activations.leaky(0.125)
"""a leaky relu whose slope is exact in binary; tested beside the registered activations"""


def all_activations() -> list[Activation]:
    """Every registered activation, and the dyadic leaky relu."""
    return [*map(activations.get, activations.names()), SLOPE]


def all_losses() -> list[Loss]:
    """Every registered loss."""
    return [losses.get(name) for name in losses.names()]


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
        codes = Codes(drawn)  # each choice has a fixed place, so that shrinking one keeps the others
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
    """Turns numbers within +- 10 into targets of a loss: class labels, values in 0..1, or unchanged."""
    if loss is not None and loss.classes:
        return (values[:, 0] * 16).round().long().remainder(values.shape[1])
    if loss is not None and loss.unit_targets:
        return (values.abs() / 16).clamp(max=1)
    return values


def on_kinks(problem: Problem) -> Problem:
    """The same problem with other biases: every other unit has one sample on a kink, up to rounding."""
    parameters = [p.clone() for p in problem.parameters]
    for layer, f in enumerate(problem.activations, start=1):
        for unit in range(0, problem.sizes[layer], 2):
            kink = f.kinks[unit // 2 % len(f.kinks)]
            partial = replace(problem, parameters=tuple(parameters), dtype=torch.float64).case().trace
            parameters[2 * layer - 1][unit] += kink - partial.z[layer][unit % len(problem.x), unit]
    return replace(problem, parameters=tuple(parameters))
