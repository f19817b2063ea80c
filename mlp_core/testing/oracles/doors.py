"""Derivatives of a door's own forward from its values: its outputs, weighted by the upstream gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import isfinite
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mlp_core.equality import place_of, same
from mlp_core.testing.bounds import references
from mlp_core.testing.bounds.forwards import noise_of, terms_rounding
from mlp_core.testing.bounds.functions import Rounding, signs, value_rounding, worst_of
from mlp_core.testing.bounds.rounding import unit_roundoff
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.examples.arguments import Arguments, NamedInputs, Path
from mlp_core.testing.examples.foreign_arrays import is_jax, like, tensor_of
from mlp_core.testing.oracles.functions import Place, Values
from mlp_core.testing.oracles.slopes import RATIO, Slope
from mlp_core.testing.oracles.steps import steps_of

RUNS = 4
"""the number of perturbed runs at a point; errors that they miss are covered by the noise observed at neighbouring
points"""

FARTHER_AWAY = range(-1, 9)
"""the powers of two of the distances at which a function is evaluated if it is flat"""

PROBES = 2.0**-20, 1.0, 2.0**20
"""how far an entry is moved to see which outputs depend on it, relative to the entry and to 1"""

UNIT = unit_roundoff(torch.float64)

MOST = 16
"""the number of entries of an array that are checked in an example; of a larger array, other entries in each example"""


@dataclass(frozen=True)
class Looked:
    """An array of an example, and the flat places of its checked entries; None for all."""

    path: Path
    name: str
    whole: Tensor
    chosen: Tensor | None

    @classmethod
    def at(cls, example: Arguments, path: Path, name: str) -> Looked:
        whole = tensor_of(example.at(path))
        if whole.numel() <= MOST:
            return cls(path, name, whole, None)
        order = torch.randperm(whole.numel(), generator=torch.Generator().manual_seed(example.texture))
        return cls(path, name, whole, order[:MOST].sort().values)

    def cut(self, whole: Tensor) -> Tensor:
        """The checked entries."""
        return whole if self.chosen is None else whole.flatten()[self.chosen]

    def put(self, entries: Tensor) -> Tensor:
        """The array with other values in these entries."""
        if self.chosen is None:
            return entries
        flat = self.whole.flatten().clone()
        flat[self.chosen] = entries
        return flat.view(self.whole.shape)


@dataclass(frozen=True)
class Weighted:
    """value(params) = the sum of the upstream gradient times each output, as a function of the checked entries."""

    values: Callable[[list[Any]], list[Tensor]]
    """arguments -> outputs, as float64 tensors"""
    example: Arguments
    looked: Sequence[Looked]
    above: Sequence[Tensor]
    u: float = UNIT
    """the unit roundoff of the outputs"""
    only: Sequence[Tensor] | None = None
    """the terms that are summed, as a mask for each output; None for all"""

    def value(self, params: Sequence[Tensor]) -> Tensor:
        return torch.stack([term.sum() for term in self.terms(params)]).sum()

    def terms(self, params: Sequence[Tensor], extended: bool = False) -> list[Tensor]:
        """The products before they are summed. extended: with more digits than float64 on the way to the outputs, if
        the forward is numpy's; otherwise there are none.
        """
        two = zip(self.looked, params, strict=True)
        moved = {one.path: _array(one.put(p), self.example.at(one.path)) for one, p in two}
        args = self.example.moved(moved)
        longer = replace(self.example, args=tuple(args)).extended() if extended else args
        outs = [] if longer is None else self.values(longer)
        terms = [c * o for c, o in zip(self.above, outs, strict=longer is not None)]
        return terms if self.only is None else [t[m] for t, m in zip(terms, self.only, strict=True)]


def _array(numbers: Tensor, value: Any) -> Any:
    """Numbers as an array of the same library, in float64 whatever the original dtype: quotients need the digits."""
    if isinstance(value, Tensor):
        return numbers.detach().clone()
    return like(numbers, value) if is_jax(value) and value.dtype == np.float64 else numbers.numpy().copy()


@dataclass
class ForwardValues(Values):
    """The values of a forward that may be written without torch: their rounding is perturbed, and also observed."""

    def errors(self, x: float) -> Callable[[float], float]:
        """The same bound for every step."""
        return lambda step: self.rounding.error

    def surer(self, k: int, place: Place, found: Slope, claimed: float) -> float:
        """As for any values; and where the function is flat, how much of a slope it may have lost on the way. For
        x < -37 the values of log(1 + exp(x)) are 0, and for x < -20 they are a staircase. Its steps are at most as high
        as the rounding of its values farther away.
        """
        extra, flat = max(super().surer(k, place, found, claimed), self._cancelled(k, place, found)), 0.0
        f, x = self.of_entry(k, place), self.inputs.params[k][place].item()
        step, size = abs(found.points[0] - found.points[1]) / 2, max(1.0, abs(x))
        while 0 < step <= size and f(x + step) == f(x - step) == f(x):
            flat, step = step, RATIO * step
        if not flat:
            return extra
        far = [abs(f(x + sign * 2.0**power * size) - f(x)) for power in FARTHER_AWAY for sign in (1, -1)]
        return max(extra, references.last_bits(max(v for v in (0.0, *far) if isfinite(v))) / flat)

    def _cancelled(self, k: int, place: Place, found: Slope) -> float:
        """How far the rounding of the values of a forward in numpy may carry a slope, from the difference between its
        values in float64 and in extended precision, at the two points of the slope. For x < -6, 1 + tanh(x) has few
        digits left. They are the same ones at neighbouring points, where x times it shows no noise.
        """
        off = 0.0
        for x in found.points:
            params = self._with(k, place, x)
            try:
                longer, terms = self.subject.terms(params, extended=True), self.subject.terms(params)
            except Broken:  # numpy.linalg takes no such numbers
                return 0.0
            if [t.shape for t in longer] != [t.shape for t in terms]:
                return 0.0
            off += sum(float((a - b).abs().nan_to_num().sum()) for a, b in zip(longer, terms, strict=True))
        up, down = found.points
        return 2 * off / abs(up - down) if up != down else 0.0  # 2: quotients of longer steps are extrapolated

    @cached_property
    def rounding(self) -> Rounding:
        here = list(self.inputs.params)
        beside = [p + steps_of(p) * signs(p) / 3 for p in here]
        found = [value_rounding(self.at, params, RUNS) for params in (here, beside)]
        u = self.subject.u
        seen = noise_of(self.at, beside), terms_rounding(self.subject.terms(here), u)
        worst = worst_of(found)
        return replace(worst, error=max(worst.error, *seen), u=max(worst.u, u))


@dataclass
class LookedAt(ForwardValues):
    """The forward's values as functions of some entries only."""

    def whole(self, k: int, g: Tensor, place: Place) -> tuple[Tensor, Place]:
        """The gradient of the whole array, with zeros for unchecked entries."""
        one = self.subject.looked[k]
        if one.chosen is None:
            return g, place
        flat = one.whole.new_zeros(one.whole.numel())
        flat[one.chosen] = g
        return flat.view(one.whole.shape), place_of(int(one.chosen[place[0]]), one.whole.shape)

    def confirmed(self, k: int, place: Place, claimed: float) -> bool:
        """Whether the terms that depend on an entry confirm the number without the others. A relu that bends 1e-6 away
        is hidden by the rounding of a sum in which another output is 1e9.
        """
        x = self.inputs.params[k][place].item()
        terms = self._dependent(k, place, [x + sign * part * max(1.0, abs(x)) for part in PROBES for sign in (1, -1)])
        if terms is None or all(bool(one.all()) for one in terms):
            return False
        alone = replace(self, subject=replace(self.subject, only=terms))
        one = alone.closer(k, place)
        told = one.allows(claimed) if one.sides else one.confirms(claimed)
        return told and bool(references.telling(torch.tensor(one.bound), max(abs(one.value), alone.scale(k)), UNIT))

    def _dependent(self, k: int, place: Place, points: Sequence[float]) -> list[Tensor] | None:
        """A mask of the terms that change if an entry moves to some points; None if it is not defined at one."""
        here = self.subject.terms(list(self.inputs.params))
        changes = [torch.zeros(t.shape, dtype=torch.bool) for t in here]
        for x in points:
            try:
                there = self.subject.terms(self._with(k, place, x))
            except Broken:
                return None
            if [t.shape for t in there] != [t.shape for t in here]:
                return None
            changes = [c | ~same(a, b) for c, a, b in zip(changes, here, there, strict=True)]
        return changes


def values_of(
    values: Callable[[list[Any]], list[Tensor]], example: Arguments, paths: Sequence[Path], names: Sequence[str],
    above: Sequence[Tensor], u: float = UNIT,
) -> LookedAt:  # fmt: skip
    """The values of a forward around an example, weighted by the upstream gradient. values: arguments -> outputs, as
    float64 tensors; paths, names: of the arrays whose entries are moved; u: the unit roundoff of the outputs.
    """
    looked = [Looked.at(example, path, name) for path, name in zip(paths, names, strict=True)]
    inputs = NamedInputs(tuple(one.cut(one.whole) for one in looked), (), tuple(names))
    return LookedAt(Weighted(values, example, looked, above, u), inputs)


def looked_at(values: LookedAt, k: int, gradient: Tensor) -> Tensor:
    """The checked entries of the gradient of array k."""
    return values.subject.looked[k].cut(gradient)
