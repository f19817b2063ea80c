"""Mistakes in the form of the course: functions f(model, y_true, y_pred) that fill dL_dw and dL_db."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.gradients.reverse import BATCH, ONE

CATALOGUE = Catalogue()


def right_for_batches(model: Any, y_true: Tensor, y_pred: Tensor) -> None:
    """Correct for batches; the course requires only a batch of one."""
    with torch.no_grad():
        delta = -2 * (y_true - y_pred)
        for layer in range(model.L, 0, -1):
            delta = delta * model.df[layer](model.z[layer])
            model.dL_dw[layer], model.dL_db[layer] = delta.T @ model.a[layer - 1], delta.sum(0)
            delta = delta @ model.fc[str(layer)].weight


def caught_by(*laws: str, origin: str) -> Callable[[Any], Any]:
    return CATALOGUE.caught_by(*laws, right=right_for_batches, origin=origin)


@caught_by(BATCH, "adds up over the batch", origin="the course report of this project")
def course_report(model: Any, y_true: Tensor, y_pred: Tensor) -> None:
    """correct for one sample only: the bias gradient is that of the first sample, and broadcasting replaces the outer
    product"""
    with torch.no_grad():
        L = model.L
        local_grad = -2 * (y_true - y_pred) * model.df[L](model.z[L])
        model.dL_dw[L], model.dL_db[L] = local_grad.T * model.a[L - 1], local_grad[0]
        for layer in range(L - 1, 0, -1):
            W = model.fc[str(layer + 1)].weight
            local_grad = torch.sum(local_grad.T * W, dim=0, keepdim=True) * model.df[layer](model.z[layer])
            model.dL_dw[layer], model.dL_db[layer] = local_grad.T * model.a[layer - 1], local_grad[0]


@caught_by(
    ONE, "equals exact rational arithmetic", origin="course: y_pred - y_true, and the formula's minus sign too"
)
def course_with_the_sign_turned(model: Any, y_true: Tensor, y_pred: Tensor) -> None:
    """the loss gradient has the wrong sign: the gradient points downhill"""
    right_for_batches(model, 2 * y_pred - y_true, y_pred)


@caught_by("leaves no graph behind", origin="course: torch.no_grad() forgotten")
def course_without_no_grad(model: Any, y_true: Tensor, y_pred: Tensor) -> None:
    """the gradients require a gradient themselves: torch.no_grad() is missing"""
    delta = -2 * (y_true - y_pred) * model.df[model.L](model.z[model.L])
    for layer in range(model.L, 0, -1):
        model.dL_dw[layer], model.dL_db[layer] = delta.T @ model.a[layer - 1], delta.sum(0)
        if layer > 1:
            delta = delta @ model.fc[str(layer)].weight * model.df[layer - 1](model.z[layer - 1])


@caught_by("handles depth 1", ONE, origin="course: range(L, 1, -1)")
def course_leaves_the_first_layer_out(model: Any, y_true: Tensor, y_pred: Tensor) -> None:
    """the first layer gets no gradients: the loop ends one layer too early"""
    right_for_batches(model, y_true, y_pred)
    del model.dL_dw[1]


@caught_by(ONE, origin="course: range(L - 1, 1, -1) for the hidden layers")
def course_leaves_the_first_of_several_layers_out(model: Any, y_true: Tensor, y_pred: Tensor) -> None:
    """with hidden layers the first layer gets no gradients: the loop ends one layer too early"""
    right_for_batches(model, y_true, y_pred)
    if model.L > 1:
        del model.dL_dw[1]


@caught_by("handles widths of 1", BATCH, origin="course: sum(dim=0, keepdim=True)")
def course_keeps_a_dimension(model: Any, y_true: Tensor, y_pred: Tensor) -> None:
    """the bias gradient of the output layer has shape (1, n) instead of (n,)"""
    right_for_batches(model, y_true, y_pred)
    model.dL_db[model.L] = model.dL_db[model.L][None]


@caught_by("leaves everything else alone", origin="course: y_true -= y_pred")
def course_changes_its_targets(model: Any, y_true: Tensor, y_pred: Tensor) -> None:
    """y_true is changed in place"""
    right_for_batches(model, y_true, y_pred)
    y_true.sub_(y_pred)


@caught_by("leaves everything else alone", origin="course: y_pred.sub_(y_true), to save memory")
def course_changes_its_prediction(model: Any, y_true: Tensor, y_pred: Tensor) -> None:
    """y_pred is changed in place"""
    right_for_batches(model, y_true, y_pred)
    y_pred.sub_(y_true)


@caught_by("leaves everything else alone", origin="course: the step of gradient descent, made inside backpropagation")
def course_takes_the_step_itself(model: Any, y_true: Tensor, y_pred: Tensor) -> None:
    """the parameters are changed: a step of gradient descent is taken inside backpropagation"""
    right_for_batches(model, y_true, y_pred)
    with torch.no_grad():
        for layer in range(1, model.L + 1):
            model.fc[str(layer)].weight.sub_(model.dL_dw[layer], alpha=0.01)
            model.fc[str(layer)].bias.sub_(model.dL_db[layer], alpha=0.01)


SUMS: dict[tuple[Any, ...], Tensor] = {}


@caught_by("repeats itself to the bit", origin="course: gradients added up in a global dict that is never emptied")
def course_keeps_adding(model: Any, y_true: Tensor, y_pred: Tensor) -> None:
    """the gradients of earlier calls are added: the buffers outside the function are never cleared"""
    right_for_batches(model, y_true, y_pred)
    for written in (model.dL_dw, model.dL_db):
        for layer, g in written.items():
            key = (layer, g.shape)
            SUMS[key] = SUMS.get(key, 0) + g
            written[layer] = SUMS[key].clone()


@caught_by(ONE, origin="course: gradients computed in numpy's float32")
def course_in_single_precision(model: Any, y_true: Tensor, y_pred: Tensor) -> None:
    """everything is computed in float32 and converted back to float64"""
    with torch.no_grad():
        delta = -2 * (y_true.float() - y_pred.float())
        for layer in range(model.L, 0, -1):
            delta = delta * model.df[layer](model.z[layer]).float()
            model.dL_dw[layer] = (delta.T @ model.a[layer - 1].float()).double()
            model.dL_db[layer] = delta.sum(0).double()
            delta = delta @ model.fc[str(layer)].weight.float()
