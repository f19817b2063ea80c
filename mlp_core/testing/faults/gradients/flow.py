"""Mistakes in what flows back into the layer below, delta[l] W[l]."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.gradients.reverse import BATCH, ONE, RIGHT, At, entered

CATALOGUE = Catalogue()

caught_by = entered(CATALOGUE, "flow")


@caught_by(ONE, origin="site: delta W; shapes adapted by reshape instead of a transpose")
def flow_through_reshaped_weights(at: At, delta: Tensor) -> Tensor:
    """delta flows back through reshaped weights instead of transposed ones"""
    return delta @ at.W.t().reshape(at.W.shape)


@caught_by(ONE, origin="site: delta W; the index of W; layer l - 1 instead of l, if the shapes allow it")
def flow_through_the_weights_below(at: At, delta: Tensor) -> Tensor:
    """delta flows back through the weights of the layer below if they have the same shape"""
    below = at.model.weights[at.layer - 2]
    return delta @ (below if below.shape == at.W.shape else at.W)


@caught_by(ONE, origin="site: delta W; W instead of its transpose, in square layers")
def flow_through_transposed_square_weights(at: At, delta: Tensor) -> Tensor:
    """delta flows back through the transpose of W if W is square, so that no shape shows it"""
    square = at.W.shape[0] == at.W.shape[1]
    return delta @ (at.W.t() if square else at.W)


@caught_by(ONE, origin="site: delta W; one buffer for the deltas of all layers, as in C")
def flow_overwritten_while_needed(at: At, delta: Tensor) -> Tensor:
    """delta is overwritten unit by unit by that of the layer below while it is still needed"""
    below = replace(at, layer=at.layer - 1)
    df = RIGHT["derivative"](below, torch.ones_like(below.z))
    n, n_below = at.W.shape
    buffer, above = torch.cat([delta, delta.new_zeros(len(delta), n_below)], dim=1), torch.empty_like(df)
    for unit in range(n_below):
        above[:, unit] = buffer[:, :n] @ at.W[:, unit]
        buffer[:, unit] = above[:, unit] * df[:, unit]
    return above


@caught_by(ONE, origin="site: delta W; the weights left out")
def flow_without_weights(at: At, delta: Tensor) -> Tensor:
    """delta flows back without the weights: every unit below gets its sum"""
    return delta.sum(1, keepdim=True).expand(-1, at.W.shape[1])


@caught_by(ONE, origin="site: delta W; the upstream gradient, before it is multiplied by f'")
def flow_without_the_derivative(at: At, delta: Tensor) -> Tensor:
    """the error flows back to the layer below without this layer's f'"""
    return at.above @ at.W


@caught_by(ONE, origin="site: delta W; a detached tensor: the layers below get zero")
def flow_stopped(at: At, delta: Tensor) -> Tensor:
    """nothing flows back into the layers below"""
    return delta @ at.W * 0


@caught_by(BATCH, origin="course: / m in every layer, so that it counts once for each")
def flow_averaged(at: At, delta: Tensor) -> Tensor:
    """delta is divided by the batch size again in every layer"""
    return delta @ at.W / len(delta)


@caught_by(BATCH, origin="course report: sum(local_grad.T * W, dim=0, keepdim=True), right for one sample")
def flow_by_a_broadcasting_product(at: At, delta: Tensor) -> Tensor:
    """delta flows back as the broadcasting product delta.T * W summed over units, which is delta W for one sample
    only"""
    return (delta.t() * at.W).sum(dim=0, keepdim=True)


@caught_by(
    "follows a permutation of hidden units", origin="site: delta W; a range one too short", place="the hidden layers"
)
def flow_without_the_last_unit(at: At, delta: Tensor) -> Tensor:
    """the last unit passes nothing on to the layer below"""
    return delta[:, :-1] @ at.W[:-1]


@caught_by(ONE, origin="site: delta W; a signal meant for the forward pass")
def flow_with_the_bias(at: At, delta: Tensor) -> Tensor:
    """the bias of the layer below is added to the error that flows back"""
    return RIGHT["flow"](at, delta) + at.model.biases[at.layer - 2]
