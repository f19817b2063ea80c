"""The error bounds of difference quotients and Taylor remainders: the objective's own rounding, the truncation of the
step, and the tolerance of a gradient check."""

from __future__ import annotations

import torch
from torch import Tensor

from mlp_core.quotients import BANDS, STEP
from mlp_core.rounding import gamma, of_objective, unit_roundoff
from mlp_core.testing.examples.problem import Case, Problem

FINE, SUSPECT = BANDS[0][0], BANDS[1][0]
"""Relative errors up to FINE are right, those above SUSPECT probably wrong (design: bands)"""

CLEAR = 1e7
"""A gradient is clear of rounding if its norm exceeds the rounding floor this many times: then q decides"""

TAYLOR_CLEAR = 100
"""Taylor remainders are used if they exceed their rounding bound this many times"""

SMALLER, LARGER = 80, 16
"""A gradient check may take a step this many times smaller or larger than gradcheck.STEP: 9.5e-8 to 1.2e-4, which
contains the usual steps of textbooks and libraries (1e-7, 1e-6, 1e-5, 1e-4)"""


def objective(problem: Problem, case: Case) -> float:
    """The error bound of the computed objective: see `mlp_core.rounding.of_objective`."""
    y_hat, y = case.trace.output.double(), case.y
    if problem.loss is None:
        terms = (y_hat * case.dL_dy.double()).abs().sum()
    else:
        assert y is not None
        terms = problem.loss.terms(y_hat, y if problem.loss.classes else y.double()).abs()
    return of_objective(case.model, case.trace, terms, case.dL_dy)


def central(error: float, step: float | Tensor, coarse: Tensor, fine: Tensor) -> Tensor:
    """The largest distance of a central difference `fine` with step h from the derivative, per entry.

    Rounding: each of the two objectives has an error of `error`, hence error / h. Truncation: D(h) = J' + h^2/6 J''' +
    O(h^4), so that `coarse` = D(2 h) differs from `fine` by three times the truncation of D(h), up to O(h^4). Entries
    for which a pre-activation crosses a kink or a jump of f'' are skipped. Twice the difference is allowed, six times
    the truncation, plus the rounding of both quotients (error / h and error / 2h, twice) and of the divisions.

    Measured: 0.16 (networks), 0.015 (losses), 0.0062 (any function).
    """
    own = 4 * unit_roundoff(torch.float64) * fine.abs()
    return 2 * (coarse - fine).abs() + 4 * error / step + own


def truncation(one: float, wider: float, widest: float, falls: float) -> float:
    """The truncation bound of a quotient, given the quotients of steps 4 and 16 times longer, if the truncation of each
    is `falls` times that of the one before.

    Plain: D(h) = J' + h^2/6 J''' + O(h^4), so that falls = 16, D(4 h) - D(h) is 15 times the truncation of D(h), and
    D(16 h) - D(4 h) is 240 times that; extrapolated once falls = 256, twice 4096. Six times the truncation is allowed,
    as in `central`, from the larger of the two estimates: one of them may vanish by chance. That covers a jump of the
    next derivative too, at which the truncation falls by 4, 64 or 1024: then 1.2, 1.5 or 1.5 times the truncation.
    """
    return 6 / (falls - 1) * max(abs(wider - one), abs(widest - wider) / falls)


def rounding(errors: float, distance: float, quotient: float) -> float:
    """The rounding error of a quotient of two values: their errors over the distance, and its own four operations."""
    return errors / distance + 4 * unit_roundoff(torch.float64) * abs(quotient)


def rounding_floor(objective: float, step: float, size: int) -> float:
    """The norm of the rounding noise in a central difference of `size` entries: u max|J| / h sqrt(size)."""
    return unit_roundoff(torch.float64) * abs(objective) / step * size**0.5


def any_step(error: float, theta: Tensor, widest: Tensor, half: Tensor) -> Tensor:
    """The largest distance of the central difference with any step h' from STEP / SMALLER to h = STEP LARGER from the
    derivative, per entry. `widest` is D(h), `half` D(h / 2); there must be no kink within h.

    Truncation: D(h) = J' + h^2/6 J''' + O(h^4), so that D(h) - D(h/2) is three quarters of that of D(h), which is that
    of the widest step; twice the difference is allowed, 1.5 times the truncation. Rounding: both objectives have an
    error of `error`, hence error / h'; theta +- h' is rounded by u |theta|, which changes each by u |theta J'|; and
    four operations.

    Measured: 0.0013 (right gradients), 0.000088 (one wrong entry in a wide network). These ratios are small because the
    bound holds for every usual step. Its truncation is that of the widest step. Its rounding is that of the smallest
    step, 80 times the rounding at gradcheck.STEP, where mlp_core's own check is measured. In a wide network, gamma_n
    covers n roundings of one sign, of which sqrt(n) remain. A narrower bound would fail correct checks.
    """
    u, smallest = unit_roundoff(torch.float64), STEP / SMALLER
    rounding = (error + u * (theta * half).abs()) / smallest + 4 * u * half.abs()
    return 2 * (widest - half).abs() + rounding


def relative_error(noise: float, scale: float) -> float:
    """The largest error of q = ||a - d|| / (||a|| + ||d||) because the quotient a replaces the true derivative t. Here
    ||a - t|| <= noise and scale = ||t|| + ||d||.

    Numerator and denominator each move by at most `noise`, and q <= 1: |q' - q| <= 2 noise / (scale - noise), plus the
    rounding of d itself and of the norms, which is at most u^(3/4) (1e-12) of it for fewer than a thousand entries.
    """
    if noise >= scale:
        return float("inf")
    return 2 * noise / (scale - noise) + unit_roundoff(torch.float64) ** (3 / 4)


def taylor(error: float, remainder_scale: float, slope: float, n: int) -> float:
    """The rounding error of a Taylor remainder |J(theta + h v) - J(theta) - h g.v|: two objectives, and the product h
    g.v.
    """
    return 2 * error + gamma(n + 4, torch.float64) * (abs(slope) + abs(remainder_scale))
