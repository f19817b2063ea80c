"""The rounding tolerance of any function's gradient and value, from perturbed runs of the function itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.bounds import references
from mlp_core.testing.bounds.envelopes import Envelope, scatter
from mlp_core.testing.bounds.perturbed import PerturbedRounding
from mlp_core.testing.bounds.rounding import unit_roundoff
from mlp_core.testing.engine.shortage import of_memory

NEARBY = 2.0**-10
"""the relative change of the parameters with which the size of a nearby gradient is found"""

STRONGER = 16.0
"""the factor of the errors in the second runs, which separate a jump from rounding. A deviation by rounding grows by
this factor, or by a quarter of it at least if errors cancel; a jump does not grow"""


def gradient_envelopes(
    loss: Callable[..., Tensor], params: Sequence[Tensor], data: Sequence[Any], *, still: bool = False
) -> Iterator[Envelope]:
    """The gradient of a function by autograd, and its tolerance, from 1, 2, 4, ..., 32 runs.

    The parameters are perturbed too. A wrong tolerance of 0 needs errors that cancel in every run: one in 2^8 entries
    for 8 runs of a difference of two products, too many for the entries of a soak; one in 2^32 for 32.

    still: leave the parameters as they are. Next to 1, the slope of asin moves by a percent if x moves by its last bit,
    which no formula does. Such a tolerance may be too small for a correct gradient; a gradient within it is correct.
    """
    plain, u, overflown = gradient(loss, params, data), unit_roundoff(torch.float64), False
    deviations, scale = [torch.zeros_like(g) for g in plain], None
    for seed in range(references.RUNS_OF_A_FUNCTION):
        mode = PerturbedRounding(torch.float64, torch.Generator().manual_seed(seed), ranges=True)
        noisy = _if_defined(loss, params, data, mode, still=still)
        scatter(deviations, noisy or [torch.full_like(g, torch.nan) for g in plain], plain)
        u, overflown = max(u, mode.coarsest), overflown or mode.overflown
        if (seed + 1).bit_count() == 1:
            two = zip(deviations, plain, strict=True)
            tolerance = [references.perturbed(d, g.abs(), torch.float64) for d, g in two]
            silent = _silent(tolerance, [_largest(g) for g in plain], u)
            if any(bool(s.any()) for s in silent):
                scale = scale or _scale(loss, params, data, plain)
                silent = _silent(tolerance, scale, u)
            yield Envelope(plain, tolerance, silent, overflown)


def gradient(
    loss: Callable[..., Tensor], params: Sequence[Tensor], data: Sequence[Any], mode: PerturbedRounding | None = None,
    *, still: bool = False,
) -> list[Tensor]:  # fmt: skip
    """The gradient by autograd; in a mode, with perturbed parameters (unless still) and perturbed operations."""
    own = [p.detach().clone() if mode is None or still else p.detach() * mode.factors(p) for p in params]
    with torch.enable_grad(), mode or nullcontext():
        value = loss([p.requires_grad_() for p in own], *data)
        found = torch.autograd.grad(value, own, allow_unused=True, materialize_grads=True)
    return [g.detach().double() for g in found]


def own_rounding(
    by_hand: Callable[[list[Tensor]], Sequence[Tensor]], params: Sequence[Tensor], runs: int = references.RUNS
) -> list[Tensor] | None:
    """How far rounding may carry a gradient written by hand, entry by entry: FARTHER times the largest deviation of its
    own perturbed runs. sigmoid(z) - y has lost all digits where a sample is classified for sure, and is right.

    Rounding explains no entry that is not finite, and none that jumps: rounding moves a number farther if every
    operation errs by more, and a jump does not. A formula that is wrong only where p == 3 jumps there.

    None if it rounds to less than float64 on the way: to lose digits so is a mistake. What is not written with torch
    does not scatter, and nothing of it is explained so.
    """
    plain = [g.double() for g in by_hand(list(params))]
    small, large, ranges = (
        _deviations(by_hand, params, plain, runs, times, ranges)
        for times, ranges in ((1.0, False), (STRONGER, False), (1.0, True))
    )
    if small is None or large is None or ranges is None:
        return None
    return [
        torch.where((b < s * STRONGER / 4) | ~r.isfinite(), 0.0, references.FARTHER * r)
        for s, b, r in zip(small, large, ranges, strict=True)
    ]


def _deviations(
    by_hand: Callable[[list[Tensor]], Sequence[Tensor]], params: Sequence[Tensor], plain: list[Tensor], runs: int,
    times: float, ranges: bool,
) -> list[Tensor] | None:  # fmt: skip
    """The largest deviation of each entry in perturbed runs, whose errors are `times` as large as usual; None if it
    rounds to less than float64."""
    deviations = [torch.zeros_like(g) for g in plain]
    for seed in range(runs):
        mode = PerturbedRounding(torch.float64, torch.Generator().manual_seed(seed), ranges=ranges)
        mode.u *= times
        own = [p * mode.factors(p) for p in params]
        with mode:
            noisy = [g.detach().double() for g in by_hand(own)]
        if mode.coarsest > mode.u:
            return None
        scatter(deviations, noisy, plain)
    return deviations


def widened(found: Envelope, got: Sequence[Tensor], own: Sequence[Tensor]) -> Envelope:
    """An envelope that explains the rounding of the gradient by hand, too, in entries that autograd's leaves
    unexplained. If that is more than a few digits, such an entry is silent."""
    tolerance, silent = [], []
    for g, e, t, s, d in zip(got, found.expected, found.tolerance, found.silent, own, strict=True):
        beyond = ~((g - e).abs() <= t) & g.isfinite()  # rounding never explains a NaN
        tolerance.append(torch.where(beyond, torch.maximum(t, d), t))
        silent.append(s | beyond & ~references.well_conditioned(d, _largest(e)))
    return Envelope(found.expected, tolerance, silent, found.overflown)


@dataclass(frozen=True)
class Rounding:
    """The error bound of a computed value, the unit roundoff of the coarsest numbers in it, and whether a number on the
    way overflowed."""

    error: float
    u: float
    overflown: bool = False


def worst_of(found: Sequence[Rounding]) -> Rounding:
    """The largest error of several values."""
    return Rounding(max(r.error for r in found), max(r.u for r in found), any(r.overflown for r in found))


def value_rounding(
    at: Callable[[list[Tensor]], float], params: Sequence[Tensor], runs: int = references.RUNS, *, still: bool = False
) -> Rounding:
    """The rounding error of the value that `at` computes from parameters: FARTHER times the largest deviation of
    perturbed runs, which counts as at least 2u of the value.

    The parameters are perturbed too (unless still): an operation with many roundings, such as a determinant, counts as
    one here. The last operation already changes a perturbed value by 2u of it. A smaller deviation does not mean
    exactness: if a function ends in two operations that round, (1 + 2u)(1 - 2u) cancels in every other run.
    """
    value, spread, u, overflown = at(list(params)), 0.0, unit_roundoff(torch.float64), False
    for seed in range(runs):
        mode = PerturbedRounding(torch.float64, torch.Generator().manual_seed(seed), ranges=True)
        own = [p.clone() if still else p * mode.factors(p) for p in params]
        with mode:
            spread = max(spread, _distance(at(own), value))
        u, overflown = max(u, mode.coarsest), overflown or mode.overflown
    return Rounding(max(references.FARTHER * spread, references.last_bits(value)), u, overflown)


def _distance(one: float, other: float) -> float:
    return abs(one - other) if one == one and other == other else float("inf")


def aside(params: Sequence[Tensor]) -> list[Tensor]:
    """Nearby parameters, each entry changed by NEARBY of itself; an entry of 0 by NEARBY of the largest, or of 1."""
    return [p + NEARBY * signs(p) * torch.where(p == 0, _largest(p) or 1.0, p.abs()) for p in params]


def _largest(g: Tensor) -> float:
    return g.abs().nan_to_num(nan=0.0, posinf=0.0).amax().item() if g.numel() else 0.0


def _scale(
    loss: Callable[..., Tensor], params: Sequence[Tensor], data: Sequence[Any], plain: Sequence[Tensor]
) -> list[float]:
    """The largest entry of each gradient, here or nearby. At a perfect fit the gradient is zero up to rounding, and
    errors are then judged relative to the gradient nearby. If a function is flat, it is flat nearby too.
    """
    nearby = _if_defined(loss, aside(params), data) or plain
    return [max(_largest(g), _largest(n)) for g, n in zip(plain, nearby, strict=True)]


def _if_defined(
    loss: Callable[..., Tensor], params: Sequence[Tensor], data: Sequence[Any], mode: PerturbedRounding | None = None,
    *, still: bool = False,
) -> list[Tensor] | None:  # fmt: skip
    """The gradient beside the given point; None if the function raises there, because it may have a domain."""
    try:
        return gradient(loss, params, data, mode, still=still)
    except Exception as error:
        if of_memory(error):
            raise
        return None


def signs(p: Tensor) -> Tensor:
    """+1 and -1 without a pattern that a sum would cancel."""
    return torch.linspace(1, 1 + p.numel(), p.numel(), dtype=p.dtype).square().sin().sign().view(p.shape)


def _silent(tolerance: Sequence[Tensor], scale: Sequence[float], u: float) -> list[Tensor]:
    return [~references.telling(t, m, u) for t, m in zip(tolerance, scale, strict=True)]
