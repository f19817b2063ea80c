"""Backpropagation by hand: one reverse loop.

    delta[L] = dL/dy_hat * f_L'(z[L])                    (B, n_L)
    delta[l] = (delta[l+1] W[l+1]) * f_l'(z[l])          (B, n_l)
    dL/dW[l] = delta[l]^T a[l-1]                         (n_l, n_{l-1})
    dL/db[l] = sum over the batch of delta[l]            (n_l,)

Rumelhart, Hinton and Williams (1986); Nielsen, *Neural Networks and Deep Learning*, ch. 2, equations BP1 to BP4.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.model import MLP, Trace


def backprop(model: MLP, trace: Trace, dL_dy: Tensor) -> Tensor:
    """Fill `model.flat_grad` with the gradient of the loss and return it.

    trace: of model.trace(x), a batch of B rows. dL_dy: (B, n_L), the derivative of the loss by the output. What the
    buffer held before is overwritten. Raises ArgumentError for a trace of another model or a dL_dy that is not like
    trace.output in shape, dtype and device.

    >>> model = MLP([1, 1], dtype=torch.float64)
    >>> trace = model.trace(torch.tensor([[3.0]], dtype=torch.float64))
    >>> gradient = backprop(model, trace, torch.tensor([[2.0]], dtype=torch.float64))
    >>> model.weights[0].grad, model.biases[0].grad
    (tensor([[6.]], dtype=torch.float64), tensor([2.], dtype=torch.float64))
    """
    _check(model, trace, dL_dy)
    flat_grad = model.flat_grad
    with torch.no_grad():
        reverse(model, trace, dL_dy)
    return flat_grad


def reverse(model: MLP, trace: Trace, delta: Tensor) -> None:
    """The loop of `backprop`, for who has checked its arguments, switched autograd off and bound the grads: dL/dy_hat
    to the gradients in the model's buffer."""
    weights, dL_dW, dL_db = model.weights, model.grad_views[0::2], model.grad_views[1::2]
    for layer in range(model.L, 0, -1):
        delta = model.activations[layer - 1].times_df(delta, trace.z[layer], trace.a[layer])  # * f_l'(z[l])
        torch.mm(delta.t(), trace.a[layer - 1], out=dL_dW[layer - 1])  # delta[l]^T a[l-1]
        torch.sum(delta, 0, out=dL_db[layer - 1])
        if layer > 1:
            delta = torch.mm(delta, weights[layer - 1])  # delta[l] W[l]


def _check(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    for name, value, wanted in (("model", model, MLP), ("trace", trace, Trace), ("dL_dy", dL_dy, Tensor)):
        if not isinstance(value, wanted):
            raise ArgumentError(name, value, f"a {wanted.__name__}")
    widths = tuple(a.shape[1] for a in trace.a)
    if widths != model.sizes or len(trace.z) != len(trace.a):
        raise ArgumentError("trace", Described(f"widths {widths}"), f"a trace of this model, widths {model.sizes}")
    for what in ("shape", "dtype", "device"):
        got, expected = getattr(dL_dy, what), getattr(trace.output, what)
        if got != expected:
            raise ArgumentError("dL_dy", Described(f"{what} {got}"), f"{what} {expected}, that of trace.output")
