"""The known mistakes of objectives, each with the relation between the returned values and the correct ones."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mlp_core.testing.diagnosis.objective_relations import (
    Relation,
    Seen,
    apart,
    both,
    of_several,
    shared_out,
    single,
    weighed,
)
from mlp_core.testing.examples.rows import Rows

ROWS: dict[str, Relation] = {
    "gradient and hessian are divided by the number of rows": both(shared_out(0), shared_out(1)),
    "the gradient is divided by the number of rows": both(shared_out(0), apart(1)),
}

GRADIENTS: dict[str, Relation] = {
    "the sign is wrong: this is the gradient of minus the loss": lambda seen: seen.by_loss(-seen.gradient),
    "gradient and hessian are returned in exchanged order": lambda seen: (
        None if seen.hessian.shape != seen.gradient.shape else seen.by_loss(seen.hessian)
    ),
    "labels and scores are passed in exchanged order": single(
        lambda seen: seen.by_loss(seen.subject.both(Rows(seen.at.scores, seen.at.labels, seen.at.weights))[0])
    ),
    "the raw score is used as a probability: the sigmoid before the loss is missing, and its slope p (1 - p) after "
    "it": single(lambda seen: seen.by_loss(seen.given(seen.p) * seen.slope)),
    "the sigmoid of the raw score is missing": single(lambda seen: seen.by_loss(seen.given(seen.p))),
    "the softmax of the raw scores is missing": of_several(lambda seen: seen.by_loss(seen.given(seen.p))),
    "the derivative is that by the probability: the slope p (1 - p) of the sigmoid is missing": single(
        lambda seen: seen.by_loss(seen.gradient, 1 / seen.slope)
    ),
    "the gradient has one factor p (1 - p) too many: p - y contains the slope of the sigmoid already": single(
        lambda seen: seen.by_loss(seen.gradient, seen.slope)
    ),
    "the exponential of the raw score is missing": lambda seen: seen.by_loss(seen.given(seen.at.scores.exp())),
    "the raw score is used as a mean: the exponential before the loss is missing, and its slope after it": (
        lambda seen: seen.by_loss(seen.given(seen.at.scores.exp()) * seen.at.scores.exp())
    ),
    "the derivative is that by the mean e^s: the slope e^s of the link is missing": (
        lambda seen: seen.by_loss(seen.gradient, torch.exp(-seen.at.scores))
    ),
    "the gradient has one factor e^s, the slope of the link, too many": (
        lambda seen: seen.by_loss(seen.gradient, torch.exp(seen.at.scores))
    ),
    "each label is read as the next class, as if classes were counted from 1": of_several(
        lambda seen: seen.by_loss(seen.subject.both(_counted_on(seen, 1))[0])
    ),
    "each label is read as the previous class": of_several(
        lambda seen: seen.by_loss(seen.subject.both(_counted_on(seen, -1))[0])
    ),
}


def _counted_on(seen: Seen, by: int) -> Rows:
    return Rows((seen.at.labels + by) % seen.at.scores.shape[1], seen.at.scores, seen.at.weights)


WEIGHTS: dict[str, Relation] = {
    "only the gradient is multiplied by the weights, not the hessian": both(
        weighed(0, lambda x, w: x * w), weighed(1, lambda x, w: x)
    ),
    "only the hessian is multiplied by the weights, not the gradient": both(
        weighed(0, lambda x, w: x), weighed(1, lambda x, w: x * w)
    ),
    "the weights are ignored": both(weighed(0, lambda x, w: x), weighed(1, lambda x, w: x)),
    "gradient and hessian are multiplied by the weights twice": both(
        weighed(0, lambda x, w: x * w * w), weighed(1, lambda x, w: x * w * w)
    ),
    "the hessian is multiplied by the weights twice": both(
        weighed(0, lambda x, w: x * w), weighed(1, lambda x, w: x * w * w)
    ),
    "the weights are divided by their mean": both(
        weighed(0, lambda x, w: x * w / w.mean()), weighed(1, lambda x, w: x * w / w.mean())
    ),
    "the weights are divided by their sum": both(
        weighed(0, lambda x, w: x * w / w.sum()), weighed(1, lambda x, w: x * w / w.sum())
    ),
}


def _hessian(left: Callable[[Seen], Tensor], right: Callable[[Seen, Tensor], Tensor]) -> Relation:
    """A relation between the hessian and a function of the gradient's derivative."""
    return lambda seen: (
        None if seen.hessian.shape != seen.gradient.shape else seen.by_gradient(left(seen), lambda d: right(seen, d))
    )


HESSIANS: dict[str, Relation] = {
    "the hessian has the wrong sign": _hessian(lambda seen: -seen.hessian, lambda seen, d: d),
    "the hessian is 0, with which LightGBM and XGBoost learn nothing": _hessian(
        lambda seen: torch.where(seen.hessian == 0, 1.0, 0.0), lambda seen, d: torch.ones_like(d)
    ),
    "the hessian is the square of the gradient": _hessian(
        lambda seen: seen.hessian, lambda seen, d: seen.gradient**2 + 0 * d
    ),
    "the hessian is equal to the gradient": _hessian(lambda seen: seen.hessian, lambda seen, d: seen.gradient + 0 * d),
    "the factor 1 - p of the hessian is missing": _hessian(
        lambda seen: seen.hessian * (1 - seen.p), lambda seen, d: d
    ),
    "the factor p of the hessian is missing": _hessian(lambda seen: seen.hessian * seen.p, lambda seen, d: d),
    "the factor p (1 - p) of the hessian is missing": _hessian(
        lambda seen: seen.hessian * seen.slope, lambda seen, d: d
    ),
    "the hessian has one factor p (1 - p) too many": _hessian(
        lambda seen: seen.hessian, lambda seen, d: d * seen.slope
    ),
    # d = l'' p'^2 + l' p'', with g = l' p', so that l' p'' = g p'' / p' = g (1 - 2 p), and for a mean e^s, g
    "the term l'(p) p''(s) of the second derivative is missing: this is the Gauss-Newton hessian": _hessian(
        lambda seen: seen.hessian, lambda seen, d: d - seen.gradient * (1 - 2 * seen.p)
    ),
    "the hessian is l''(p) p'(s): another factor p (1 - p) and the term l'(p) p''(s) are missing": _hessian(
        lambda seen: seen.hessian * seen.slope, lambda seen, d: d - seen.gradient * (1 - 2 * seen.p)
    ),
    "the hessian is that by the probability: the square of the slope p (1 - p) and a second term are missing": _hessian(
        lambda seen: seen.hessian * seen.slope**2, lambda seen, d: d - seen.gradient * (1 - 2 * seen.p)
    ),
    "the term l'(mu) mu''(s) of the second derivative is missing: this is the Gauss-Newton hessian": _hessian(
        lambda seen: seen.hessian, lambda seen, d: d - seen.gradient
    ),
    "the hessian is that by the mean e^s: the square of the slope of the link and a second term are missing": _hessian(
        lambda seen: seen.hessian * seen.at.scores.exp() ** 2, lambda seen, d: d - seen.gradient
    ),
}

FACTOR = {
    "gradient": "the gradient has a factor of {} that the loss does not have",
    "hessian": "the hessian is {} times the derivative of the gradient",
}

GROUPS: tuple[tuple[Relation, dict[str, Relation], str], ...] = (
    (both(apart(0), apart(1)), ROWS, ""),
    (lambda seen: seen.by_loss(seen.gradient), GRADIENTS, "gradient"),
    (both(weighed(0, lambda x, w: x * w), weighed(1, lambda x, w: x * w)), WEIGHTS, ""),
    (_hessian(lambda seen: seen.hessian, lambda seen, d: d), HESSIANS, "hessian"),
)
"""per group: the correct relation, the known mistakes if it does not hold, and the relation in which one wrong factor
is searched; in this order"""
