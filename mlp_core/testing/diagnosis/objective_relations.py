"""The known mistakes of objectives, as relations between what one gives and what is right."""

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
    """What an objective gives on one example, and what is right there."""

    subject: Any
    at: Rows

    def given(self, scores: Tensor) -> Tensor:
        """The gradient for other scores."""
        return self.subject.both(self.at.at(scores))[0]

    @cached_property
    def gradient(self) -> Tensor:
        return self.subject.both(self.at)[0]

    @cached_property
    def hessian(self) -> Tensor:
        return self.subject.both(self.at)[1]

    @cached_property
    def right(self) -> Derivatives:
        """What the loss says of the gradient."""
        return gradient_of_the_loss(self.subject, self.at)

    @cached_property
    def bent(self) -> Derivatives:
        """What the gradient says of the hessian."""
        return own_derivative(self.subject, self.at)

    @cached_property
    def p(self) -> Tensor:
        """The probability, of two classes or of several."""
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
        """Gradient and hessian of each row that is alone."""
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
        """Whether something is the right gradient times a factor."""
        found, f = self.right, torch.as_tensor(factor, dtype=torch.float64)
        known = found.telling & ~found.kink & f.isfinite()
        return left, found.value * f, known, (found.bound + self.noises[0].nan_to_num(posinf=0.0)) * f.abs()

    def by_gradient(self, left: Tensor, right: Callable[[Tensor], Tensor]) -> Sides:
        """Whether something is what a function makes of the derivative of the gradient."""
        found = self.bent
        value, above = right(found.value), right(found.value + found.bound)
        off = (above - value).abs() + self.noises[1].nan_to_num(posinf=0.0)
        return left, value, found.telling & ~found.kink & value.isfinite(), off


Sides = tuple[Tensor, Tensor, Tensor, Tensor]
"""two tensors that are equal if a mistake is made, which entries are known, and how far these may be off"""

Relation = Callable[[Seen], Sides | None]


def _ones(x: Tensor) -> Tensor:
    return torch.ones_like(x)


def _single(sides: Callable[[Seen], Sides]) -> Relation:
    """Of one score per row alone."""
    return lambda seen: None if seen.several else sides(seen)


def _of_several(sides: Callable[[Seen], Sides]) -> Relation:
    return lambda seen: sides(seen) if seen.several else None


def _weighed(which: int, right: Callable[[Tensor, Tensor], Tensor]) -> Relation:
    """What is given with weights, against what a function makes of that without and of the weights, one per row."""

    def sides(seen: Seen) -> Sides | None:
        if not seen.subject.weighs:
            return None
        plain = (seen.gradient, seen.hessian)[which]
        w = seen.at.weights.view(-1, *[1] * (plain.ndim - 1)).expand(plain.shape)
        got, off = seen.weighed[which], seen.noises[which] * (1 + w) ** 2
        return got, right(plain, w), _ones(got).bool(), off

    return sides


def _both(one: Relation, other: Relation) -> Relation:
    def sides(seen: Seen) -> Sides | None:
        first, second = one(seen), other(seen)
        if first is None or second is None:
            return None
        parts = [torch.stack([a.double() for a in torch.broadcast_tensors(*s)]).flatten(1) for s in (first, second)]
        left, right, known, off = torch.cat(parts, 1)
        return left, right, known.bool(), off

    return sides


def _shared_out(which: int) -> Relation:
    """What a row gets among others is a part of what it gets alone."""

    def sides(seen: Seen) -> Sides:
        got, n = (seen.gradient, seen.hessian)[which], len(seen.at.labels)
        return got * n, seen.alone[which], _ones(got).bool(), seen.noises[which] * n

    return sides


def _apart(which: int) -> Relation:
    def sides(seen: Seen) -> Sides:
        got = (seen.gradient, seen.hessian)[which]
        return got, seen.alone[which], _ones(got).bool(), 2 * seen.noises[which]

    return sides


ROWS: dict[str, Relation] = {
    "gradient and hessian are divided by the number of rows": _both(_shared_out(0), _shared_out(1)),
    "the gradient is divided by the number of rows": _both(_shared_out(0), _apart(1)),
}

GRADIENTS: dict[str, Relation] = {
    "the sign is turned: this is the gradient of minus the loss": lambda seen: seen.by_loss(-seen.gradient),
    "gradient and hessian are exchanged": lambda seen: (
        None if seen.hessian.shape != seen.gradient.shape else seen.by_loss(seen.hessian)
    ),
    "labels and scores are exchanged": _single(
        lambda seen: seen.by_loss(seen.subject.both(Rows(seen.at.scores, seen.at.labels, seen.at.weights))[0])
    ),
    "the raw score is taken for a probability: the sigmoid before it is missing, and its slope p (1 - p) after it": (
        _single(lambda seen: seen.by_loss(seen.given(seen.p) * seen.slope))
    ),
    "the sigmoid of the raw score is missing": _single(lambda seen: seen.by_loss(seen.given(seen.p))),
    "the softmax of the raw scores is missing": _of_several(lambda seen: seen.by_loss(seen.given(seen.p))),
    "the derivative is that by the probability: the slope p (1 - p) of the sigmoid is missing": _single(
        lambda seen: seen.by_loss(seen.gradient, 1 / seen.slope)
    ),
    "the slope p (1 - p) of the sigmoid is there once too often": _single(
        lambda seen: seen.by_loss(seen.gradient, seen.slope)
    ),
    "the exponential of the raw score is missing": lambda seen: seen.by_loss(seen.given(seen.at.scores.exp())),
    "the raw score is taken for the mean: the exponential before it is missing, and its slope after it": (
        lambda seen: seen.by_loss(seen.given(seen.at.scores.exp()) * seen.at.scores.exp())
    ),
    "the derivative is that by the mean e^s: the slope e^s of the link is missing": (
        lambda seen: seen.by_loss(seen.gradient, torch.exp(-seen.at.scores))
    ),
    "the slope e^s of the link is there once too often": (
        lambda seen: seen.by_loss(seen.gradient, torch.exp(seen.at.scores))
    ),
    "the label is taken for the class after it, as if classes were counted from 1": _of_several(
        lambda seen: seen.by_loss(seen.subject.both(_counted_on(seen, 1))[0])
    ),
    "the label is taken for the class before it": _of_several(
        lambda seen: seen.by_loss(seen.subject.both(_counted_on(seen, -1))[0])
    ),
}


def _counted_on(seen: Seen, by: int) -> Rows:
    return Rows((seen.at.labels + by) % seen.at.scores.shape[1], seen.at.scores, seen.at.weights)


WEIGHTS: dict[str, Relation] = {
    "the hessian is not weighted": _both(_weighed(0, lambda x, w: x * w), _weighed(1, lambda x, w: x)),
    "the gradient is not weighted": _both(_weighed(0, lambda x, w: x), _weighed(1, lambda x, w: x * w)),
    "the weights change nothing": _both(_weighed(0, lambda x, w: x), _weighed(1, lambda x, w: x)),
    "gradient and hessian are weighted twice": _both(
        _weighed(0, lambda x, w: x * w * w), _weighed(1, lambda x, w: x * w * w)
    ),
    "the hessian is weighted twice": _both(_weighed(0, lambda x, w: x * w), _weighed(1, lambda x, w: x * w * w)),
    "the weights are divided by their mean": _both(
        _weighed(0, lambda x, w: x * w / w.mean()), _weighed(1, lambda x, w: x * w / w.mean())
    ),
    "the weights are divided by their sum": _both(
        _weighed(0, lambda x, w: x * w / w.sum()), _weighed(1, lambda x, w: x * w / w.sum())
    ),
}


def _hessian(left: Callable[[Seen], Tensor], right: Callable[[Seen, Tensor], Tensor]) -> Relation:
    """Something against what a function makes of the derivative of the gradient."""
    return lambda seen: (
        None if seen.hessian.shape != seen.gradient.shape else seen.by_gradient(left(seen), lambda d: right(seen, d))
    )


HESSIANS: dict[str, Relation] = {
    "the sign of the hessian is turned": _hessian(lambda seen: -seen.hessian, lambda seen, d: d),
    "the hessian is 0, of which LightGBM and XGBoost learn nothing": _hessian(
        lambda seen: torch.where(seen.hessian == 0, 1.0, 0.0), lambda seen, d: torch.ones_like(d)
    ),
    "the hessian is the square of the gradient": _hessian(
        lambda seen: seen.hessian, lambda seen, d: seen.gradient**2 + 0 * d
    ),
    "the hessian is the gradient once more": _hessian(lambda seen: seen.hessian, lambda seen, d: seen.gradient + 0 * d),
    "the factor 1 - p of the hessian is missing": _hessian(
        lambda seen: seen.hessian * (1 - seen.p), lambda seen, d: d
    ),
    "the factor p of the hessian is missing": _hessian(lambda seen: seen.hessian * seen.p, lambda seen, d: d),
    "the factor p (1 - p) of the hessian is missing": _hessian(
        lambda seen: seen.hessian * seen.slope, lambda seen, d: d
    ),
    "the factor p (1 - p) is in the hessian once too often": _hessian(
        lambda seen: seen.hessian, lambda seen, d: d * seen.slope
    ),
    # d = l'' p'^2 + l' p'', where g = l' p', so that l' p'' = g p'' / p' = g (1 - 2 p), and for a mean e^s, g
    "the term l'(p) p''(s) of the second derivative is missing: this is the hessian of Gauss and Newton": _hessian(
        lambda seen: seen.hessian, lambda seen, d: d - seen.gradient * (1 - 2 * seen.p)
    ),
    "the hessian is l''(p) p'(s): one more factor p (1 - p), and the term l'(p) p''(s), are missing": _hessian(
        lambda seen: seen.hessian * seen.slope, lambda seen, d: d - seen.gradient * (1 - 2 * seen.p)
    ),
    "the hessian is that by the probability: the square of the slope p (1 - p), and a term, are missing": _hessian(
        lambda seen: seen.hessian * seen.slope**2, lambda seen, d: d - seen.gradient * (1 - 2 * seen.p)
    ),
    "the term l'(mu) mu''(s) of the second derivative is missing: this is the hessian of Gauss and Newton": _hessian(
        lambda seen: seen.hessian, lambda seen, d: d - seen.gradient
    ),
    "the hessian is that by the mean e^s: the square of the slope of the link, and a term, are missing": _hessian(
        lambda seen: seen.hessian * seen.at.scores.exp() ** 2, lambda seen, d: d - seen.gradient
    ),
}

FACTOR = {
    "gradient": "the gradient has a factor of {} that the loss has not",
    "hessian": "the hessian is {} times the derivative of the gradient",
}

GROUPS: tuple[tuple[Relation, dict[str, Relation], str], ...] = (
    (_both(_apart(0), _apart(1)), ROWS, ""),
    (lambda seen: seen.by_loss(seen.gradient), GRADIENTS, "gradient"),
    (_both(_weighed(0, lambda x, w: x * w), _weighed(1, lambda x, w: x * w)), WEIGHTS, ""),
    (_hessian(lambda seen: seen.hessian, lambda seen, d: d), HESSIANS, "hessian"),
)
"""what is right, the mistakes that are known where it is not, and where one factor is looked for; in this order"""
