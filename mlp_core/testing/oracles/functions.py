"""Derivatives of any function from its values: quotients of all entries, and a closer examination of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from math import inf, isfinite, log, nan, ulp
from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.bounds import quotients
from mlp_core.testing.bounds.functions import Rounding, aside, gradient, own_rounding, signs, value_rounding, worst_of
from mlp_core.testing.bounds.references import RUNS, RUNS_OF_A_FUNCTION
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.engine.shortage import of_memory
from mlp_core.testing.examples.inputs import Inputs
from mlp_core.testing.oracles.integrals import DISTINCT, contradicted
from mlp_core.testing.oracles.slopes import DIGITS, LONGEST, RATIO, Slope, slope
from mlp_core.testing.oracles.steps import largest, places, steps_of

Place = tuple[int, ...]

Gradient = Callable[[list[Tensor]], Sequence[Tensor]]
"""parameters -> the gradients of all of them"""

FEW, BEYOND, WIDER = 4, 2.0**16, 4.0
"""the number of runs that suffices if a value is wrong by that many times more than they explain. More runs would find
a scatter that is a few times larger: measured on 417 values of correct layers and functions (`right/`), 8 runs find at
most 3.0 times the scatter of 4, and 32 runs at most 5.8 times. WIDER replaces 8 runs. Most wrong gradients are wrong in
the first digits, and this is most of the cost of a smaller example"""

FINER = 2.0**12
"""rounding is measured at steps that are this many times shorter than the one before"""

RUNGS = 64
"""the largest number of shorter steps that are compared with a longer one, each four times shorter than the one
before"""


NO_NUMBER = "assert loss(params, *data).numel() == 1, loss(params, *data).shape"


@dataclass
class Values:
    """The values of a subject's function around an example, and the rounding error of each."""

    subject: Any
    inputs: Inputs
    still: bool = False
    """whether rounding is measured without moving the parameters: such an error may confirm a gradient, and never
    refutes one"""

    @cached_property
    def sharper(self) -> Values:
        """The same values, whose errors are measured with the parameters left as they are."""
        return replace(self, still=True)

    @cached_property
    def rounding(self) -> Rounding:
        """The rounding error of the values here and one step away: at a perfect fit the value here is exactly 0, and
        not informative.
        """
        return self._within(0)

    @cached_property
    def lost(self) -> bool:
        """Whether an overflow on the way has left no digits of the values here and beside: x / |x| is 0 once the
        squares in |x| overflow. Then equal values prove nothing."""
        if not self.rounding.overflown:
            return False
        params = list(self.inputs.params)
        near = [[p + s * steps_of(p) * signs(p) for p in params] for s in (0, 1, -1)]
        size = max(abs(v) for v in (0.0, *map(self.at, near)) if isfinite(v))
        return self.rounding.error > DIGITS * size

    @cached_property
    def _here(self) -> Rounding:
        return value_rounding(self.at, list(self.inputs.params), still=self.still)

    @cached_property
    def _known(self) -> dict[int, Rounding]:
        return {}

    def _within(self, finer: int) -> Rounding:
        """The rounding error of the values here and up to a step away, which is FINER^-finer of the usual step."""
        if finer not in self._known:
            found = [self._here, *(self._beside(sign, FINER**-finer) for sign in (1, -1))]
            self._known[finer] = worst_of(found)
        return self._known[finer]

    def errors(self, x: float) -> Callable[[float], float]:
        """The error bound of a value at a given distance in one entry: near 0, values and their errors are smaller than
        farther away.
        """
        usual = steps_of(torch.tensor(x, dtype=torch.float64)).item()

        def error(step: float) -> float:
            apart = (log(usual) - log(step)) / log(FINER)  # for subnormal steps the quotient overflows
            return self._within(max(0, int(apart))).error

        return error

    def _beside(self, sign: int, part: float) -> Rounding:
        """The rounding error of the values a fraction of a step away. If the function is not finite there (a logarithm
        near 0), the step is shortened by the size of a number below 1. If it is still not finite, nothing is known
        about the values here.
        """
        here, found = list(self.inputs.params), Rounding(0.0, 0.0)
        for size in (1.0, None):
            moves = [part * steps_of(p) * (size or p.abs().clamp(max=1.0)) * signs(p) for p in here]
            there = [p + sign * m for p, m in zip(here, moves, strict=True)]
            found = value_rounding(self.at, there, still=self.still)
            if isfinite(found.error):
                return found
        return Rounding(0.0, found.u)

    def here(self) -> float:
        """The function at the example, without a graph. Raises what the function raises."""
        return self._called(list(self.inputs.params))

    def autograd(self, params: list[Tensor]) -> list[Tensor]:
        """The gradient at other parameters, by autograd."""
        return gradient(self.subject.value, params, self.inputs.fresh()[1])

    def by_hand(self, params: list[Tensor]) -> list[Tensor]:
        """The hand-written gradient at other parameters."""
        found: list[Tensor] = self.subject.by_hand(replace(self.inputs, params=tuple(params)))
        return found

    @cached_property
    def own(self) -> list[Tensor] | None:
        """How far rounding may carry the gradient by hand, if that is known."""
        try:
            return own_rounding(self.by_hand, list(self.inputs.params))
        except Exception as error:  # beside the example it may not be defined
            if of_memory(error):
                raise
            return None

    def at(self, params: list[Tensor]) -> float:
        """The function at other parameters, without a graph; NaN if it raises there, because the user did not ask for
        that point.
        """
        try:
            return self._called(params)
        except Exception as error:
            if of_memory(error):
                raise
            return nan

    def _called(self, params: list[Tensor]) -> float:
        with torch.no_grad():
            found = self.subject.value([p.clone() for p in params], *self.inputs.fresh_data())
        if isinstance(found, Tensor) and found.numel() != 1:
            raise Broken("what loss returns", f"shape {tuple(found.shape)}", "one number", closing=NO_NUMBER)
        return float(found)

    def of_entry(self, k: int, place: Place) -> Callable[[float], float]:
        """The function of one entry of parameter k, with the others fixed."""
        return cache(lambda x: self.at(self._with(k, place, x)))

    def _with(self, k: int, place: Place, x: float) -> list[Tensor]:
        """The parameters with another number in one entry."""
        params = list(self.inputs.params)
        params[k] = params[k].clone()
        params[k][place] = x
        return params

    def closer(self, k: int, place: Place, longest: float = LONGEST) -> Slope:
        """The derivative by one entry, from a ladder of steps."""
        x = self.inputs.params[k][place].item()
        return slope(self.of_entry(k, place), x, self.errors(x), longest)

    def surer(self, k: int, place: Place, found: Slope, claimed: float) -> float:
        """How many times larger the bound of a slope is if rounding is measured at its own two points, in more runs:
        FEW, or, if the claimed value is not BEYOND what they explain, as many as needed.
        """
        up, down = found.points
        if up == down:  # equal values are not informative, even if they are exact
            return inf
        extra = 0.0
        for runs in (FEW, RUNS_OF_A_FUNCTION):
            errors = [value_rounding(self.at, self._with(k, place, x), runs).error for x in (up, down)]
            extra = sum(errors) / abs(up - down)
            if abs(claimed - found.value) > BEYOND * (found.bound + extra):
                break
        return extra

    def resolved(
        self, k: int, place: Place, found: Slope, extra: float, other: float, claimed: Gradient | None = None
    ) -> bool:
        """Whether the quotients of shorter steps agree with a slope, with rounding measured at the points of each, down
        to the step that cannot distinguish the slope from another number; and whether the gradient which claims that
        number contradicts these values when it is integrated (`integrals.contradicted`).

        If they do not agree, the function varies within the step: faster than the step shows (x^2 sin(1/x) near 0), or
        because its values are coarser than perturbed rounding shows (1 + erf, far to the left). If the integral does
        not contradict, the function varies faster than any step shows.
        """
        f, x = self.of_entry(k, place), self.inputs.params[k][place].item()
        step, apart = abs(found.points[0] - found.points[1]) / 2 / RATIO, abs(other - found.value)
        runs, wider = (FEW, WIDER) if apart > BEYOND * (found.bound + extra) else (RUNS, 1.0)
        low, high, off_by = *sorted(found.points), found.bound + extra
        for _ in range(RUNGS):
            up, down = x + step, x - step
            if x in (up, down):
                break
            error = wider * max(value_rounding(self.at, self._with(k, place, x_), runs).error for x_ in (up, down))
            fine, coarse = ((f(x + s) - f(x - s)) / ((x + s) - (x - s)) for s in (step, 2 * step))
            off = quotients.central(error, step, *torch.tensor([coarse, fine], dtype=torch.float64)).item()
            if not found.confirms(fine, off + extra):
                return False
            if 4 * error / step > apart:
                break
            if 8 * error / step <= apart and step >= DISTINCT * ulp(x):
                low, high, off_by = down, up, quotients.rounding(2 * error, up - down, fine)
            step /= RATIO
        if claimed is None or not isfinite(other):
            return True
        return contradicted(
            lambda v: claimed(self._with(k, place, v))[k][place].item(), low, high,
            (f(high) - f(low)) / (high - low), off_by, other,
        )  # fmt: skip

    def confirmed(self, k: int, place: Place, claimed: float) -> bool:
        """Whether a part of the function, without the terms that do not depend on the entry, confirms the number. A
        function that returns one number has no such parts.
        """
        return False

    def quotients(self, k: int) -> tuple[Tensor, Tensor]:
        """For every entry of parameter k: the central difference, and its error bound."""
        theta, found = self.inputs.params[k], list[tuple[float, float]]()
        steps = steps_of(theta)
        for place in places(theta):
            x, h, f = theta[place].item(), steps[place].item(), self.of_entry(k, place)
            fine, coarse = ((f(x + s) - f(x - s)) / ((x + s) - (x - s)) for s in (h, 2 * h))
            found.append((fine, coarse))
        fine, coarse = (t.view(theta.shape) for t in torch.tensor(found, dtype=torch.float64).view(-1, 2).T)
        return fine, quotients.central(self.rounding.error, steps, coarse, fine)

    def whole(self, k: int, g: Tensor, place: Place) -> tuple[Tensor, Place]:
        """The gradient of parameter k, and the index of an entry in it, for messages."""
        return g, place

    def scale(self, k: int) -> float:
        """The largest quotient by an entry of parameter k nearby: the size to which errors are relative."""
        there = replace(self.inputs, params=tuple(aside(self.inputs.params)))
        return largest(replace(self, inputs=there).quotients(k)[0])
