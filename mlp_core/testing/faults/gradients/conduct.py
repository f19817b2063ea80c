"""Mistakes in the side effects of a backpropagation: what it keeps, changes and adds to. Its numbers may be right."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from mlp_core.backprop import backprop
from mlp_core.model import MLP, Trace
from mlp_core.testing import subjects
from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.gradients.reverse import BATCH, ONE, RIGHT, At, reverse

CATALOGUE = Catalogue()

caught_by = CATALOGUE.caught_by


def as_our_own(f: Any) -> Any:
    """A subject for the laws that only the core's own backpropagation must satisfy."""
    return replace(subjects.backprop(f), to_the_bit=True)


@caught_by(
    "repeats itself to the bit", right=backprop, origin="gradients not zeroed: torch's own zero_grad() forgotten"
)
def adds_to_what_the_buffer_held(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """the gradient is added to the previous content of the buffers instead of replacing it"""
    before = model.flat_grad.nan_to_num(nan=0.0)
    reverse(model, trace, dL_dy)
    model.flat_grad.add_(before)


@caught_by("leaves everything else alone", right=backprop, origin="site: delta *= f', in place on the caller's tensor")
def multiplies_dL_dy_in_place(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """dL_dy is multiplied by f' in place, which changes the caller's tensor"""
    reverse(model, trace, dL_dy)
    dL_dy.copy_(RIGHT["derivative"](At(model, trace, model.L, dL_dy, dL_dy), dL_dy))


@caught_by("leaves everything else alone", right=backprop, origin="site: f' written over a, to save a buffer")
def writes_delta_over_the_activations(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """delta is written into the activations of the trace"""
    reverse(model, trace, dL_dy)
    trace.a[-1].copy_(RIGHT["derivative"](At(model, trace, model.L, dL_dy, dL_dy), dL_dy))


@caught_by("leaves everything else alone", right=backprop, origin="site: the update, made inside backpropagation")
def takes_the_step_itself(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """the parameters are changed: the update does not belong in backpropagation"""
    reverse(model, trace, dL_dy)
    with torch.no_grad():
        model.flat.sub_(model.flat_grad, alpha=0.01)


@caught_by(
    "leaves everything else alone", right=backprop, origin="dropout left on: random numbers in the backward pass"
)
def draws_random_numbers(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """random numbers are drawn from torch's global generator"""
    reverse(model, trace, dL_dy + 0 * torch.rand_like(dL_dy))


@caught_by("leaves everything else alone", right=backprop, origin="torch.set_default_dtype in a notebook's helper")
def sets_the_default_dtype(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """torch's default dtype is changed and not set back"""
    torch.set_default_dtype(torch.float64)
    reverse(model, trace, dL_dy)


@caught_by("leaves no graph behind", right=backprop, origin="torch.no_grad() forgotten")
def drags_the_graph_along(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """the gradients require a gradient themselves: torch.no_grad() is missing"""
    delta = dL_dy
    for layer in range(model.L, 0, -1):
        delta = model.activations[layer - 1].times_df(delta, trace.z[layer], trace.a[layer])
        model.weights[layer - 1].grad = delta.t() @ trace.a[layer - 1]
        model.biases[layer - 1].grad = delta.sum(0)
        delta = delta @ model.weights[layer - 1]  # requires a gradient, and so do all results


@caught_by("repeats itself to the bit", right=backprop, origin="dropout left on in the backward pass")
def is_random(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """the gradient differs from call to call"""
    reverse(model, trace, dL_dy * (1 + torch.rand(()).item()))


@caught_by(
    "handles half precision", right=backprop, origin="Micikevicius et al. (2018), loss scaling: unscaled in part"
)
def unscales_the_weights_alone(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """in float16 dL_dy is multiplied by 16 against underflow, and only the weight gradients are divided by 16 again"""
    scale = 16 if dL_dy.dtype == torch.float16 else 1
    reverse(model, trace, dL_dy * scale)
    for W in model.weights:
        W.grad.div_(scale)  # type: ignore[union-attr]  # reverse has filled it


@caught_by("handles depth 1", right=backprop, origin="site: the loop; the output layer is handled inside l < L")
def takes_a_single_layer_for_a_hidden_one(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """f' is left out in a network of one layer: it is treated as a hidden layer"""
    if model.L > 1:
        reverse(model, trace, dL_dy)
        return
    with torch.no_grad():
        model.weights[0].grad.copy_(dL_dy.t() @ trace.a[0])  # type: ignore[union-attr]  # allocated
        model.biases[0].grad.copy_(dL_dy.sum(0))  # type: ignore[union-attr]


@caught_by("handles depth 1", "repeats itself to the bit", right=backprop, origin="site: the index of the layer above")
def raises(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """it raises an IndexError in every call"""
    raise IndexError("index 2 is out of range")


@caught_by(
    ONE, BATCH, right=backprop, origin="site: one entry; the smallest error that equality with autograd must detect"
)
def off_by_1e_10_in_the_last_bias(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """the last bias gradient has a relative error of 1e-10"""
    reverse(model, trace, dL_dy)
    model.grad_views[-1][-1] *= 1 + 1e-10


@caught_by("equals exact rational arithmetic", right=backprop, origin="site: one entry; the smallest error of a weight")
def off_by_1e_10_in_one_entry(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """the first weight gradient has a relative error of 1e-10"""
    reverse(model, trace, dL_dy)
    model.grad_views[0][0, 0] *= 1 + 1e-10


@caught_by(ONE, right=backprop, origin="float32 buffers (torch.zeros) in a float64 network")
def rounds_to_float32(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """the gradient is rounded to float32 in between"""
    reverse(model, trace, dL_dy)
    model.flat_grad.copy_(model.flat_grad.float())


@caught_by(ONE, right=backprop, origin="[torch.zeros(n)] * L: every layer's entry is the same tensor")
def shares_one_bias_buffer(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """bias gradients of one shape share one buffer: the last layer that is written overwrites the others"""
    reverse(model, trace, dL_dy)
    written: dict[int, Tensor] = {}
    for g in model.grad_views[1::2]:
        g.copy_(written.setdefault(len(g), g.clone()))


@caught_by(
    ONE, right=backprop, origin="site: the order of the loop; weights are updated before delta is multiplied by them"
)
def flows_through_updated_weights(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """the error flows back through weights that are already updated (by 0.01 times their gradient)"""
    before = model.flat.clone()
    with torch.no_grad():
        delta = dL_dy
        for layer in range(model.L, 0, -1):
            delta = model.activations[layer - 1].times_df(delta, trace.z[layer], trace.a[layer])
            W, b = model.grad_views[2 * layer - 2], model.grad_views[2 * layer - 1]
            W.copy_(delta.t() @ trace.a[layer - 1])
            b.copy_(delta.sum(0))
            model.weights[layer - 1].sub_(W, alpha=0.01)
            delta = delta @ model.weights[layer - 1]
        model.flat.copy_(before)


@caught_by(
    "handles many layers", right=backprop, origin="site: the loop; a fixed number of layers, as in a first network"
)
def ends_after_five_layers(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """only the last five layers get a gradient: the loop has a fixed length"""
    reverse(model, trace, dL_dy)
    for p in list(model.parameters())[: max(0, 2 * (model.L - 5))]:
        p.grad.zero_()  # type: ignore[union-attr]  # allocated


@caught_by("uses the current parameters", right=backprop, origin="site: transposed weights kept between calls")
def keeps_the_weights_of_its_first_call(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """delta flows back through the weights of the first call, which were copied once"""
    if not hasattr(model, "copied"):
        model.copied = [W.detach().clone() for W in model.weights]  # type: ignore[assignment]  # a list
    right = model.flat.clone()
    with torch.no_grad():
        for W, old in zip(model.weights, model.copied, strict=True):  # type: ignore[arg-type]
            W.copy_(old)
    reverse(model, trace, dL_dy)
    model.flat.copy_(right)


@caught_by(
    "fills gradients that are stored elsewhere", right=backprop, subject=as_our_own,
    origin="torch: a tensor that autograd or a user assigns to p.grad is outside the flat buffer",
)  # fmt: skip
def fills_its_buffer_alone(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """only the flat buffer is filled: a gradient that is stored elsewhere keeps its old numbers"""
    bound = [None if p.grad is None else p.grad.clone() for p in model.parameters()]
    elsewhere = [p.grad is not view for p, view in zip(model.parameters(), model.grad_views, strict=True)]
    backprop(model, trace, dL_dy)
    for p, g, away in zip(model.parameters(), bound, elsewhere, strict=True):
        p.grad = g if away and g is not None else p.grad


@caught_by(
    "fills gradients that are stored elsewhere", right=backprop, subject=as_our_own,
    origin="site: the loop; a break at a frozen layer",
)  # fmt: skip
def ends_at_a_frozen_layer(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """the loop ends at the first frozen layer: all layers below it keep their old gradients"""
    before = [None if p.grad is None else p.grad.clone() for p in model.parameters()]
    backprop(model, trace, dL_dy)
    frozen = [layer for layer, W in enumerate(model.weights) if not W.requires_grad]
    for p, g in list(zip(model.parameters(), before, strict=True))[: 2 * max(frozen, default=-1) + 2]:
        p.grad = g
