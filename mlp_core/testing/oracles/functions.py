"""What the values of any function say of its derivatives: quotients of all entries, and a closer look at one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import product
from math import inf, isfinite, log, nan, ulp
from typing import Any

import torch
from torch import Tensor

from mlp_core.quotients import STEP
from mlp_core.testing.bounds import quotients
from mlp_core.testing.bounds.functions import Rounding, aside, gradient, signs, value_rounding
from mlp_core.testing.bounds.references import RUNS, RUNS_OF_A_FUNCTION
from mlp_core.testing.engine.shortage import of_memory
from mlp_core.testing.examples.inputs import Inputs
from mlp_core.testing.oracles.integrals import DISTINCT, contradicted
from mlp_core.testing.oracles.slopes import RATIO, Slope, slope

Place = tuple[int, ...]

Gradient = Callable[[list[Tensor]], Sequence[Tensor]]
"""of all parameters, at any parameters"""

FEW, BEYOND, WIDER = 4, 2.0**16, 4.0
"""runs that are enough where a number is so many times farther off than they explain. More would find a scatter a few
times as large: measured on 417 values of right layers and functions (`right/`), 8 runs find at most 3.0 times the
scatter of 4, and 32 runs at most 5.8 times. WIDER stands for 8. Most wrong gradients are wrong in the first digits, and
this is most of what a smaller example costs"""

FINER = 2.0**12
"""rounding is measured at steps that are so many times shorter than the one before"""

RUNGS = 64
"""steps that are asked whether they agree with a longer one, each four times shorter than the one before"""


@dataclass
class Values:
    """The values of a subject's function around an example, and what rounding explains of each."""

    subject: Any
    inputs: Inputs

    @cached_property
    def rounding(self) -> Rounding:
        """Of the values here and a step aside: at a perfect fit the value here is 0 to the bit, and tells nothing."""
        return self._within(0)

    @cached_property
    def _here(self) -> Rounding:
        return value_rounding(self.at, list(self.inputs.params))

    @cached_property
    def _known(self) -> dict[int, Rounding]:
        return {}

    def _within(self, finer: int) -> Rounding:
        """Of the values here and up to a step aside, which is FINER^-finer of the usual one."""
        if finer not in self._known:
            found = [self._here, *(self._beside(sign, FINER**-finer) for sign in (1, -1))]
            self._known[finer] = Rounding(max(one.error for one in found), max(one.u for one in found))
        return self._known[finer]

    def errors(self, x: float) -> Callable[[float], float]:
        """How far a value may be off that is a step from here, by one entry: near 0 a value is a small one, and errs
        less than farther away."""
        usual = steps_of(torch.tensor(x, dtype=torch.float64)).item()

        def error(step: float) -> float:
            apart = (log(usual) - log(step)) / log(FINER)  # of subnormal steps the quotient overflows
            return self._within(max(0, int(apart))).error

        return error

    def _beside(self, sign: int, part: float) -> Rounding:
        """Of the values a part of a step aside; if the function is not finite there (a logarithm near 0), of a step
        that is as much shorter as a number is smaller than 1. If it is not there either, that says nothing of the
        values here."""
        here, found = list(self.inputs.params), Rounding(0.0, 0.0)
        for size in (1.0, None):
            moves = [part * steps_of(p) * (size or p.abs().clamp(max=1.0)) * signs(p) for p in here]
            found = value_rounding(self.at, [p + sign * m for p, m in zip(here, moves, strict=True)])
            if isfinite(found.error):
                return found
        return Rounding(0.0, found.u)

    def here(self) -> float:
        """The function at the example, without a graph. Raises whatever the function raises."""
        return self._called(list(self.inputs.params))

    def autograd(self, params: list[Tensor]) -> list[Tensor]:
        """The gradient at other parameters, by autograd."""
        return gradient(self.subject.loss, params, self.inputs.fresh()[1])

    def by_hand(self, params: list[Tensor]) -> list[Tensor]:
        """The gradient at other parameters, by hand."""
        found: list[Tensor] = self.subject.by_hand(replace(self.inputs, params=tuple(params)))
        return found

    def at(self, params: list[Tensor]) -> float:
        """The function at other parameters, without a graph; NaN if it raises there, where nobody asked for it."""
        try:
            return self._called(params)
        except Exception as error:
            if of_memory(error):
                raise
            return nan

    def _called(self, params: list[Tensor]) -> float:
        _, data = self.inputs.fresh()
        with torch.no_grad():
            return float(self.subject.loss([p.clone() for p in params], *data))

    def of_entry(self, k: int, place: Place) -> Callable[[float], float]:
        """The function of one entry of parameter k."""
        return cache(lambda x: self.at(self._with(k, place, x)))

    def _with(self, k: int, place: Place, x: float) -> list[Tensor]:
        """The parameters with another number in one place."""
        params = list(self.inputs.params)
        params[k] = params[k].clone()
        params[k][place] = x
        return params

    def closer(self, k: int, place: Place) -> Slope:
        """The derivative by one entry, from a ladder of steps."""
        x = self.inputs.params[k][place].item()
        return slope(self.of_entry(k, place), x, self.errors(x))

    def surer(self, k: int, place: Place, found: Slope, claimed: float) -> float:
        """How much farther a slope may be off, if rounding is measured at its own two points, in more runs: FEW, or, if
        what is claimed is not BEYOND what they explain, as many as it takes."""
        up, down = found.points
        if up == down:  # the values told nothing, however exact they are
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
        """Whether the quotients of shorter steps agree with a slope, if rounding is measured at the points of each,
        down to the step that cannot tell the slope from another number; and whether the gradient which claims that
        number does not give these values if it is integrated (`integrals.contradicted`).

        If they do not, the function varies within the step: faster than the step tells (x^2 sin(1/x) near 0), or since
        its values are coarser than perturbed roundings show (1 + erf, far to the left). If it does, the function varies
        faster than any step tells.
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

    def quotients(self, k: int) -> tuple[Tensor, Tensor]:
        """By every entry of parameter k: the central difference, and how far it may be off."""
        theta, found = self.inputs.params[k], list[tuple[float, float]]()
        steps = steps_of(theta)
        for place in places(theta):
            x, h, f = theta[place].item(), steps[place].item(), self.of_entry(k, place)
            fine, coarse = ((f(x + s) - f(x - s)) / ((x + s) - (x - s)) for s in (h, 2 * h))
            found.append((fine, coarse))
        fine, coarse = (t.view(theta.shape) for t in torch.tensor(found, dtype=torch.float64).view(-1, 2).T)
        return fine, quotients.central(self.rounding.error, steps, coarse, fine)

    def whole(self, k: int, g: Tensor, place: Place) -> tuple[Tensor, Place]:
        """The gradient of parameter k, and the index of an entry in it, as they are told."""
        return g, place

    def scale(self, k: int) -> float:
        """The largest quotient by an entry of parameter k nearby: what an error is large or small beside."""
        there = replace(self.inputs, params=tuple(aside(self.inputs.params)))
        return largest(replace(self, inputs=there).quotients(k)[0])


def steps_of(theta: Tensor) -> Tensor:
    """STEP for every entry, or for those above 1 the same part of them, as a power of two."""
    return STEP * torch.exp2(torch.frexp(theta.nan_to_num())[1].clamp(min=0).double())


def places(tensor: Tensor) -> list[Place]:
    """The index of every entry."""
    return list(product(*map(range, tensor.shape)))


def largest(tensor: Tensor) -> float:
    """The largest magnitude of the finite entries; 0 if there are none."""
    finite = tensor[tensor.isfinite()].abs()
    return finite.amax().item() if finite.numel() else 0.0
