"""Objectives that rank the rows of a group, and their losses: pairwise logistic, listwise softmax, LambdaMART."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Numbers = tuple[Any, Any]


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def groups(sizes: Any) -> Iterator[slice]:
    """The rows of each group."""
    start = 0
    for size in sizes:
        yield slice(start, start + int(size))
        start += int(size)


def in_groups(of_group: Callable[[Any, Any], Numbers], labels: Any, scores: Any, sizes: Any) -> Numbers:
    g, h = np.zeros(len(scores)), np.zeros(len(scores))
    for rows in groups(sizes):
        g[rows], h[rows] = of_group(labels[rows], scores[rows])
    return g, h


def summed(of_group: Callable[[Any, Any], float], labels: Any, scores: Any, sizes: Any) -> float:
    return sum(of_group(labels[rows], scores[rows]) for rows in groups(sizes))


def gains(labels: Any, scores: Any) -> Any:
    """How much the DCG of a group changes if two of its rows are exchanged, which is constant between two ties."""
    place = np.argsort(np.argsort(-scores, kind="stable"), kind="stable")
    discount = 1 / np.log2(2.0 + place)
    return np.abs((2.0**labels)[:, None] - (2.0**labels)) * np.abs(discount[:, None] - discount)


def pairs(labels: Any, scores: Any, weights: Any = 1.0) -> Numbers:
    better = (labels[:, None] > labels) * weights
    p = sigmoid(-(scores[:, None] - scores))
    g, h = better * p, better * p * (1 - p)
    return g.sum(0) - g.sum(1), h.sum(0) + h.sum(1)


def pair_loss(labels: Any, scores: Any, weights: Any = 1.0) -> float:
    better = (labels[:, None] > labels) * weights
    return float((better * np.logaddexp(0, -(scores[:, None] - scores))).sum())


def lambdas(labels: Any, scores: Any) -> Numbers:
    return pairs(labels, scores, gains(labels, scores))


def lambda_loss(labels: Any, scores: Any) -> float:
    return pair_loss(labels, scores, gains(labels, scores))


def softmax(labels: Any, scores: Any) -> Numbers:
    p = np.exp(scores - scores.max())
    p, total = p / p.sum(), labels.sum()
    return total * p - labels, total * p * (1 - p)


def softmax_loss(labels: Any, scores: Any) -> float:
    return float(labels.sum() * (scores.max() + np.log(np.exp(scores - scores.max()).sum())) - labels @ scores)


KINDS: dict[str, tuple[Any, Any]] = {
    "pairwise": (pairs, pair_loss), "LambdaMART": (lambdas, lambda_loss), "softmax": (softmax, softmax_loss),
}  # fmt: skip


def one_sided(right: Any) -> Any:
    """Only the better row of a pair is moved."""
    return lambda y, s: (np.minimum(right(y, s)[0], 0), right(y, s)[1])


def negated(right: Any) -> Any:
    return lambda y, s: (-right(y, s)[0], right(y, s)[1])


def averaged(right: Any) -> Any:
    return lambda y, s: (right(y, s)[0] / len(y), right(y, s)[1] / len(y))


def half_a_hessian(right: Any) -> Any:
    return lambda y, s: (right(y, s)[0], right(y, s)[1] / 2)


MISTAKES = {f.__name__: f for f in (one_sided, negated, averaged, half_a_hessian)}


def lightgbm(of_group: Any, loss: Any) -> Numbers:
    """With a Dataset that knows the sizes of the groups."""

    def objective(preds: Any, train_data: Any) -> Numbers:
        return in_groups(of_group, train_data.get_label(), preds, train_data.get_group())

    def metric(preds: Any, train_data: Any) -> Any:
        return "rank", summed(loss, train_data.get_label(), preds, train_data.get_group()), False

    return objective, metric


def by_field(of_group: Any, loss: Any) -> Numbers:
    """With the ends of the groups, by LightGBM's get_field."""

    def objective(preds: Any, train_data: Any) -> Numbers:
        return in_groups(of_group, train_data.get_label(), preds, np.diff(train_data.get_field("group")))

    def metric(preds: Any, train_data: Any) -> float:
        return summed(loss, train_data.get_label(), preds, np.diff(train_data.get_field("group")))

    return objective, metric


def scikit_learn(of_group: Any, loss: Any) -> Numbers:
    """With weights, which may be None, and the sizes of the groups."""

    def objective(y_true: Any, y_pred: Any, weight: Any, group: Any) -> Numbers:
        return in_groups(of_group, y_true, y_pred, group)

    def metric(y_true: Any, y_pred: Any, weight: Any, group: Any) -> float:
        return summed(loss, y_true, y_pred, group)

    return objective, metric


def xgboost(of_group: Any, loss: Any) -> Numbers:
    """With a DMatrix that knows the ends of the groups."""

    def objective(preds: Any, dtrain: Any) -> Numbers:
        return in_groups(of_group, dtrain.get_label(), preds, np.diff(dtrain.get_uint_info("group_ptr")))

    def metric(preds: Any, dtrain: Any) -> float:
        return summed(loss, dtrain.get_label(), preds, np.diff(dtrain.get_uint_info("group_ptr")))

    return objective, metric


FORMS = {f.__name__: f for f in (lightgbm, by_field, scikit_learn, xgboost)}
