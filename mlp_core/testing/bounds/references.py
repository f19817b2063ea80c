"""How far code that is not ours may lie from a reference, by how far perturbed runs of it scatter; and from a known
mistake that is replayed. Measured or assumed, where nothing can be derived."""

from __future__ import annotations

import torch
from torch import Tensor

from mlp_core import equality
from mlp_core.testing.bounds.rounding import unit_roundoff

RUNS = 8
"""runs of a reference under perturbed rounding"""

RUNS_OF_A_FUNCTION = 32
"""runs of a function and its gradient, whose entries are single sums: see `bounds.functions`"""

FARTHER = 32
"""How many times farther than the farthest perturbed run another right implementation may lie. Measured, not derived:
one written in another algebraic form and order rounds at most a few times as often as the reference, whose perturbed
operations err by up to 3u each (2u of noise, and u of their own) in 8 independent draws"""


def last_bits(value: float) -> float:
    """How far a value may be off by the rounding of its last operation alone: FARTHER times 2u of it, in float64."""
    return FARTHER * 2 * unit_roundoff(torch.float64) * abs(value)


def perturbed(deviation: Tensor, largest: Tensor, dtype: torch.dtype) -> Tensor:
    """How far another right implementation may lie from the reference, entry by entry: FARTHER times the farthest of
    the perturbed runs, plus 2u of the largest value that stood there (what writing it down costs).

    Measured, against the first of 1, 2, 4 and 8 runs that explain all, where a ratio may come as near to 1 as it likes:
    0.998 (optimizers), 0.30 (training loops), 0.39 (any gradient). Against all 8 runs, which decide, the units of
    optimizers above 0.5 come to 0.63 at most (torch's ASGD over lists), most of them to less than 0.1.
    """
    return FARTHER * (deviation + 2 * unit_roundoff(dtype) * largest)


def sharp(tolerance: Tensor, update: Tensor, largest: Tensor, u: float) -> Tensor:
    """Where a tolerance still tells right from wrong: at most u^(1/4) of the update (1e-4 in float64), or, where the
    update is small, of u^(3/16) of the largest value (1e-3). Elsewhere (a sign that rounding may flip, cancellation)
    the entry says nothing. u is that of the coarsest numbers the reference keeps: torch's NAdam keeps one in float32.
    Nothing is accused for being sharp: this only decides what counts as compared."""
    if not compares(u):
        return torch.ones_like(tolerance, dtype=torch.bool)
    return tolerance <= u ** (1 / 4) * torch.maximum(update, u ** (3 / 16) * largest)


def unlike(got: Tensor, expected: Tensor, largest: Tensor, dtype: torch.dtype) -> Tensor:
    """Where two numbers are too far apart for any tolerance that is sharp, whatever rounding explains: that is at most
    u^(1/4) of the update or of the largest value, and an update is at most twice as large as the largest value. A sieve
    before the tolerance itself, which takes far longer to find."""
    u = unit_roundoff(dtype)
    near = (got - expected).abs() <= 2 * u ** (1 / 4) * largest
    return ~(near | (got == expected) | (got.isnan() & expected.isnan()))


def compares(u: float) -> bool:
    """Whether numbers of unit roundoff u have digits enough to be held to a reference by perturbed rounding: in 16 bits
    the least tolerance, 2 FARTHER u, is a tenth of the value or more."""
    return 2 * FARTHER * u < 2**-10


def telling(tolerance: Tensor, largest: float, u: float) -> Tensor:
    """Whether a tolerance for an entry of a gradient tells right from wrong: at most u^(3/16) of the largest entry of
    its tensor, for the unit roundoff u of the coarsest numbers computed with (1e-3 in float64, 0.04 where a function
    rounds to float32). A gradient that drowns in rounding, as at saturation, tells nothing."""
    return tolerance <= u ** (3 / 16) * largest


def reproduces(got: Tensor, replayed: Tensor) -> bool:
    """Whether a tensor is what a known mistake gives, but for rounding: within u^(3/4) (1e-12 in float64) of the
    largest entry there. Assumed, not derived: nothing is known of the conditioning of a wrong formula, but the terms it
    adds up seldom stand above their sum by a factor of u^(-1/4) = 1e4. Where they do, a mistake goes without a name.

    Numbers that all fit float32 on both sides may have been rounded to it apart: 4 u of float32.
    """
    if got.shape != replayed.shape:
        return False
    got, replayed = got.detach().double(), replayed.detach().double()
    if torch.equal(got, replayed):
        return True
    if (got - replayed).abs().amax() > 4 * unit_roundoff(torch.float32) * replayed.abs().amax():
        return False  # most are; NaN, and infinities on both sides, are looked at below
    off = torch.where(equality.same(got, replayed), 0.0, (got - replayed).abs())
    largest = replayed.abs().nan_to_num(nan=0.0, posinf=0.0).amax()
    if (off <= unit_roundoff(torch.float64) ** (3 / 4) * largest).all():
        return True
    coarse = all(torch.equal(t.nan_to_num(), t.float().double().nan_to_num()) for t in (got, replayed))
    return coarse and bool((off <= 4 * unit_roundoff(torch.float32) * largest).all())
