"""Wrong derivatives by the raw score."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.objectives import losses
from mlp_core.testing.faults.objectives.losses import (
    brier_loss,
    entered,
    log_loss,
    poisson_loss,
    probabilities,
    sigmoid,
    softmax_loss,
)

CATALOGUE = Catalogue()

GRADIENT = "the gradient is the derivative by the raw score"
HESSIAN = "the hessian is as declared"


wrong_logistic = partial(entered, CATALOGUE, losses.logistic, log_loss, "binary")
wrong_brier = partial(entered, CATALOGUE, losses.brier, brier_loss, "binary")
wrong_poisson = partial(entered, CATALOGUE, losses.poisson, poisson_loss, "counts")
wrong_softmax = partial(entered, CATALOGUE, losses.softmax, softmax_loss, 3, hessian="bound")
wrong_class = partial(entered, CATALOGUE, losses.Logloss, log_loss, "binary")


@wrong_logistic(GRADIENT, origin="site: p - y, in the opposite order, which CatBoost expects")
def turns_the_sign(y_true: Any, y_pred: Any) -> Any:
    """the sign is wrong: this is the gradient of minus the loss"""
    p = sigmoid(y_pred)
    return y_true - p, p * (1 - p)


@wrong_logistic(GRADIENT, origin="LightGBM, objective: a custom one receives raw scores, not probabilities")
def takes_scores_for_probabilities(y_true: Any, y_pred: Any) -> Any:
    """the raw score is used as a probability: the sigmoid before the loss is missing, and its slope p (1 - p) after
    it"""
    p = y_pred
    return -y_true / p + (1 - y_true) / (1 - p), y_true / p**2 + (1 - y_true) / (1 - p) ** 2


@wrong_logistic(GRADIENT, origin="site: p = sigmoid(s), left out before p - y")
def forgets_the_sigmoid(y_true: Any, y_pred: Any) -> Any:
    """the sigmoid of the raw score is missing"""
    return y_pred - y_true, np.ones_like(y_pred)


@wrong_logistic(GRADIENT, origin="site: dL/dp, to be multiplied by dp/ds")
def derives_by_the_probability(y_true: Any, y_pred: Any) -> Any:
    """the derivative is that by the probability: the slope p (1 - p) of the sigmoid is missing"""
    p = sigmoid(y_pred)
    return (p - y_true) / (p * (1 - p)), 1 / (p * (1 - p))


@wrong_logistic(GRADIENT, origin="site: dL/ds = p - y, in which p (1 - p) has cancelled already")
def multiplies_by_the_slope_twice(y_true: Any, y_pred: Any) -> Any:
    """the gradient has one factor p (1 - p) too many: p - y contains the slope of the sigmoid already"""
    p = sigmoid(y_pred)
    return (p - y_true) * p * (1 - p), p * (1 - p)


@wrong_logistic(GRADIENT, HESSIAN, origin="site: the pair that is returned, its order")
def exchanges_the_two(y_true: Any, y_pred: Any) -> Any:
    """gradient and hessian are returned in exchanged order"""
    return losses.logistic(y_true, y_pred)[::-1]


@wrong_logistic(GRADIENT, origin="site: the two parameters; XGBoost and scikit-learn have another order")
def exchanges_labels_and_scores(y_true: Any, y_pred: Any) -> Any:
    """labels and scores are passed in exchanged order"""
    p = sigmoid(y_true)
    return p - y_pred, p * (1 - p)


@wrong_logistic(GRADIENT, HESSIAN, origin="site: the factor 1/2 of the loss")
def halves_the_gradient(y_true: Any, y_pred: Any) -> Any:
    """the gradient has a factor of 0.5 that the loss does not have"""
    p, h = losses.logistic(y_true, y_pred)
    return p / 2, h


@wrong_logistic(HESSIAN, origin="site: alpha (p - y) of a weighted loss: the hessian needs the factor alpha too")
def forgets_a_factor_of_the_hessian(y_true: Any, y_pred: Any) -> Any:
    """the hessian is 4 times the derivative of the gradient"""
    g, h = losses.logistic(y_true, y_pred)
    return g, 4 * h


@wrong_logistic(HESSIAN, origin="site: d/ds (p - y) = p (1 - p), its second factor")
def forgets_one_minus_p(y_true: Any, y_pred: Any) -> Any:
    """the factor 1 - p of the hessian is missing"""
    p = sigmoid(y_pred)
    return p - y_true, p


@wrong_logistic(HESSIAN, origin="site: the sign of the second derivative, which CatBoost expects negated too")
def turns_the_sign_of_the_hessian(y_true: Any, y_pred: Any) -> Any:
    """the hessian has the wrong sign"""
    g, h = losses.logistic(y_true, y_pred)
    return g, -h


@wrong_logistic(HESSIAN, origin="Fisher's information by squared gradients: only their means are equal")
def squares_the_gradient(y_true: Any, y_pred: Any) -> Any:
    """the hessian is the square of the gradient"""
    g = sigmoid(y_pred) - y_true
    return g, g * g


@wrong_logistic(HESSIAN, origin="site: np.zeros_like instead of np.ones_like", hessian="any")
def has_no_hessian(y_true: Any, y_pred: Any) -> Any:
    """the hessian is 0, with which LightGBM and XGBoost learn nothing"""
    return sigmoid(y_pred) - y_true, np.zeros_like(y_pred)


@wrong_brier(HESSIAN, origin="site: d2L/ds2 = l'' p'^2 + l' p'', its second term")
def forgets_the_second_term(y_true: Any, y_pred: Any) -> Any:
    """the term l'(p) p''(s) of the second derivative is missing: this is the Gauss-Newton hessian"""
    p = sigmoid(y_pred)
    return losses.brier(y_true, y_pred)[0], (p * (1 - p)) ** 2


@wrong_brier(HESSIAN, origin="site: p'^2 in l'' p'^2 + l' p''")
def forgets_the_square_of_the_slope(y_true: Any, y_pred: Any) -> Any:
    """the hessian is l''(p) p'(s): another factor p (1 - p) and the term l'(p) p''(s) are missing"""
    p = sigmoid(y_pred)
    return losses.brier(y_true, y_pred)[0], p * (1 - p)


@wrong_poisson(GRADIENT, origin="site: the mean e^s of the log link")
def forgets_the_exponential(preds: Any, dtrain: Any) -> Any:
    """the exponential of the raw score is missing"""
    return preds - dtrain.get_label(), np.ones_like(preds)


@wrong_poisson(GRADIENT, origin="site: dL/dmu, to be multiplied by dmu/ds = mu")
def derives_by_the_mean(preds: Any, dtrain: Any) -> Any:
    """the derivative is that by the mean e^s: the slope e^s of the link is missing"""
    mu, y = np.exp(preds), dtrain.get_label()
    return 1 - y / mu, y / mu**2


@wrong_poisson(HESSIAN, origin="site: e^(s + 0.7), the sign of 0.7", hessian="bound")
def bounds_from_below(preds: Any, dtrain: Any) -> Any:
    """the hessian is 0.4966 times the derivative of the gradient"""
    mu = np.exp(preds)
    return mu - dtrain.get_label(), mu * 0.4966


@wrong_softmax(GRADIENT, origin="LightGBM 4: (k, n) is read in memory order, without an error")
def returns_columns_for_rows(y_true: Any, y_pred: Any) -> Any:
    """gradient and hessian are transposed"""
    g, h = losses.softmax(y_true, y_pred)
    return g.T, h.T


@wrong_softmax(GRADIENT, origin="site: softmax before p - onehot")
def forgets_the_softmax(y_true: Any, y_pred: Any) -> Any:
    """the softmax of the raw scores is missing"""
    return y_pred - np.eye(3)[y_true.astype(int)], losses.softmax(y_true, y_pred)[1]


@wrong_softmax(GRADIENT, origin="site: p - onehot, the label of the row")
def takes_the_next_class(y_true: Any, y_pred: Any) -> Any:
    """each label is read as the next class, as if classes were counted from 1"""
    p = probabilities(y_pred)
    return p - np.eye(3)[(y_true.astype(int) - 1) % 3], 2 * p * (1 - p)


@wrong_class(GRADIENT, origin="CatBoost, calc_ders_range: the objective is maximized")
class DerivesTheLoss:
    """the sign is wrong: this is the gradient of minus the loss"""

    def calc_ders_range(self, approxes: Any, targets: Any, weights: Any) -> Any:
        return [(-g, -h) for g, h in losses.Logloss().calc_ders_range(approxes, targets, weights)]
