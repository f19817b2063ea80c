"""Correct objectives of gradient boosting, each in its own form: argument orders, lists, weights, hessians that are
bounds.

No law may fail for them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch


def _sigmoid(s: Any) -> Any:
    return np.where(s >= 0, 1 / (1 + np.exp(-np.abs(s))), np.exp(-np.abs(s)) / (1 + np.exp(-np.abs(s))))


def focal(y_true: Any, y_pred: Any) -> Any:
    """The focal loss (1 - q)^2 (-log q) with the probability q of the label: the derivative by q, then q' = t q (1 -
    q).
    """
    t = 2 * y_true - 1
    q = _sigmoid(t * y_pred)
    by_q = 2 * (1 - q) * np.log(q) - (1 - q) ** 2 / q
    twice = -2 * np.log(q) + 4 * (1 - q) / q + (1 - q) ** 2 / q**2
    slope = q * (1 - q)
    return (t * by_q * slope).tolist(), (twice * slope**2 + by_q * slope * (1 - 2 * q)).tolist()


def focal_loss(y_true: Any, y_pred: Any) -> Any:
    """The loss of each row."""
    p = 1 / (1 + np.exp(-y_pred))
    q = y_true * p + (1 - y_true) * (1 - p)
    return -((1 - q) ** 2) * np.log(q)


def weighted_logistic(preds: Any, dtrain: Any) -> Any:
    """w (p - y), w p (1 - p), as columns."""
    y, w = dtrain.get_label(), dtrain.get_weight()
    p = _sigmoid(preds)
    factor = w if w is not None and w.size else np.ones_like(p)
    return (factor * (p - y))[:, None], (factor * (p - p * p))[:, None]


def logistic_metric(preds: Any, dtrain: Any) -> Any:
    """The mean cross-entropy, in the form of XGBoost's metrics."""
    y = dtrain.get_label()
    return "logloss", float(np.mean(np.log1p(np.exp(-np.abs(preds))) + np.maximum(preds, 0) - y * preds))


def huber(y_true: Any, y_pred: Any) -> Any:
    """clip(s - y, -1, 1); 1 inside, 0 outside; at each kink one of the two slopes."""
    r = y_pred - y_true
    return np.clip(r, -1, 1), (np.abs(r) <= 1).astype(float)


def huber_loss(y_true: Any, y_pred: Any) -> Any:
    r = np.abs(y_true - y_pred)
    return np.where(r <= 1, r * r / 2, r - 0.5).mean()


def pinball(y_true: Any, y_pred: Any) -> Any:
    """-0.8 below the label, 0.2 above; the hessian is 1 instead of 0."""
    return np.where(y_true > y_pred, -0.8, 0.2), np.ones_like(y_pred)


def pinball_loss(y_true: Any, y_pred: Any) -> Any:
    r = y_true - y_pred
    return np.sum(np.maximum(0.8 * r, -0.2 * r))


def poisson(y_true: Any, y_pred: Any) -> Any:
    """e^s - y; e^(s + 0.7), a larger hessian, which makes steps smaller."""
    return np.exp(y_pred) - y_true, np.exp(y_pred + 0.7)


def poisson_loss(y_true: Any, y_pred: Any) -> Any:
    return (np.exp(y_pred) - y_true * y_pred).mean()


def squared_log(y_true: Any, y_pred: Any) -> Any:
    """(log(1 + s) - log(1 + y)) / (1 + s)."""
    r = np.log1p(y_pred) - np.log1p(y_true)
    return r / (y_pred + 1), (1 - r) / (y_pred + 1) ** 2


def squared_log_loss(y_true: Any, y_pred: Any) -> Any:
    return 0.5 * np.sum(np.log((1 + y_pred) / (1 + y_true)) ** 2)


def flat_softmax(preds: Any, train_data: Any) -> Any:
    """p - onehot and K/(K-1) p (1 - p), as flat arrays, class by class."""
    y = train_data.get_label().astype(int)
    k = preds.shape[1]
    e = np.exp(preds - preds.max(1, keepdims=True))
    p = e / e.sum(1, keepdims=True)
    return (p - (np.arange(k) == y[:, None])).ravel("F"), (k / (k - 1) * p * (1 - p)).ravel("F")


def flat_softmax_loss(preds: Any, train_data: Any) -> Any:
    y = train_data.get_label().astype(int)
    largest = preds.max(1)
    total = largest + np.log(np.exp(preds - largest[:, None]).sum(1))
    return "softmax", float((total - preds[np.arange(len(y)), y]).mean()), False


def by_autograd(y_true: Any, y_pred: Any) -> Any:
    """The square of sinh(s - y), differentiated by torch."""
    s, y = torch.from_numpy(y_pred).requires_grad_(), torch.from_numpy(y_true)
    (g,) = torch.autograd.grad(sinh_loss(y, s), s, create_graph=True)
    (h,) = torch.autograd.grad(g.sum(), s)
    return g.detach().numpy(), h.numpy()


def sinh_loss(y_true: Any, y_pred: Any) -> Any:
    """Written with tensors."""
    return torch.sinh((y_pred - y_true) / 4).square().sum()


class MultiClass:
    """onehot - p and p p^T - diag(p), one row at a time, as CatBoost requires."""

    def calc_ders_multi(self, approxes: Any, target: Any, weight: Any) -> Any:
        e = np.exp(np.asarray(approxes) - max(approxes))
        p = e / e.sum()
        onehot = np.eye(len(p))[int(target)]
        return list(weight * (onehot - p)), (weight * (np.outer(p, p) - np.diag(p))).tolist()


class CrossEntropy:
    """The same loss as a metric for CatBoost."""

    def evaluate(self, approxes: Any, target: Any, weight: Any) -> Any:
        s = np.stack(approxes, 1)
        total = np.log(np.exp(s).sum(1)) - s[np.arange(len(target)), np.asarray(target).astype(int)]
        return float(total.sum()), float(len(target))


OBJECTIVES: tuple[tuple[Any, Any, Any, str, tuple[float, float] | None], ...] = (
    (focal, focal_loss, "binary", "exact", None),
    (weighted_logistic, logistic_metric, "binary", "exact", None),
    (huber, huber_loss, "real", "exact", None),
    (pinball, pinball_loss, "real", "any", None),
    (poisson, poisson_loss, "counts", "bound", None),
    (squared_log, squared_log_loss, "positive", "exact", (-0.5, 4.0)),
    (flat_softmax, flat_softmax_loss, 4, "bound", None),
    (by_autograd, sinh_loss, "real", "exact", None),
    (MultiClass, CrossEntropy, 3, "exact", None),
)
"""objective, loss, labels, hessian, range of scores"""
