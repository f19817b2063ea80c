"""Losses of gradient boosting and their correct objectives, in which mistakes are planted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mlp_core.testing import subjects
from mlp_core.testing.faults.catalogue import Catalogue


def sigmoid(s: Any) -> Any:
    return 1 / (1 + np.exp(-s))


def log_loss(y_true: Any, y_pred: Any) -> Any:
    """log(1 + e^s) - y s, added up."""
    return np.sum(np.logaddexp(0, y_pred) - y_true * y_pred)


def logistic(y_true: Any, y_pred: Any, weight: Any = None) -> Any:
    """w (p - y), w p (1 - p)."""
    p, w = sigmoid(y_pred), 1 if weight is None else weight
    return w * (p - y_true), w * p * (1 - p)


def brier_loss(y_true: Any, y_pred: Any) -> Any:
    """(p - y)^2 / 2, the mean."""
    return np.mean((sigmoid(y_pred) - y_true) ** 2) / 2


def brier(y_true: Any, y_pred: Any) -> Any:
    """(p - y) p', p'^2 + (p - y) p'', where p' = p (1 - p) and p'' = p' (1 - 2 p)."""
    p = sigmoid(y_pred)
    slope = p * (1 - p)
    return (p - y_true) * slope, slope**2 + (p - y_true) * slope * (1 - 2 * p)


def poisson_loss(preds: Any, dtrain: Any) -> Any:
    """e^s - y s, as a metric."""
    return "poisson", float(np.mean(np.exp(preds) - dtrain.get_label() * preds)), False


def poisson(preds: Any, dtrain: Any) -> Any:
    """w (e^s - y), w e^s."""
    w = dtrain.get_weight()
    w = 1 if w is None or not len(w) else w
    return w * (np.exp(preds) - dtrain.get_label()), w * np.exp(preds)


def probabilities(s: Any) -> Any:
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def softmax_loss(y_true: Any, y_pred: Any) -> Any:
    """- log p of the label, added up."""
    return -np.log(probabilities(y_pred)[np.arange(len(y_true)), y_true.astype(int)]).sum()


def softmax(y_true: Any, y_pred: Any) -> Any:
    """p - onehot, 2 p (1 - p)."""
    p = probabilities(y_pred)
    return p - np.eye(p.shape[1])[y_true.astype(int)], 2 * p * (1 - p)


class Logloss:
    """y - p, - p (1 - p): the derivatives of minus the loss, as CatBoost requires."""

    def calc_ders_range(self, approxes: Any, targets: Any, weights: Any) -> Any:
        p = sigmoid(approxes)
        w = np.ones(len(p)) if weights is None else weights
        return list(zip(w * (targets - p), -w * p * (1 - p), strict=True))


def entered(
    catalogue: Catalogue, right: Any, loss: Any, labels: Any, *laws: str, origin: str, hessian: str = "exact"
) -> Callable[[Any], Any]:
    """Enter an objective of a loss in a catalogue."""
    return catalogue.caught_by(
        *laws, right=right, origin=origin, examples=30, **{loss.__name__: loss},
        subject=lambda f: subjects.objective(f, loss, labels, hessian),
    )  # fmt: skip
