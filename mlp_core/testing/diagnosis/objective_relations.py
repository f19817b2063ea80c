"""The relations by which the known mistakes of objectives are recognised, between returned and correct values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.examples.rows import Rows
from mlp_core.testing.oracles.entries import Derivatives
from mlp_core.testing.oracles.objectives import gradient_of_the_loss, own_derivative, own_noise


@dataclass
class Seen:
    """The values that an objective returns on one example, and the correct ones."""

    subject: Any
    at: Rows

    def given(self, scores: Tensor) -> Tensor:
        """The returned gradient for other scores."""
        return self.subject.both(self.at.at(scores))[0]

    @cached_property
    def gradient(self) -> Tensor:
        return self.subject.both(self.at)[0]

    @cached_property
    def hessian(self) -> Tensor:
        return self.subject.both(self.at)[1]

    @cached_property
    def right(self) -> Derivatives:
        """The gradient according to the loss."""
        return gradient_of_the_loss(self.subject, self.at)

    @cached_property
    def bent(self) -> Derivatives:
        """The hessian according to the returned gradient."""
        return own_derivative(self.subject, self.at)

    @cached_property
    def p(self) -> Tensor:
        """The probability, for two classes or for several."""
        return torch.softmax(self.at.scores, 1) if self.several else torch.sigmoid(self.at.scores)

    @property
    def several(self) -> bool:
        return self.at.scores.ndim == 2

    @cached_property
    def slope(self) -> Tensor:
        """dp/ds."""
        return self.p * (1 - self.p)

    @cached_property
    def alone(self) -> list[Tensor]:
        """Gradient and hessian of each row, computed with that row only."""
        parts = [self.subject.both(self.at.one(k)) for k in range(len(self.at.labels))]
        return [torch.cat([part[which] for part in parts]) for which in (0, 1)]

    @cached_property
    def weighed(self) -> tuple[Tensor, Tensor]:
        found: tuple[Tensor, Tensor] = self.subject.both(self.at, weighted=True)
        return found

    @cached_property
    def noises(self) -> tuple[Tensor, Tensor]:
        return own_noise(self.subject, self.at, 0), own_noise(self.subject, self.at, 1)

    def by_loss(self, left: Tensor, factor: Any = 1.0) -> Sides:
        """A relation between the returned gradient and the correct gradient times a factor."""
        found, f = self.right, torch.as_tensor(factor, dtype=torch.float64)
        known = found.telling & ~found.kink & f.isfinite()
        return left, found.value * f, known, (found.bound + self.noises[0].nan_to_num(posinf=0.0)) * f.abs()

    def by_gradient(self, left: Tensor, right: Callable[[Tensor], Tensor]) -> Sides:
        """A relation between a returned value and a function of the gradient's derivative."""
        found = self.bent
        value, above = right(found.value), right(found.value + found.bound)
        off = (above - value).abs() + self.noises[1].nan_to_num(posinf=0.0)
        return left, value, found.telling & ~found.kink & value.isfinite(), off


Sides = tuple[Tensor, Tensor, Tensor, Tensor]
"""two tensors that are equal if the mistake was made, which entries are known, and how far the known ones may differ"""

Relation = Callable[[Seen], Sides | None]


def _ones(x: Tensor) -> Tensor:
    return torch.ones_like(x)


def single(sides: Callable[[Seen], Sides]) -> Relation:
    """Restricts a relation to objectives with one score per row."""
    return lambda seen: None if seen.several else sides(seen)


def of_several(sides: Callable[[Seen], Sides]) -> Relation:
    return lambda seen: sides(seen) if seen.several else None


def weighed(which: int, right: Callable[[Tensor, Tensor], Tensor]) -> Relation:
    """A relation between the value with weights and a function of the value without weights and of the weights, one per
    row.
    """

    def sides(seen: Seen) -> Sides | None:
        if not seen.subject.weighs:
            return None
        plain = (seen.gradient, seen.hessian)[which]
        w = seen.at.weights.view(-1, *[1] * (plain.ndim - 1)).expand(plain.shape)
        got, off = seen.weighed[which], seen.noises[which] * (1 + w) ** 2
        return got, right(plain, w), _ones(got).bool(), off

    return sides


def both(one: Relation, other: Relation) -> Relation:
    def sides(seen: Seen) -> Sides | None:
        first, second = one(seen), other(seen)
        if first is None or second is None:
            return None
        parts = [torch.stack([a.double() for a in torch.broadcast_tensors(*s)]).flatten(1) for s in (first, second)]
        left, right, known, off = torch.cat(parts, 1)
        return left, right, known.bool(), off

    return sides


def shared_out(which: int) -> Relation:
    """A relation between a row's value among other rows and a fraction of its value with that row only."""

    def sides(seen: Seen) -> Sides:
        got, n = (seen.gradient, seen.hessian)[which], len(seen.at.labels)
        return got * n, seen.alone[which], _ones(got).bool(), seen.noises[which] * n

    return sides


def apart(which: int) -> Relation:
    def sides(seen: Seen) -> Sides:
        got = (seen.gradient, seen.hessian)[which]
        return got, seen.alone[which], _ones(got).bool(), 2 * seen.noises[which]

    return sides
