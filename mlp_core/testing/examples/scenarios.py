"""Generates scenarios for optimizers: parameters in groups, with hyperparameters, and the gradients of several
steps."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from operator import xor
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.testing.examples.choices import Codes, drawn_bytes
from mlp_core.testing.examples.numbers import PERIOD, Numbers
from mlp_core.testing.examples.scenario import Scenario

KINDS = ("normal", "normal", "normal", "shrinking", "zero", "same")
"""the kinds of gradient of a parameter in a step; "none" is added if missing gradients are requested"""

SHAPES: tuple[tuple[int, ...], ...] = (
    (), (1,), (2,), (3,), (2, 3), (5,), (3, 1), (7,), (1, 4), (2, 2, 3), (17,), (33,), (5, 7), (70,), (0,), (0, 3)
)  # fmt: skip

EVERY_KIND: tuple[tuple[int, ...], ...] = (
    (), (1,), (5,), (17,), (2, 3), (3, 2), (3, 3), (4, 1), (1, 4), (2, 2, 3), (0,)
)  # fmt: skip
"""one shape of each kind: number, vector, matrix (wide, tall, square, row, column), more dimensions, empty"""

DTYPES = (torch.float64, torch.float32)

FACTORS = (1.0, 1.0, 0.5, 0.1, 2.0)
"""factors of lr in a step"""

TAKEN = (0, 0, 0, 0, 98, 998, 9_998, 999_998)
"""numbers of steps that are added to a count: bias corrections stop being applied when they become small"""

STARTS = (1.0, 0.0625, 0.0)
"""scales of the parameters: beside a large parameter, a slightly wrong update disappears in rounding"""

VARIED = bytes(37 * k % 251 for k in range(1, PERIOD + 1))
"""the numbers of a `telling` example if the drawn bytes are zeros"""

HEAD = PERIOD + 2
"""the number of bytes for numbers and their texture"""


def scenarios(
    hyper: st.SearchStrategy[dict[str, Any]], *, steps: tuple[int, int] = (2, 12), groups: tuple[int, int] = (1, 2),
    kinds: Sequence[str] = KINDS, shapes: Sequence[tuple[int, ...]] = SHAPES, per_group: tuple[int, int] = (1, 3),
    dtypes: Sequence[torch.dtype] = DTYPES, schedule: bool = True, common: Sequence[str] = (),
    scalable: Sequence[str] = (), counts: bool = False, each: Sequence[tuple[int, ...]] = (), zeros: bool = True,
    telling: bool = False,
) -> st.SearchStrategy[Scenario]:  # fmt: skip
    """Scenarios of several steps, groups and kinds of gradient. lr, and the hyperparameters in `scalable`, may change
    between steps; those in `common` are equal in all groups. `counts`: some counts of steps jump ahead. `each`: every
    scenario has a parameter of each of these shapes, in any group. Without `zeros`, no number is 0. `telling`: even the
    simplest example has many different numbers, for laws that run few examples.
    """

    def read(data: bytes, first: dict[str, Any], second: dict[str, Any]) -> Scenario:
        numbers, texture = data[:PERIOD], int.from_bytes(data[PERIOD:HEAD])
        if telling:
            numbers = bytes(map(xor, numbers, VARIED))
        codes = Codes(data[HEAD:])
        scale, start, dtype = codes.pick((1.0, 0.125, 8.0)), codes.pick(STARTS), codes.pick(dtypes)
        second = {**second, **{name: first[name] for name in common}}
        every = (first, second)[: codes.count(*groups)]
        if each:
            first_of = codes.count(0, len(each) - 1)
            dealt = [*each[first_of:], *each[:first_of]]
            wanted = [dealt[k :: len(every)] for k in range(len(every))]
        else:
            wanted = [[codes.pick(shapes) for _ in range(codes.count(*per_group))] for _ in every]
        pattern = [codes.pick(kinds) for _ in range(codes.count(*steps))]
        factors = tuple(codes.pick(FACTORS) if schedule else 1.0 for _ in pattern)
        flat = [shape for group in wanted for shape in group]
        source = Numbers(numbers, sum(map(prod, flat)) * (len(pattern) + 1), texture)
        if not zeros:
            source.values, start = torch.where(source.values == 0, 1 / 16, source.values), start or 1.0
        parameters = tuple(tuple(source.take(shape, start) for shape in group) for group in wanted)
        gradients = _gradients(source, pattern, flat, scale)
        scheduled = schedule and codes.pick((False, True))
        taken = codes.pick(TAKEN) if counts else 0
        return Scenario(every, parameters, gradients, factors, dtype, tuple(scalable), scheduled, taken)

    return st.builds(read, drawn_bytes, hyper, hyper)


def _gradients(
    numbers: Numbers, pattern: Sequence[str], shapes: Sequence[tuple[int, ...]], scale: float
) -> tuple[tuple[Tensor | None, ...], ...]:
    gradients: list[tuple[Tensor | None, ...]] = []
    for step in range(len(pattern)):
        fresh = [numbers.take(shape, scale) for shape in shapes]
        before = gradients[-1] if gradients else tuple(fresh)
        # the kinds shift from parameter to parameter, so that one step has several
        shifted = [pattern[(step + index) % len(pattern)] for index in range(len(shapes))]
        gradients.append(tuple(map(_gradient, shifted, fresh, before, [step] * len(fresh))))
    return tuple(gradients)


def _gradient(kind: str, fresh: Tensor, before: Tensor | None, step: int) -> Tensor | None:
    if kind == "none":
        return None
    if kind == "zero":
        return torch.zeros_like(fresh)
    if kind == "shrinking":
        return fresh * 2.0 ** (-3 * step)
    return before if kind == "same" and before is not None else fresh
