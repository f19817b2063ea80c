"""Wrong backpropagations, and three of the course's kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from mlp_core import MLP, Trace, activations, backprop
from mlp_core.testing import subjects
from mlp_core.testing.faults.catalogue import Catalogue

CATALOGUE = Catalogue()
caught_by = CATALOGUE.caught_by

RELU = activations.get("relu")


def derive(model: MLP, trace: Trace, layer: int, delta: Tensor) -> Tensor:
    return model.activations[layer - 1].times_df(delta, trace.z[layer], trace.a[layer])


@torch.no_grad()
def reverse(
    model: MLP, trace: Trace, dL_dy: Tensor, *, derive: Callable[..., Tensor] = derive,
    weight: Callable[..., Tensor] = lambda delta, a: delta.t() @ a,
    bias: Callable[..., Tensor] = lambda delta: delta.sum(0),
    flow: Callable[..., Tensor] = lambda delta, W: delta @ W,
) -> None:  # fmt: skip
    """Backpropagation, right as it stands; a mistake hands in another formula."""
    delta = dL_dy
    for layer in range(model.L, 0, -1):
        delta = derive(model, trace, layer, delta)
        model.weights[layer - 1].grad.copy_(weight(delta, trace.a[layer - 1]))  # type: ignore[union-attr]  # allocated
        model.biases[layer - 1].grad.copy_(bias(delta))  # type: ignore[union-attr]
        delta = flow(delta, model.weights[layer - 1])


@caught_by("equals autograd for one sample", right=backprop)
def wrong_for_one_sample_alone(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    reverse(model, trace, dL_dy, bias=lambda delta: delta.sum(0) if len(delta) > 1 else delta.sum().expand_as(delta[0]))


@caught_by("equals autograd for a batch", "ignores the order of the batch", right=backprop)
def bias_gradient_of_the_first_sample(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    reverse(model, trace, dL_dy, bias=lambda delta: delta[0])


@caught_by("agrees with central differences for one sample", "quarters its Taylor remainder", right=backprop)
def derivative_of_the_output_layer_forgotten(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    reverse(
        model, trace, dL_dy,
        derive=lambda model, trace, layer, delta: delta if layer == model.L else derive(model, trace, layer, delta),
    )  # fmt: skip


@caught_by("agrees with central differences for a batch", "adds up over the batch", right=backprop)
def mean_over_the_batch(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    reverse(model, trace, dL_dy / len(dL_dy))


@caught_by("equals exact rational arithmetic", right=backprop)
def off_by_1e_10_in_one_entry(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    reverse(model, trace, dL_dy)
    model.grad_views[0][0, 0] *= 1 + 1e-10


@caught_by("equals autograd for one sample", "equals autograd for a batch", right=backprop)
def off_by_1e_10_in_the_last_bias(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    reverse(model, trace, dL_dy)
    model.grad_views[-1][-1] *= 1 + 1e-10


@caught_by("follows a permutation of hidden units", right=backprop)
def one_hidden_unit_passes_nothing_on(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    reverse(model, trace, dL_dy, flow=lambda delta, W: delta[:, :-1] @ W[:-1])


@caught_by("scales with the loss", right=backprop)
def clips_what_flows_back(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    reverse(model, trace, dL_dy.clamp(-4, 4))


@caught_by("is zero at a perfect fit", right=backprop)
def weight_decay_in_the_gradient(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    reverse(model, trace, dL_dy)
    for p in model.parameters():
        p.grad.add_(p.detach(), alpha=0.5)  # type: ignore[union-attr]


@caught_by("takes torch's convention at a kink", right=backprop)
def relu_has_slope_1_at_0(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    def at_least(model: MLP, trace: Trace, layer: int, delta: Tensor) -> Tensor:
        if model.activations[layer - 1].name == "relu":
            return delta * (trace.z[layer] >= 0)
        return derive(model, trace, layer, delta)

    reverse(model, trace, dL_dy, derive=at_least)


@caught_by("handles widths of 1", right=backprop)
def takes_a_single_unit_for_a_vector(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    reverse(model, trace, dL_dy, weight=lambda delta, a: delta.t() @ a if delta.shape[1] > 1 else a.mean(0, True))


@caught_by("handles depth 1", right=backprop)
def takes_every_first_layer_for_a_hidden_one(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    reverse(
        model, trace, dL_dy,
        derive=lambda model, trace, layer, delta: delta if model.L == 1 else derive(model, trace, layer, delta),
    )  # fmt: skip


@caught_by("handles wide layers and large batches", right=backprop)
def sums_the_first_64_rows(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    reverse(model, trace, dL_dy, bias=lambda delta: delta[:64].sum(dim=0))


@caught_by("handles wide layers and large batches", right=backprop)
def forgets_columns_from_600_on(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    def cut(delta: Tensor, a: Tensor) -> Tensor:
        gradient = delta.t() @ a
        gradient[:, 600:] = 0
        return gradient

    reverse(model, trace, dL_dy, weight=cut)


@caught_by("equals autograd for a batch", right=backprop)
def takes_all_hidden_layers_for_the_first(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    def first(model: MLP, trace: Trace, layer: int, delta: Tensor) -> Tensor:
        f = model.activations[-1] if layer == model.L else model.activations[0]
        return delta * f.df(trace.z[layer], trace.a[layer])

    reverse(model, trace, dL_dy, derive=first)


@caught_by("handles strided inputs", right=backprop)
def reads_the_memory_past_the_strides(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    reverse(model, trace, dL_dy, weight=lambda delta, a: delta.t() @ a.as_strided(a.shape, (a.shape[1], 1)))


@caught_by("leaves everything else alone", right=backprop)
def multiplies_dL_dy_in_place(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    def in_place(model: MLP, trace: Trace, layer: int, delta: Tensor) -> Tensor:
        return delta.mul_(model.activations[layer - 1].df(trace.z[layer], trace.a[layer]))

    reverse(model, trace, dL_dy, derive=in_place)


@caught_by("leaves everything else alone", right=backprop)
def draws_random_numbers(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    reverse(model, trace, dL_dy + 0 * torch.rand_like(dL_dy))


@caught_by("leaves everything else alone", right=backprop)
def sets_the_default_dtype(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    torch.set_default_dtype(torch.float64)
    reverse(model, trace, dL_dy)


@caught_by("leaves no graph behind", right=backprop)
def drags_the_graph_along(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    delta = dL_dy
    for layer in range(model.L, 0, -1):
        delta = derive(model, trace, layer, delta)
        model.weights[layer - 1].grad = delta.t() @ trace.a[layer - 1]
        model.biases[layer - 1].grad = delta.sum(0)
        delta = delta @ model.weights[layer - 1]  # requires a gradient, and so does everything made of it


@caught_by("repeats itself to the bit", right=backprop)
def adds_to_what_the_buffer_held(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    before = model.flat_grad.nan_to_num(nan=0.0)
    reverse(model, trace, dL_dy)
    model.flat_grad.add_(before)


@caught_by("repeats itself to the bit", right=backprop)
def is_random(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    reverse(model, trace, dL_dy * (1 + torch.rand(()).item()))


@caught_by(
    "is not finite where autograd is not", right=backprop,
    subject=lambda f: replace(subjects.backprop(f), to_the_bit=True),  # a law of the core's own alone
)  # fmt: skip
def multiplies_by_the_mask_of_relu(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    def masked(model: MLP, trace: Trace, layer: int, delta: Tensor) -> Tensor:
        if model.activations[layer - 1].name == "relu":
            return delta * (trace.z[layer] > 0)  # 0 * inf is not 0
        return derive(model, trace, layer, delta)

    reverse(model, trace, dL_dy, derive=masked)


@caught_by("handles depth 1", "repeats itself to the bit", right=backprop)
def raises(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    raise IndexError("index 2 is out of range")


def course_report(model: Any, y_true: Tensor, y_pred: Tensor) -> None:
    """As the course report writes it: right for one sample, which is what the course asks."""
    with torch.no_grad():
        L = model.L
        local_grad = -2 * (y_true - y_pred) * model.df[L](model.z[L])
        model.dL_dw[L], model.dL_db[L] = local_grad.T * model.a[L - 1], local_grad[0]
        for layer in range(L - 1, 0, -1):
            W = model.fc[str(layer + 1)].weight
            local_grad = torch.sum(local_grad.T * W, dim=0, keepdim=True) * model.df[layer](model.z[layer])
            model.dL_dw[layer], model.dL_db[layer] = local_grad.T * model.a[layer - 1], local_grad[0]


def right_for_batches(model: Any, y_true: Tensor, y_pred: Tensor) -> None:
    with torch.no_grad():
        delta = -2 * (y_true - y_pred)
        for layer in range(model.L, 0, -1):
            delta = delta * model.df[layer](model.z[layer])
            model.dL_dw[layer], model.dL_db[layer] = delta.T @ model.a[layer - 1], delta.sum(0)
            delta = delta @ model.fc[str(layer)].weight


for _law in ("equals autograd for a batch", "adds up over the batch"):
    caught_by(_law, right=right_for_batches)(course_report)


@caught_by("equals autograd for one sample", "equals exact rational arithmetic", right=right_for_batches)
def course_with_the_sign_turned(model: Any, y_true: Tensor, y_pred: Tensor) -> None:
    right_for_batches(model, 2 * y_pred - y_true, y_pred)


@caught_by("leaves no graph behind", right=right_for_batches)
def course_without_no_grad(model: Any, y_true: Tensor, y_pred: Tensor) -> None:
    delta = -2 * (y_true - y_pred) * model.df[model.L](model.z[model.L])
    for layer in range(model.L, 0, -1):
        model.dL_dw[layer], model.dL_db[layer] = delta.T @ model.a[layer - 1], delta.sum(0)
        if layer > 1:
            delta = delta @ model.fc[str(layer)].weight * model.df[layer - 1](model.z[layer - 1])


@caught_by("handles depth 1", "equals autograd for one sample", right=right_for_batches)
def course_leaves_the_first_layer_out(model: Any, y_true: Tensor, y_pred: Tensor) -> None:
    right_for_batches(model, y_true, y_pred)
    del model.dL_dw[1]


@caught_by("handles widths of 1", "equals autograd for a batch", right=right_for_batches)
def course_forgets_a_dimension(model: Any, y_true: Tensor, y_pred: Tensor) -> None:
    right_for_batches(model, y_true, y_pred)
    model.dL_db[model.L] = model.dL_db[model.L][None]  # (1, n) instead of (n,)


@caught_by("leaves everything else alone", right=right_for_batches)
def course_changes_its_targets(model: Any, y_true: Tensor, y_pred: Tensor) -> None:
    right_for_batches(model, y_true, y_pred)
    y_true.sub_(y_pred)
