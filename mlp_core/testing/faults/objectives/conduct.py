"""Objectives whose rows affect each other, that weight values wrongly, or that change their arguments."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.objectives import losses
from mlp_core.testing.faults.objectives.losses import entered, log_loss, poisson_loss, sigmoid, softmax_loss

CATALOGUE = Catalogue()

ROWS, ORDER = "rows do not affect each other", "takes scores in any memory order"
WEIGHTS, AGAIN = "multiplies each row by its weight", "repeats itself and leaves its arguments alone"


caught_by = partial(entered, CATALOGUE, losses.logistic, log_loss, "binary")
wrong_poisson = partial(entered, CATALOGUE, losses.poisson, poisson_loss, "counts")
wrong_softmax = partial(entered, CATALOGUE, losses.softmax, softmax_loss, 3, hessian="bound")


@caught_by(ROWS, origin="site: the mean of a loss, although the library adds up the rows")
def divides_by_the_number_of_rows(y_true: Any, y_pred: Any) -> Any:
    """gradient and hessian are divided by the number of rows"""
    return tuple(x / len(y_true) for x in losses.logistic(y_true, y_pred))


@caught_by(ROWS, origin="site: a rate of positive labels that is computed from the given rows")
def balances_by_the_rows_at_hand(y_true: Any, y_pred: Any) -> Any:
    """rows are weighted by how common their label is among the rows of the call: a row depends on the others"""
    rate = (y_true.sum() + 1) / (len(y_true) + 2)
    w = np.where(y_true == 1, 1 - rate, rate)
    return tuple(w * x for x in losses.logistic(y_true, y_pred))


@caught_by(WEIGHTS, origin="site: w p (1 - p), its first factor")
def weighs_the_gradient_alone(y_true: Any, y_pred: Any, weight: Any) -> Any:
    """only the gradient is multiplied by the weights, not the hessian"""
    g, h = losses.logistic(y_true, y_pred, weight)
    return g, h / (1 if weight is None else weight)


@caught_by(WEIGHTS, origin="site: sample_weight, by which both the caller and the callee multiply")
def weighs_twice(y_true: Any, y_pred: Any, weight: Any) -> Any:
    """gradient and hessian are multiplied by the weights twice"""
    return losses.logistic(y_true, y_pred, None if weight is None else weight**2)


@wrong_poisson(WEIGHTS, origin="site: weights that are read and normalised to a mean of 1")
def normalises_the_weights(preds: Any, dtrain: Any) -> Any:
    """the weights are divided by their mean"""
    w = dtrain.get_weight()
    w = np.ones_like(preds) if w is None else w / w.mean()
    return w * (np.exp(preds) - dtrain.get_label()), w * np.exp(preds)


@caught_by(AGAIN, origin="LightGBM 4: preds is the array in which the Booster keeps its scores")
def changes_the_scores_in_place(y_true: Any, y_pred: Any) -> Any:
    """the raw scores are turned into probabilities in place"""
    p = y_pred
    p[:] = sigmoid(y_pred)
    return p - y_true, p * (1 - p)


@wrong_softmax(ORDER, origin="LightGBM 3: scores of several classes were flat, class by class")
def flattens_in_the_order_of_memory(y_true: Any, y_pred: Any) -> Any:
    """the scores are flattened in memory order, and reshaped as if rows followed each other"""
    return losses.softmax(y_true, y_pred.ravel("K").reshape(y_pred.shape))
