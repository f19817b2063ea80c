"""How far the values of a forward may be off by rounding, where it is not written with torch and cannot be perturbed:
the noise that is seen between neighbouring points, and the roundings of the last sum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite, sqrt

import torch
from torch import Tensor

from mlp_core.testing.bounds import references
from mlp_core.testing.bounds.functions import signs
from mlp_core.testing.bounds.rounding import unit_roundoff

POINTS = 9
SPACING = 2.0**-24
"""points on a line, and how far they lie apart: near enough that a smooth function's fourth difference is none"""

NOISY = 8
"""how many times farther off a value may be than the error that is seen: five differences find it within a factor of
2, and the farthest of a hundred values errs by 2.6 deviations"""

FOURTH = sqrt(70)
"""independent errors of one size make fourth differences of this many times that size: 1, -4, 6, -4, 1"""


def noise_of(at: Callable[[list[Tensor]], float], params: Sequence[Tensor]) -> float:
    """How far the values of a function may be off, by how unevenly they run along a line of near points.

    The fourth difference of a smooth function is SPACING^4 f'''' (1e-29 of it), and that of its errors, if each is
    independent and of size e, has a deviation of sqrt(70) e (Hamming 1973, ch. 6; More and Wild 2011, ECnoise). The
    largest of five is taken.
    """
    found = [at(moved(params, k)) for k in range(POINTS)]
    if not all(map(isfinite, found)):
        return float("inf")
    return noise(torch.tensor(found, dtype=torch.float64))


def moved(params: Sequence[Tensor], k: int) -> list[Tensor]:
    """Point k of the line."""
    return [p + k * SPACING * signs(p) * torch.where(p.abs() > 1, p.abs(), 1.0) for p in params]


def noise(line: Tensor) -> float:
    """NOISY times the error that is seen in values (POINTS, ...) along the line, in the entry where it is largest."""
    for _ in range(4):
        line = line.diff(dim=0)
    return NOISY * largest(line) / FOURTH


def largest(values: Tensor) -> float:
    """The largest magnitude; infinite where one is not finite."""
    return values.abs().nan_to_num(nan=float("inf")).max().item() if values.numel() else 0.0


def terms_rounding(terms: Sequence[Tensor]) -> float:
    """How far a sum of products may be off by its own last roundings: FARTHER times 2u of the sum of magnitudes over
    the square root of their number, as independent roundings add up, and of the largest at least."""
    sizes = torch.cat([t.abs().flatten() for t in terms]) if terms else torch.zeros(1)
    if not sizes.numel():
        return 0.0
    scatter = max(sizes.square().sum().sqrt().item(), sizes.max().item())
    return references.FARTHER * 2 * unit_roundoff(torch.float64) * scatter
