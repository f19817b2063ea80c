"""Correct backpropagations in the form of the course, f(model, y_true, y_pred), as students might write them.

No law may fail for them. The loss is the squared error summed: dL/dy_hat = -2 (y - y_hat).
"""

from __future__ import annotations

from functools import reduce
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor


@torch.no_grad()
def outer_products_in_a_loop(model: Any, y_true: Tensor, y_pred: Tensor) -> None:
    """A loop over the samples; the outer product of each is added to zeros."""
    for layer in range(1, model.L + 1):
        model.dL_dw[layer] = torch.zeros(model.fc[str(layer)].weight.shape)
        model.dL_db[layer] = torch.zeros(model.fc[str(layer)].bias.shape)
    for s in range(y_true.shape[0]):
        delta = -2 * (y_true[s] - y_pred[s]) * model.df[model.L](model.z[model.L][s])
        for layer in range(model.L, 0, -1):
            model.dL_dw[layer] += torch.outer(delta, model.a[layer - 1][s])
            model.dL_db[layer] += delta
            if layer > 1:
                delta = torch.matmul(model.fc[str(layer)].weight.T, delta) * model.df[layer - 1](model.z[layer - 1][s])


@torch.no_grad()
def weight_by_row(model: Any, y_true: Tensor, y_pred: Tensor) -> None:
    """A loop over the units of each layer, whose gradients are rows."""
    back = 2 * y_pred - 2 * y_true
    for layer in reversed(range(1, model.L + 1)):
        delta = (back * model.df[layer](model.z[layer])).T
        model.dL_dw[layer] = torch.stack([(own[:, None] * model.a[layer - 1]).sum(0) for own in delta])
        model.dL_db[layer] = torch.stack([own.sum() for own in delta])
        W = model.fc[str(layer)].weight
        back = torch.stack([(delta * W[:, j : j + 1]).sum(0) for j in range(W.shape[1])], dim=1)


@torch.no_grad()
def diagonal_matrices(model: Any, y_true: Tensor, y_pred: Tensor) -> None:
    """f' as a diagonal matrix, one sample after the other, like the chain rule on the blackboard."""
    W = {layer: model.fc[str(layer)].weight.detach() for layer in range(1, model.L + 1)}
    found: dict[int, list[Tensor]] = {layer: [] for layer in W}
    for s in range(len(y_true)):
        delta = torch.diag(model.df[model.L](model.z[model.L][s])) @ (-2 * (y_true - y_pred)[s])
        for layer in range(model.L, 0, -1):
            found[layer].append(delta)
            if layer > 1:
                delta = torch.diag(model.df[layer - 1](model.z[layer - 1][s])) @ W[layer].T @ delta
    for layer, deltas in found.items():
        together = torch.stack(deltas)
        model.dL_dw[layer] = together.T.mm(model.a[layer - 1])
        model.dL_db[layer] = reduce(torch.add, deltas)


@torch.no_grad()
def folded(model: Any, y_true: Tensor, y_pred: Tensor) -> None:
    """Without a loop or a variable that changes: a fold over the layers returns the deltas."""
    layers = list(range(model.L, 0, -1))
    slopes = {layer: model.df[layer](model.z[layer]) for layer in layers}
    first = (y_pred - y_true).mul(2).mul(slopes[model.L])
    deltas = accumulate(
        layers[:-1],
        lambda delta, layer: slopes[layer - 1] * (delta @ model.fc[str(layer)].weight),
        initial=first,
    )
    for layer, delta in reversed(list(zip(layers, deltas, strict=True))):
        model.dL_dw[layer] = torch.tensordot(delta, model.a[layer - 1], dims=([0], [0]))
        model.dL_db[layer] = torch.einsum("si->i", delta)


@torch.no_grad()
def from_sums_of_rows(model: Any, y_true: Tensor, y_pred: Tensor) -> None:
    """All samples at once as a stack of matrices, one per sample, summed in pairs."""
    back = torch.sub(y_pred, y_true)
    for layer in range(model.L, 0, -1):
        delta = back * model.df[layer](model.z[layer])
        each = [torch.kron(d[:, None], a[None, :]) for d, a in zip(delta, model.a[layer - 1], strict=True)]
        model.dL_dw[layer], model.dL_db[layer] = 2 * _by_pairs(each), 2 * _by_pairs(list(delta))  # times 2 at the end
        back = torch.nn.functional.linear(delta, model.fc[str(layer)].weight.T)


def _by_pairs(terms: list[Tensor]) -> Tensor:
    middle = len(terms) // 2
    return terms[0] if middle == 0 else _by_pairs(terms[:middle]) + _by_pairs(terms[middle:])


@torch.no_grad()
def jacobians(model: Any, y_true: Tensor, y_pred: Tensor) -> None:
    """One sample, as the course requires: d y_hat / d z[l] as a matrix; the product of the upper layers is computed
    first.
    """
    dL_dy = -2 * (y_true[0] - y_pred[0])
    J = torch.diag(model.df[model.L](model.z[model.L][0]))  # d y_hat / d z[L]
    for layer in range(model.L, 0, -1):
        delta = dL_dy @ J
        model.dL_dw[layer], model.dL_db[layer] = delta[:, None] * model.a[layer - 1], delta
        if layer > 1:
            J = J @ model.fc[str(layer)].weight * model.df[layer - 1](model.z[layer - 1])


EVERY = (outer_products_in_a_loop, weight_by_row, diagonal_matrices, folded, from_sums_of_rows)

ONE_SAMPLE = (jacobians,)
