"""The rounding error of a forward's values if it is written without torch and cannot be perturbed: the observed noise
between neighbouring points, and the rounding of the last sum."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import isfinite, sqrt
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mlp_core.testing.bounds import references
from mlp_core.testing.bounds.functions import signs
from mlp_core.testing.bounds.rounding import unit_roundoff

POINTS = 9
SPACING = 2.0**-24
"""the number of points on a line, and their distance, for which the fourth difference of a smooth function is
negligible"""

NOISY = 8
"""the bound of a value relative to the observed error: five differences find the error within a factor of 2, and the
largest of a hundred errors is 2.6 deviations"""

FOURTH = sqrt(70)
"""independent errors of equal size give fourth differences of this many times that size: 1, -4, 6, -4, 1"""


def noise_of(at: Callable[[list[Tensor]], float], params: Sequence[Tensor]) -> float:
    """The error bound of a function's values, from their irregularity along a line of close points.

    The fourth difference of a smooth function is SPACING^4 f'''' (1e-29 of it). The fourth difference of independent
    errors of size e has a deviation of sqrt(70) e (Hamming 1973, ch. 6; More and Wild 2011, ECnoise). The largest of
    five is used.
    """
    found = [at(moved(params, k)) for k in range(POINTS)]
    if not all(map(isfinite, found)):
        return float("inf")
    return noise(torch.tensor(found, dtype=torch.float64))


def moved(params: Sequence[Tensor], k: int) -> list[Tensor]:
    """Point k on the line."""
    return [p + k * SPACING * signs(p) * torch.where(p.abs() > 1, p.abs(), 1.0) for p in params]


def noise(line: Tensor) -> float:
    """NOISY times the error observed in values (POINTS, ...) along the line, for the entry in which it is largest."""
    for _ in range(4):
        line = line.diff(dim=0)
    return NOISY * largest(line) / FOURTH


def largest(values: Tensor) -> float:
    """The largest magnitude; infinite if one is not finite."""
    return values.abs().nan_to_num(nan=float("inf")).max().item() if values.numel() else 0.0


def terms_rounding(terms: Sequence[Tensor], u: float | None = None) -> float:
    """The error bound of a sum of products from its last roundings: FARTHER times 2u of the sum of magnitudes divided
    by the square root of their number, as for independent roundings, and at least of the largest. u: the unit roundoff
    of the terms, by default that of float64.
    """
    sizes = torch.cat([t.abs().flatten() for t in terms]) if terms else torch.zeros(1)
    if not sizes.numel():
        return 0.0
    scatter = max(sizes.square().sum().sqrt().item(), sizes.max().item())
    return references.last_bits(scatter, u)


TERMS = 64
"""the most terms of which a gradient of drawn arguments is the sum: they have at most so many entries"""


def cancelled(arguments: Iterable[Tensor]) -> float:
    """The error bound of a gradient of float64 that is 0 because its terms cancel, as that of log(sum(exp(x + c))) - c
    by c: each of TERMS terms has a rounding of at most u times itself, and no term is larger than 1 and the arguments.

    >>> cancelled([torch.tensor([0.5, -4.0])]) == 64 * 4 * 2.0**-53
    True
    """
    return TERMS * unit_roundoff(torch.float64) * max(1.0, *map(largest, arguments), 0.0)


def unit_of(outs: Sequence[Any]) -> float:
    """The unit roundoff of outputs: that of the coarsest of them.

    >>> unit_of([torch.zeros(2), 1.0]) == 2.0**-24
    True
    """
    dtypes = [o.dtype if isinstance(o, Tensor) else getattr(torch, np.asarray(o).dtype.name) for o in outs]
    return max([unit_roundoff(torch.float64), *map(unit_roundoff, dtypes)])
