"""Kinks that no entry shows by itself.

The median of 1, 1, 1 does not change if one of them moves, so that all quotients are 0. Beside that point it is one of
its arguments, and its slope by that one is 1: every number from 0 to 1 is a convention. The same holds for a maximum of
minima, and for other choices among equal numbers.
"""

from __future__ import annotations

from math import isfinite

import torch
from torch import Tensor

from mlp_core.quotients import STEP
from mlp_core.testing.oracles.functions import Place, Values
from mlp_core.testing.oracles.slopes import BENT, CLEAR
from mlp_core.testing.oracles.steps import largest, steps_of

DIRECTIONS = 32
"""the number of points beside the example; with five equal numbers one of them is the median at every fifth point"""

FAR, NEAR = 2.0**-10, 2.0**-16
"""the distances of these points, as fractions of 1 or of the entry, whichever is farther. A slope that changes smoothly
changes 64 times less at the nearer ones"""

WITHIN = 2.0**-6
"""the step of a quotient at such a point, as a fraction of its distance"""


def conventional(values: Values, k: int, place: Place, g: Tensor, *others: float) -> bool:
    """Whether the function has a kink at the example that one entry of parameter k does not show by itself, and its
    gradient g is a convention there: the entry, and the other numbers for it, are between the slopes at the points
    around, and so is the sum of g, the slope if all entries of the parameter move together.
    """
    entry = torch.zeros_like(g)
    entry[place] = 1
    near, off = _slopes(values, k, entry, NEAR)
    low, high = min(near), max(near)
    if not (isfinite(high - low) and high - low > CLEAR * off):
        return False
    if not all(low - off <= number <= high + off for number in (g[place].item(), *others)):
        return False
    together, _ = _slopes(values, k, torch.ones_like(g), NEAR)
    if not min(together) - off <= g.sum().item() <= max(together) + off:
        return False
    far, _ = _slopes(values, k, entry, FAR)
    if high - low < BENT * (max(far) - min(far)):
        return False
    beside, noise = _slopes(values, k, entry, NEAR, own=True)
    hidden = not CLEAR * noise < high - low  # there, rounding is larger than the kink
    return hidden or max(beside) - min(beside) >= BENT * (high - low)


def _reach(params: list[Tensor]) -> list[Tensor]:
    """The size of each entry; for an entry of 0 that of the largest one, which is 1 if all are 0. A kink at 0 is no
    kink at numbers of 1e-30, although points at the usual distance cannot separate both.
    """
    most = max((largest(p) for p in params), default=0.0)
    return [torch.where(p == 0, min(most, 1.0) or 1.0, p.abs()) for p in params]


def _slopes(
    values: Values, k: int, along: Tensor, distance: float, *, own: bool = False
) -> tuple[list[float], float]:  # fmt: skip
    """The slopes in a direction of parameter k at points around the example, and their error bound. own: whether the
    distance is relative to the size of each entry, also if it is below 1.
    """
    here, generator = list(values.inputs.params), torch.Generator().manual_seed(0)
    sizes = [distance * r for r in _reach(here)] if own else [distance / STEP * steps_of(p) for p in here]
    step, found = WITHIN * sizes[k][along != 0].min().item(), list[float]()
    for _ in range(DIRECTIONS):
        ends = list[float]()
        parts = [2 * torch.rand(s.shape, generator=generator, dtype=s.dtype) - 1 for s in sizes]
        there = [p + s * part for p, s, part in zip(here, sizes, parts, strict=True)]
        for sign in (1, -1):
            moved = [p + sign * step * along if i == k else p for i, p in enumerate(there)]
            ends.append(values.at(moved))
        found.append((ends[0] - ends[1]) / (2 * step))
    error = values.errors(0.0)(max(map(largest, sizes))) if own else values.rounding.error
    return found, error / step
