"""The derivatives of an elementwise function, computed from its values only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import torch
from torch import Tensor

from mlp_core.quotients import STEP
from mlp_core.testing.bounds import quotients, references
from mlp_core.testing.bounds.noise import noise
from mlp_core.testing.bounds.rounding import unit_roundoff
from mlp_core.testing.oracles.slopes import Slope, slope
from mlp_core.testing.oracles.steps import largest

U = unit_roundoff(torch.float64)


@dataclass(frozen=True)
class Entries:
    """Functions of one number, one per entry: every(x) calls each with its own entry, one(k, x) only the kth."""

    one: Callable[[int, float], float]
    several: Callable[[Tensor], Tensor] | None = None
    u: float = U
    """the unit roundoff of the numbers that they return"""

    def every(self, x: Tensor) -> Tensor:
        if self.several is not None:
            return self.several(x)
        return torch.tensor([self.one(k, v) for k, v in enumerate(x.tolist())], dtype=torch.float64)


@dataclass(frozen=True)
class Derivatives:
    """The derivative of every entry, its error bound, and whether that is informative; at a kink, the one-sided slopes
    between which the derivative may be.
    """

    value: Tensor
    bound: Tensor
    telling: Tensor
    kink: Tensor
    low: Tensor
    high: Tensor

    def admits(self, got: Tensor, own: Tensor) -> Tensor:
        """The entries that are accepted, if they may be wrong by `own`."""
        return torch.where(
            self.kink, (got >= self.low - own) & (got <= self.high + own), (got - self.value).abs() <= self.bound + own
        )


def derivatives(
    entries: Entries, at: Tensor, got: Tensor | None = None, own: Tensor | None = None, *, quick: bool = False
) -> Derivatives:
    """The derivative of each function at its entry of `at`. If the subject's values are known, entries that plain
    quotients decide are not examined further, nor any entry after one that is refuted. `quick`: use only plain
    quotients, which do not detect kinks.
    """
    x = at.flatten()
    mine = None if got is None else got.flatten()
    margin = torch.zeros_like(x) if own is None else own.flatten()
    error = noise(entries.every, x, entries.u)
    h = STEP * torch.exp2(torch.frexp(x)[1].clamp(min=0).double())
    ups, downs = ([entries.every(x + sign * k * h) for k in (1, 2)] for sign in (1, -1))
    value, coarse = ((ups[k] - downs[k]) / ((x + (k + 1) * h) - (x - (k + 1) * h)) for k in (0, 1))
    four = zip(error.tolist(), h, coarse, value, strict=True)
    bound = torch.stack([quotients.central(e, step, wide, fine) for e, step, wide, fine in four])
    kink, low, high = torch.zeros_like(x, dtype=torch.bool), torch.zeros_like(x), torch.zeros_like(x)
    settled = bound <= U ** (3 / 16) * value.abs()
    if not quick:
        settled &= torch.zeros_like(settled) if mine is None else (mine - value).abs() <= bound + margin
    off = torch.zeros_like(x) if mine is None else ((mine - value).abs() / (bound + margin)).nan_to_num(nan=torch.inf)
    refuted = False
    for k in sorted((~settled).nonzero().flatten().tolist(), key=lambda k: -float(off[k])):
        if refuted:  # one is enough
            bound[k] = torch.inf
            continue
        wanted = None if mine is None else float(mine[k])
        found = _closer(partial(entries.one, k), float(x[k]), float(error[k]), wanted, float(margin[k]), entries.u)
        value[k], bound[k] = found.value, found.bound
        if found.sides is not None:
            kink[k] = True
            low[k], high[k] = found.sides
        elif wanted is not None and not quick and found.bound <= U ** (3 / 16) * max(abs(found.value), abs(wanted)):
            refuted = not found.confirms(wanted, float(margin[k]))
    size = max(largest(value), 0.0 if got is None else largest(got))
    telling = references.telling(bound, size, entries.u) & bound.isfinite() & value.isfinite()
    six = (t.view(at.shape) for t in (value, bound, telling, kink, low, high))
    return Derivatives(*six)


def _closer(
    f: Callable[[float], float], x: float, error: float, wanted: float | None, margin: float, u: float
) -> Slope:
    """The derivative from a ladder of steps. If it does not confirm the claimed value, rounding is measured at its own
    points.
    """
    kept = cache(f)
    found = slope(kept, x, error)
    up, down = found.points
    if wanted is None or found.sides is not None or up == down or found.confirms(wanted, margin):
        return found
    errors = noise(Entries(lambda _, v: kept(v)).every, torch.tensor([up, down], dtype=torch.float64), u)
    return Slope(found.value, found.bound + float(errors.sum()) / abs(up - down), found.points)
