"""Objectives of gradient boosting as people write them, wrong and right, beside those of the catalogue."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch


def _p(s: Any) -> Any:
    return 1 / (1 + np.exp(-s))


def weighted(y_true: Any, y_pred: Any) -> float:
    """Positive rows count three times."""
    return float(np.mean(np.where(y_true == 1, 3.0, 1.0) * (np.logaddexp(0, y_pred) - y_true * y_pred)))


def scale_in_the_gradient_alone(y_true: Any, y_pred: Any) -> Any:
    p, w = _p(y_pred), np.where(y_true == 1, 3.0, 1.0)
    return w * (p - y_true), p * (1 - p)


def scale_in_both(y_true: Any, y_pred: Any) -> Any:
    p, w = _p(y_pred), np.where(y_true == 1, 3.0, 1.0)
    return w * (p - y_true), w * p * (1 - p)


def asymmetric(y_true: Any, y_pred: Any) -> float:
    r = y_true - y_pred
    return float(np.mean(np.where(r < 0, 10 * r * r, r * r)))


def asymmetric_sign(y_true: Any, y_pred: Any) -> Any:
    r = y_true - y_pred
    return np.where(r < 0, 20 * r, 2 * r), np.where(r < 0, 20.0, 2.0)


def asymmetric_right(y_true: Any, y_pred: Any) -> Any:
    r = y_true - y_pred
    return np.where(r < 0, -20 * r, -2 * r), np.where(r < 0, 20.0, 2.0)


def asymmetric_swapped(y_true: Any, y_pred: Any) -> Any:
    r = y_true - y_pred
    return np.where(r > 0, -20 * r, -2 * r), np.where(r > 0, 20.0, 2.0)


def log_cosh(preds: Any, train_data: Any) -> tuple[str, float, bool]:
    return "log cosh", float(np.sum(np.log(np.cosh(preds - train_data.get_label())))), False


def log_cosh_hessian_of_tanh(preds: Any, train_data: Any) -> Any:
    t = np.tanh(preds - train_data.get_label())
    return t, 1 - t


def log_cosh_right(preds: Any, train_data: Any) -> Any:
    r = preds - train_data.get_label()
    return np.tanh(r), 1 / np.cosh(r) ** 2


def gamma(y_true: Any, y_pred: Any) -> float:
    return float(np.sum(y_true * np.exp(-y_pred) + y_pred))


def gamma_without_the_link(y_true: Any, y_pred: Any) -> Any:
    mu = np.exp(y_pred)
    return 1 / mu - y_true / mu**2, 2 * y_true / mu**3 - 1 / mu**2


def gamma_right(y_true: Any, y_pred: Any) -> Any:
    e = y_true * np.exp(-y_pred)
    return 1 - e, e


def softmax_on_the_wrong_axis(y_true: Any, y_pred: Any) -> Any:
    e = np.exp(y_pred - y_pred.max(0))
    p = e / e.sum(0)
    return p - np.eye(p.shape[1])[y_true.astype(int)], 2 * p * (1 - p)


def cross_entropy(y_true: Any, y_pred: Any) -> Any:
    """Written with tensors."""
    return torch.nn.functional.cross_entropy(torch.as_tensor(y_pred), torch.as_tensor(y_true).long(), reduction="sum")


def root_mean_square(y_true: Any, y_pred: Any) -> float:
    return float(np.sqrt(np.mean((y_true - y_pred) ** 2)))


def errors(y_true: Any, y_pred: Any) -> float:
    return float(np.mean((y_pred > 0) != (y_true > 0.5)))


def squares(y_true: Any, y_pred: Any) -> Any:
    return y_pred - y_true, np.ones_like(y_pred)


def buffer_of_its_own(y_true: Any, y_pred: Any, kept: list[int] = []) -> Any:  # noqa: B006  (the mistake)
    kept.append(len(y_true))
    return (_p(y_pred) - y_true) * (1 + 1e-3 * len(kept)), _p(y_pred) * (1 - _p(y_pred))


def clips_the_hessian(y_true: Any, y_pred: Any) -> Any:
    """Right: negative second derivatives are raised to a small number."""
    p = _p(y_pred)
    s = p * (1 - p)
    return 2 * (p - y_true) * s, np.maximum(2 * s * s + 2 * (p - y_true) * s * (1 - 2 * p), 1e-6)


def gauss_newton(y_true: Any, y_pred: Any) -> Any:
    p = _p(y_pred)
    s = p * (1 - p)
    return 2 * (p - y_true) * s, 2 * s * s


def brier(y_true: Any, y_pred: Any) -> float:
    return float(np.sum((_p(y_pred) - y_true) ** 2))


def log_cosh_in_float32(preds: Any, train_data: Any) -> Any:
    """As XGBoost hands its scores over, and takes what it gets."""
    t = np.tanh(preds.astype(np.float32) - train_data.get_label().astype(np.float32))
    return t, 1 - t * t


def log_cosh_in_float32_hessian_of_tanh(preds: Any, train_data: Any) -> Any:
    t, _ = log_cosh_in_float32(preds, train_data)
    return t, 1 - np.abs(t)


def log_cosh_with_weights_at_hand(preds: Any, train_data: Any) -> Any:
    """It needs weights, and raises without them."""
    w, (gradient, hessian) = train_data.get_weight(), log_cosh_right(preds, train_data)
    return w[: len(preds)] * gradient, w[: len(preds)] * hessian


WRONG: tuple[tuple[Any, Any, Any, str], ...] = (
    (scale_in_the_gradient_alone, weighted, None, ""),
    (asymmetric_sign, asymmetric, None, "the sign is wrong"),
    (asymmetric_swapped, asymmetric, None, ""),
    (log_cosh_hessian_of_tanh, log_cosh, None, ""),
    (log_cosh_in_float32_hessian_of_tanh, log_cosh, None, ""),
    (gamma_without_the_link, gamma, None, "the slope e^s of the link is missing"),
    (softmax_on_the_wrong_axis, cross_entropy, 3, ""),
    (buffer_of_its_own, weighted, "binary", ""),
    (squares, brier, "binary", ""),
)
"""objective, loss, labels, the beginning of its name or nothing"""

RIGHT: tuple[tuple[Any, Any, Any], ...] = (
    (scale_in_both, weighted, None),
    (asymmetric_right, asymmetric, None),
    (log_cosh_right, log_cosh, None),
    (log_cosh_in_float32, log_cosh, None),
    (log_cosh_with_weights_at_hand, log_cosh, None),
    (gamma_right, gamma, None),
    (clips_the_hessian, brier, None),
    (gauss_newton, brier, None),
)
"""objective, loss, labels; the kind of hessian is not declared"""
