"""The tolerance of foreign code around a reference, from the scatter of perturbed runs; and around a known mistake that
is replayed. Measured or assumed, because nothing can be derived."""

from __future__ import annotations

import torch
from torch import Tensor

from mlp_core import equality
from mlp_core.testing.bounds.rounding import unit_roundoff

RUNS = 8
"""the number of runs of a reference with perturbed rounding"""

RUNS_OF_A_FUNCTION = 32
"""the number of runs of a function and its gradient, whose entries are single sums: see `bounds.functions`"""

FARTHER = 32
"""How many times farther than the farthest perturbed run another correct implementation may be. Measured, not derived.
An implementation in another algebraic form and order rounds at most a few times as often as the reference. The
reference's perturbed operations have errors of up to 3u each (2u of noise, and their own u) in 8 independent draws"""


def last_bits(value: float, u: float | None = None) -> float:
    """The error of a value from the rounding of its last operation only: FARTHER times 2u of it. u: the unit roundoff,
    by default that of float64.
    """
    return FARTHER * 2 * (u or unit_roundoff(torch.float64)) * abs(value)


def perturbed(deviation: Tensor, largest: Tensor, dtype: torch.dtype) -> Tensor:
    """The largest distance of another correct implementation from the reference, per entry: FARTHER times the farthest
    perturbed run, plus 2u of the largest value so far (the rounding of storing it).

    Measured, relative to the first of 1, 2, 4 and 8 runs that explain all, so that ratios may be arbitrarily close to
    1: 0.998 (optimizers), 0.30 (training loops), 0.39 (any gradient). Relative to all 8 runs, which decide, the
    optimizers above 0.5 have at most 0.63 (torch's ASGD over lists), and most have less than 0.1.
    """
    return FARTHER * (deviation + 2 * unit_roundoff(dtype) * largest)


def sharp(tolerance: Tensor, update: Tensor, largest: Tensor, u: float) -> Tensor:
    """Whether a tolerance can separate correct from incorrect: it is at most u^(1/4) of the update (1e-4 in float64),
    or, if the update is small, u^(3/16) of the largest value (1e-3). Otherwise (a sign that rounding may flip,
    cancellation) the entry is not informative. u is that of the coarsest numbers the reference keeps: torch's NAdam
    keeps one in float32. This only decides which entries count as compared.
    """
    if not compares(u):
        return torch.ones_like(tolerance, dtype=torch.bool)
    return tolerance <= u ** (1 / 4) * torch.maximum(update, u ** (3 / 16) * largest)


def unlike(got: Tensor, expected: Tensor, largest: Tensor, dtype: torch.dtype) -> Tensor:
    """Whether two numbers differ by more than any sharp tolerance: a sharp tolerance is at most u^(1/4) of the update
    or of the largest value, and an update is at most twice as large as the largest value. A quick test before the
    tolerance itself, which takes far longer to compute.
    """
    u = unit_roundoff(dtype)
    near = (got - expected).abs() <= 2 * u ** (1 / 4) * largest
    return ~(near | (got == expected) | (got.isnan() & expected.isnan()))


def compares(u: float) -> bool:
    """Whether numbers with unit roundoff u have enough digits to be compared with a reference by perturbed rounding: in
    16 bits the smallest tolerance, 2 FARTHER u, is a tenth of the value or more.
    """
    return 2 * FARTHER * u < 2**-10


def telling(tolerance: Tensor, largest: float, u: float) -> Tensor:
    """Whether a tolerance for a gradient entry can separate correct from incorrect: it is at most u^(3/16) of the
    largest entry of its tensor, for the unit roundoff u of the coarsest numbers in the computation (1e-3 in float64,
    0.04 if a function rounds to float32). A gradient that is lost in rounding, as at saturation, is not informative.
    """
    return tolerance <= u ** (3 / 16) * largest


def well_conditioned(tolerance: Tensor, largest: float) -> Tensor:
    """Whether a gradient by hand keeps most of its digits: its own rounding carries it by at most u^(3/4) (1e-12) of
    the largest entry of its tensor. sigmoid(z) - y keeps 12 digits up to z = 7; a difference quotient of the function
    keeps 8, and is not compared."""
    return tolerance <= unit_roundoff(torch.float64) ** (3 / 4) * largest


def reproduces(got: Tensor, replayed: Tensor) -> bool:
    """Whether a tensor equals the result of a known mistake up to rounding: within u^(3/4) (1e-12 in float64) of its
    largest entry. Assumed, not derived: the conditioning of a wrong formula is not known, but its terms rarely exceed
    their sum by a factor of u^(-1/4) = 1e4. If they do, the mistake is not named.

    If all numbers on both sides are float32 numbers, each side may have been rounded to float32: 4 u of float32.
    """
    if got.shape != replayed.shape:
        return False
    got, replayed = got.detach().double(), replayed.detach().double()
    if torch.equal(got, replayed):
        return True
    if (got - replayed).abs().amax() > 4 * unit_roundoff(torch.float32) * replayed.abs().amax():
        return False  # true for most; NaN, and infinities on both sides, are handled below
    off = torch.where(equality.same(got, replayed), 0.0, (got - replayed).abs())
    largest = replayed.abs().nan_to_num(nan=0.0, posinf=0.0).amax()
    if (off <= unit_roundoff(torch.float64) ** (3 / 4) * largest).all():
        return True
    coarse = all(torch.equal(t.nan_to_num(), t.float().double().nan_to_num()) for t in (got, replayed))
    return coarse and bool((off <= 4 * unit_roundoff(torch.float32) * largest).all())
