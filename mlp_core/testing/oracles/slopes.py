"""The derivative of a function of one number from its values only, with an error bound.

Central differences are computed for a ladder of steps, each four times the one below:

    D(h) = (f(x + h) - f(x - h)) / 2h        each f(x +- h) has an error of at most `error(h)`

A long step truncates, a short one rounds. Neighbouring rungs are extrapolated to a step of 0 (Richardson; Ridders
1982), as long as their truncation falls as that of a smooth function does:

    D'(h) = D(h) + (D(h) - D(4h)) / 15       D''(h) = D'(h) + (D'(h) - D'(4h)) / 255

The estimate with the smallest sum of truncation and rounding is used, if all rungs below agree with it. If one does
not, the function varies within the step (a steep sigmoid, a kink beside the point), and the longer step is not
informative.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from mlp_core.testing.bounds import quotients, references

SHORTEST, LONGEST, RATIO = 2.0**-45, 2.0**-2, 4.0
"""the ends of the ladder, as fractions of 1 or of abs(x), whichever is farther; the ratio of neighbouring rungs"""

FARTHEST = 2.0**10
"""the end of the ladder if no shorter step tells: beside targets of 1e12 a value errs by more than a step of 1 moves
it"""

SMALLEST, GREATEST = -64, 1000
"""the exponents of the smallest and largest abs(x); a smaller x has another ladder below"""

BENT = 0.75
"""at a kink: the smallest fraction of the gap between the one-sided quotients that remains for a step four times
shorter; for a smooth function a quarter remains"""

EVEN = 0.1
"""how far the decrease of the truncation may differ from a smooth function's, from rung to rung and twice in a row, for
the quotients to be extrapolated; beside a jump of a derivative it is irregular"""

LESS = 1.25
"""how many times larger the change of a quotient must be from one rung to the next, if quotients approach a number"""

DIGITS = 2.0**-10
"""the largest error of a function relative to its largest value: a function without digits may vary unseen, unless its
values are bit-identical"""

CLEAR = 4.0
"""how many times a gap must exceed the rounding of the quotients to count"""


@dataclass(frozen=True)
class Slope:
    """A derivative and its error bound, which is infinite if the values are not informative."""

    value: float
    bound: float
    points: tuple[float, float]
    """the points at which the function was evaluated for it"""
    sides: tuple[float, float] | None = None
    """at a kink: the slopes on its two sides, the smaller first, widened by their error bounds"""

    def confirms(self, derivative: float, extra: float = 0.0) -> bool:
        """Whether a derivative is within the bound plus `extra`."""
        return abs(derivative - self.value) <= self.bound + extra

    def allows(self, derivative: float) -> bool:
        """At a kink: whether a number is the slope of one side, or between the two slopes."""
        return self.sides is not None and self.sides[0] <= derivative <= self.sides[1]


@dataclass(frozen=True)
class _Rung:
    step: float
    up: float
    down: float
    above: float
    below: float
    quotient: float
    rounding: float
    error: float


@dataclass(frozen=True)
class _Estimate:
    rung: int
    order: int
    value: float
    bound: float


def slope(
    f: Callable[[float], float], x: float, error: float | Callable[[float], float], longest: float = LONGEST
) -> Slope:
    """The derivative of f at x. `error`: the error bound of a value of f near x, or within a step of x. `longest`: the
    end of the ladder.

    >>> found = slope(lambda x: x * x, 3.0, error=1e-15)
    >>> found.confirms(6.0), found.confirms(6.0001)
    (True, False)
    >>> slope(abs, 0.0, error=1e-16).allows(-0.5), slope(abs, 1e-3, error=1e-16).confirms(1.0)
    (True, True)
    >>> slope(abs, 1e-40, error=lambda step: 1e-16 * step).confirms(1.0)
    True
    >>> slope(abs, 0.0, error=lambda step: 1e-16 * step).allows(1.0)
    True
    """
    off_by = error if callable(error) else lambda step: error
    middle, rungs, estimates = f(x), list[_Rung](), list[_Estimate]()
    for first, last in _ladders(x, longest):
        part = _digits(list(_rungs(f, x, off_by, first, last)))
        estimates += _estimates(part, len(rungs))
        rungs += part
    plain = {one.rung: one.bound for one in estimates if one.order == 1}
    for found in sorted(estimates, key=lambda one: one.bound):
        # the rung below a plain quotient has less truncation; the rung below an extrapolated one has more
        below = rungs[: found.rung]
        off = [one.rounding if found.order == 1 else plain.get(k, math.inf) for k, one in enumerate(below)]
        if all(abs(one.quotient - found.value) <= b + found.bound for one, b in zip(below, off, strict=True)):
            top = rungs[found.rung]
            sides = _sides(rungs[: max(found.rung, 1) + 1], x, middle)  # a kink appears on at least two rungs
            return Slope(found.value, found.bound, (top.up, top.down), sides)
    return Slope(math.nan, math.inf, (x, x))


def _estimates(rungs: list[_Rung], first: int) -> Iterator[_Estimate]:
    """Estimates from plain quotients (order 1), then from extrapolated ones; `first`: the number of rungs below these.
    """
    values, off = [one.quotient for one in rungs], [one.rounding for one in rungs]
    smooth = _settles(values, off)
    for order in (1, 2, 3):
        falls = RATIO ** (2 * order)  # the truncation of the next rung is this many times as large
        for k, (one, wider, widest) in enumerate(zip(values, values[1:], values[2:], strict=False)):
            if smooth[k]:
                yield _Estimate(first + k, order, one, quotients.truncation(one, wider, widest, falls) + off[k])
        smooth = [
            smooth[k] and all(_falls(values[i : i + 3], off[i : i + 3], falls) for i in (k, k + 1))
            for k in range(len(values) - 3)
        ]
        values = [a + (a - b) / (falls - 1) for a, b in pairwise(values)][: len(smooth)]
        off = [a + (a + b) / (falls - 1) for a, b in pairwise(off)][: len(smooth)]


def _settles(values: list[float], off: list[float]) -> list[bool]:
    """Whether the quotients approach a number at each rung. x log(x) has none at 0: its quotients change by the same
    amount from rung to rung, until rounding hides it. That a change is smaller at shorter steps must be seen.
    """
    changes = [(abs(a - b), u + v) for (a, b), (u, v) in zip(pairwise(values), pairwise(off), strict=True)]
    found, drifts, above = list[bool](), math.inf, math.inf
    for change, noise in reversed(changes):
        if change + noise < drifts:
            drifts = math.inf
        if change > CLEAR * noise:
            drifts = change if above < LESS * change else math.inf
        above = change
        found.append(drifts == math.inf)
    return [*reversed(found), True]


def _falls(values: list[float], off: list[float], falls: float) -> bool:
    """Whether the truncation of three rungs decreases as it should, up to a tenth, and exceeds rounding."""
    near, far = values[1] - values[0], values[2] - values[1]
    return abs(near) > CLEAR * (off[0] + off[1]) and abs(far / (falls * near) - 1) <= EVEN


def _ladders(x: float, longest: float) -> Iterator[tuple[float, float]]:
    """The shortest and the longest step. For a tiny x, first the steps that are fractions of x, then the fractions of
    1.
    """
    exponent = math.frexp(x)[1] if x else 0
    if exponent < SMALLEST:
        yield max(math.ldexp(SHORTEST, exponent), math.ulp(0.0)), math.ldexp(LONGEST, exponent)
    size = 2.0 ** min(max(exponent, SMALLEST), GREATEST)
    yield SHORTEST * min(size, 1.0), longest * max(size, 1.0)


def _rungs(
    f: Callable[[float], float], x: float, off_by: Callable[[float], float], step: float, last: float
) -> Iterator[_Rung]:
    """The quotients from the shortest step to the longest, up to the first at which f is not finite."""
    while step <= last:
        up, down = x + step, x - step
        if up != x and down != x:
            above, below = f(up), f(down)
            if not (math.isfinite(above) and math.isfinite(below)):
                return
            quotient, error = (above - below) / (up - down), off_by(step)
            errors = sum(max(error, references.last_bits(value)) for value in (above, below))
            off = quotients.rounding(errors, up - down, quotient)
            yield _Rung(step, up, down, above, below, quotient, off, error)
        step *= RATIO


def _digits(rungs: list[_Rung]) -> list[_Rung]:
    """No rungs, if the values have no digits."""
    values = {v for one in rungs for v in (one.above, one.below)}
    blurred = len(values) > 1 and max(one.error for one in rungs) > DIGITS * max(map(abs, values))
    return [] if blurred else rungs


def _sides(rungs: list[_Rung], x: float, middle: float) -> tuple[float, float] | None:
    """The slopes to the left and right, if they differ by as much for shorter steps as for the last: a kink at x."""
    last = rungs[-1]
    gap, noise = _gap(last, x, middle), 4 * last.error / last.step
    if not gap > CLEAR * noise:
        return None
    for one in rungs[:-1]:
        if 4 * one.error / one.step * CLEAR <= gap:  # the shortest step at which the gap would be clear
            if _gap(one, x, middle) < BENT * gap:
                return None
            left, right = (middle - one.below) / (x - one.down), (one.above - middle) / (one.up - x)
            off = 2 * one.error / one.step + abs(gap - _gap(one, x, middle))
            return min(left, right) - off, max(left, right) + off
    return None


def _gap(rung: _Rung, x: float, middle: float) -> float:
    """The right quotient minus the left one."""
    return abs((rung.above - middle) / (rung.up - x) - (middle - rung.below) / (x - rung.down))
