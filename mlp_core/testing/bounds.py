"""The one place for tolerances: each derived, none typed elsewhere.

Notation: u is the unit roundoff of a dtype, gamma_n = n u / (1 - n u) (Higham, *Accuracy and Stability of Numerical
Algorithms*, 2nd ed., ch. 3): a sum of products evaluated with n roundings in any order differs from the exact one by at
most gamma_n times the sum of the magnitudes of its terms. Underflow is covered by holding every magnitude at or above
the smallest normal number, whose u-fold is half the spacing of the subnormal ones.

How near errors come to each bound is measured by the soak (`nox -s soak` prints the worst of every law); the figures
beside the bounds are the worst of its 1,000,350 examples over the core and all of mlp_core.testing.differently. None is
above 1. One is below 1e-4, with the reason beside it (any_quotient): a bound that nothing comes near catches little.

Where no rounding is allowed for, "to the bit" is what mlp_core.equality says.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from mlp_core import equality, gradcheck
from mlp_core.equality import same_bits as same_bits
from mlp_core.model import MLP, Trace
from mlp_core.testing.problem import Case, Problem

ELEMENTARY = 8
"""Assumption: exp, log, tanh, erf, sigmoid of torch on CPU err by at most 8 roundings (4 ulp) of a normal result; one
that is not normal may be 0 instead (sigmoid(-92) in float32 is, and e^-92 is not)"""

DERIVATIVE = 2 * ELEMENTARY + 8
"""Roundings of one f'(z): at most two elementary functions and eight operations, relative to Activation.terms"""

FINE, SUSPECT = gradcheck.BANDS[0][0], gradcheck.BANDS[1][0]
"""Relative errors up to FINE are right, those above SUSPECT probably wrong (design: bands)"""

CLEAR = 1e7
"""A gradient is clear of rounding where its norm exceeds the rounding floor this many times: then q decides"""

TAYLOR_CLEAR = 100
"""Taylor remainders are looked at where they exceed their rounding bound this many times"""


def unit_roundoff(dtype: torch.dtype) -> float:
    """u: half the distance from 1 to the next number."""
    return torch.finfo(dtype).eps / 2


def gamma(n: float, dtype: torch.dtype) -> float:
    """n u / (1 - n u)."""
    nu = n * unit_roundoff(dtype)
    return nu / (1 - nu)


def flushed(terms: Tensor, roundings: int, dtype: torch.dtype) -> Tensor:
    """Magnitudes, float64, to which the error of elementary functions is relative: gamma of the roundings times the
    part added here is the smallest normal number, below which a result may be 0."""
    return terms.double().abs() + torch.finfo(dtype).tiny / gamma(roundings, dtype)


def backprop(case: Case, *, extra: int = 0) -> list[Tensor]:
    """How far two evaluations of the gradient from one trace may lie apart, each tensor entry by entry (float64).

    The magnitudes flow back as delta does:  D[L] = |dL/dy| F_L,  D[l] = (D[l+1] |W[l+1]|) F_l,  with F the terms of f'
    added up; then dW <= D^T |a|, db <= sum D. The roundings on the way to layer l: 3 for the loss, DERIVATIVE and one
    product for every layer from L to l, n_j for every product with W[j], B for the sum over the batch. Both
    evaluations may err by gamma of that count, in any order of summation: twice it. `extra`: further roundings (a sum
    of several gradients).

    Measured: 0.76 and 0.56 (one sample, the two worst of 13,770 examples; the next 0.17), 0.17 (wide layers), 0.098
    (strided inputs), 0.081 (many layers), 0.074 (odd parameters), 0.071 (scaled losses), 0.070 (one layer), 0.064
    (batches), 0.060 (adding up, half precision), 0.059 (at kinks), 0.054 (widths of 1, order), 0.030 (permutations).
    """
    dtype, tiny = case.model.flat.dtype, torch.finfo(case.model.flat.dtype).tiny
    rows = len(case.dL_dy)
    roundings, bounds = 3 + rows + extra, list[Tensor]()
    for layer, _, magnitude in _flow(case):
        roundings += DERIVATIVE + 1
        two = 2 * gamma(roundings, dtype)
        previous = case.trace.a[layer - 1].double().abs()
        bounds = [two * (magnitude.T @ previous + rows * tiny), two * magnitude.sum(0), *bounds]
        roundings += case.model.sizes[layer]
    return bounds


def _flow(case: Case) -> Iterator[tuple[int, Tensor, Tensor]]:
    """From the last layer to the first: its number, the magnitudes D[l+1] |W[l+1]| that flow into it, and D[l]."""
    tiny = torch.finfo(case.model.flat.dtype).tiny
    coming = case.dL_dy.detach().double().abs()
    for layer in range(case.model.L, 0, -1):
        z, a = case.trace.z[layer].double(), case.trace.a[layer].double()
        slope = flushed(case.model.activations[layer - 1].terms(z, a), DERIVATIVE, case.model.flat.dtype)
        magnitude = (coming * slope).clamp(min=tiny)
        yield layer, coming, magnitude
        coming = magnitude @ case.model.weights[layer - 1].detach().double().abs()


def overflows(case: Case) -> bool:
    """Whether a sum on the way back may leave the numbers of its dtype, in whatever order: where its magnitudes add up
    to half the largest (the other half is for rounding). NaN among them: it has happened."""
    half, found = torch.finfo(case.model.flat.dtype).max / 2, False
    for layer, coming, magnitude in _flow(case):
        sums = coming, magnitude.sum(0), magnitude.T @ case.trace.a[layer - 1].double().abs()
        found |= not all(bool((s < half).all()) for s in sums)
    return found


def forward(model: MLP, trace: Trace) -> list[Tensor]:
    """How far a[0..L] as computed may lie from the exact ones, entry by entry (float64).

    E_a[0] = 0;  E_z[l] = |W| E_a[l-1] + gamma_{n+1} (|a| |W|^T + |b|);  E_a[l] = Lip_f E_z[l] + ELEMENTARY u (|a| + 1),
    doubled against second-order terms.
    """
    dtype = model.flat.dtype
    errors = [torch.zeros_like(trace.a[0], dtype=torch.float64)]
    for layer, f in enumerate(model.activations, start=1):
        W, b = (t.detach().double().abs() for t in (model.weights[layer - 1], model.biases[layer - 1]))
        a = trace.a[layer - 1].double().abs()
        e_z = errors[-1] @ W.T + gamma(W.shape[1] + 1, dtype) * (a @ W.T + b)
        own = 0.0 if f.slopes else ELEMENTARY * unit_roundoff(dtype) * (trace.a[layer].double().abs() + 1)
        errors.append(2 * (f.lipschitz * e_z + own))
    return errors


def objective(problem: Problem, case: Case) -> float:
    """How far the objective as computed may lie from the exact one.

    The error E of the output enters with |dL/dy| E + E^2 (every loss here has second derivatives of at most 2); the
    loss itself errs by gamma of its roundings, ELEMENTARY and one a term, times the magnitudes it adds up.
    """
    e = forward(case.model, case.trace)[-1]
    y_hat, y = case.trace.output.double(), case.y
    n = y_hat.numel()
    if problem.loss is None:
        terms = (y_hat * case.dL_dy.double()).abs().sum()
    else:
        assert y is not None
        terms = problem.loss.terms(y_hat, y if problem.loss.classes else y.double()).abs()
    own = gamma(n + 2 * ELEMENTARY, case.model.flat.dtype) * terms
    return (case.dL_dy.double().abs() * e + e * e).sum().item() + own.item() + torch.finfo(torch.float64).tiny


def quotient(error: float, step: float, coarse: Tensor, fine: Tensor) -> Tensor:
    """How far a central difference `fine` of step h may lie from the derivative, entry by entry.

    Rounding: each of the two objectives errs by `error`, so error / h. Truncation: D(h) = J' + h^2/6 J''' + O(h^4), so
    that `coarse` = D(2 h) differs from `fine` by three times the truncation of D(h), up to O(h^4), as long as no
    pre-activation crosses a kink or a jump of f'' (such entries are skipped). Twice the difference is allowed, six
    times the truncation, plus the rounding of both quotients (error / h and error / 2h, twice) and of the divisions.

    Measured: 0.16 (networks), 0.015 (losses), 0.0062 (any function).
    """
    own = 4 * unit_roundoff(torch.float64) * fine.abs()
    return 2 * (coarse - fine).abs() + 4 * error / step + own


def rounding_floor(objective: float, step: float, size: int) -> float:
    """The norm of the rounding noise in a central difference of `size` entries: u max|J| / h sqrt(size)."""
    return unit_roundoff(torch.float64) * abs(objective) / step * size**0.5


SMALLER, LARGER = 80, 16
"""A gradient check may take a step this many times smaller or larger than gradcheck.STEP: 9.5e-8 to 1.2e-4, wherein
lie the steps that textbooks and libraries take (1e-7, 1e-6, 1e-5, 1e-4)"""


def any_quotient(error: float, theta: Tensor, widest: Tensor, half: Tensor) -> Tensor:
    """How far the central difference of any step h' from STEP / SMALLER to h = STEP LARGER may lie from the derivative,
    entry by entry. `widest` is D(h), `half` D(h / 2); no kink may lie within h.

    Truncation: D(h) = J' + h^2/6 J''' + O(h^4), so that D(h) - D(h/2) is three quarters of that of D(h), which is that
    of the widest step; twice the difference is allowed, 1.5 times the truncation. Rounding: both objectives err by
    `error`, so error / h'; theta +- h' is rounded by u |theta|, which moves each by u |theta J'|; and four operations.

    Measured: 0.0013 (right gradients), 0.000088 (one wrong entry in a wide network). As small as that because the bound
    is for every step that textbooks take: of its two parts, truncation is that of the widest step and rounding that of
    the smallest, 80 times what it is at gradcheck.STEP, where mlp_core's own check is measured; and in a wide network
    gamma_n stands for n roundings of one sign, of which sqrt(n) remain. A narrower one would accuse right checks.
    """
    u, smallest = unit_roundoff(torch.float64), gradcheck.STEP / SMALLER
    rounding = (error + u * (theta * half).abs()) / smallest + 4 * u * half.abs()
    return 2 * (widest - half).abs() + rounding


def relative_error(noise: float, scale: float) -> float:
    """How far q = ||a - d|| / (||a|| + ||d||) may lie from what it is for the true derivative t in place of the
    quotient a, where ||a - t|| <= noise and scale = ||t|| + ||d||.

    Numerator and denominator each move by at most `noise`, and q <= 1:  |q' - q| <= 2 noise / (scale - noise), plus the
    rounding of d itself and of the norms, which is at most u^(3/4) (1e-12) of it for fewer than a thousand entries.
    """
    if noise >= scale:
        return float("inf")
    return 2 * noise / (scale - noise) + unit_roundoff(torch.float64) ** (3 / 4)


def taylor(error: float, remainder_scale: float, slope: float, n: int) -> float:
    """Rounding of a Taylor remainder |J(theta + h v) - J(theta) - h g.v|: two objectives, and the product h g.v."""
    return 2 * error + gamma(n + 4, torch.float64) * (abs(slope) + abs(remainder_scale))


def update(p: Tensor, lr: float, gradient_bound: Tensor) -> Tensor:
    """How far p - lr v may move when the gradient in v moves within its bound: lr times it, and two roundings of p.

    Valid for one step of a rule that is linear in g with a factor of at most 2 (SGD: 1, Nesterov: 1 + beta).

    Measured: 0.059.
    """
    return 2 * lr * gradient_bound + 4 * unit_roundoff(p.dtype) * p.detach().double().abs()


def loss_gradient(terms: Tensor, dtype: torch.dtype) -> Tensor:
    """dL/dy of two evaluations: ELEMENTARY functions twice and four operations, relative to the magnitudes added up.

    Measured: 0.044.
    """
    return 2 * gamma(2 * ELEMENTARY + 4, dtype) * flushed(terms, 2 * ELEMENTARY + 4, dtype)


def derivative(terms: Tensor, delta: Tensor, dtype: torch.dtype) -> Tensor:
    """delta f'(z) of two evaluations: DERIVATIVE roundings each, relative to the magnitudes added up.

    Measured: 0.095.
    """
    tiny = torch.finfo(dtype).tiny
    return 2 * gamma(DERIVATIVE, dtype) * (flushed(terms, DERIVATIVE, dtype) * delta.double().abs()).clamp(min=tiny)


def mean(terms: Tensor, n: int, dtype: torch.dtype) -> Tensor:
    """Two evaluations of a mean of n weighted numbers: gamma_{n+3} each, times the magnitudes added up.

    Measured: 0.25.
    """
    return 2 * gamma(n + 3, dtype) * terms.clamp(min=torch.finfo(dtype).tiny)


def normalised(x: Tensor, largest: Tensor, std: Tensor, n: int, *, x_dtype: torch.dtype) -> Tensor:
    """(x - mean) / std of n pixels, statistics and map evaluated in the dtype of x or better.

    The mean errs by gamma_n max|x|; the standard deviation relatively by gamma_n (max|x| / std)^2, because squares of
    that size may be subtracted; the map by three roundings. Two evaluations.

    Measured: 0.032.
    """
    own = gamma(n + 8, x_dtype)
    spread = (largest + x.abs()) / std
    return 2 * own * (spread + 1) * (1 + (largest / std) ** 2)


RUNS = 8
"""runs of a reference under perturbed rounding"""

FARTHER = 32
"""How many times farther than the farthest perturbed run another right implementation may lie. Measured, not derived:
one written in another algebraic form and order rounds at most a few times as often as the reference, whose perturbed
operations err by up to 3u each (2u of noise, and u of their own) in 8 independent draws"""


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


def telling(tolerance: Tensor, largest: Tensor, dtype: torch.dtype) -> Tensor:
    """Where a tolerance for an entry of a gradient tells right from wrong: at most u^(3/16) (1e-3 in float64) of the
    largest entry of its tensor. A gradient that drowns in rounding, as at saturation, says nothing."""
    return tolerance <= unit_roundoff(dtype) ** (3 / 16) * largest


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
