"""Backpropagation by hand: one reverse loop.

    delta[L] = dL/dy_hat * f_L'(z[L])                    (B, n_L)
    delta[l] = (delta[l+1] W[l+1]) * f_l'(z[l])          (B, n_l)
    dL/dW[l] = delta[l]^T a[l-1]                         (n_l, n_{l-1})
    dL/db[l] = sum over the batch of delta[l]            (n_l,)

Rumelhart, Hinton and Williams (1986); Nielsen, *Neural Networks and Deep Learning*, ch. 2, equations BP1 to BP4.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.model import MLP, Trace
from mlp_core.placing import REQUIRES_GRAD, check_trainable
from mlp_core.tracing import without_autograd


def backprop(model: MLP, trace: Trace, dL_dy: Tensor) -> Tensor:
    """Fill `model.flat_grad` with the gradient of the loss and return it.

    trace: of model.trace(x), a batch of B rows. dL_dy: (B, n_L), the derivative of the loss by the output. What the
    buffer held before is overwritten; a frozen parameter has no gradient, and zeros there. Raises ArgumentError for a
    trace of another model, of other activations or of older weights, a dL_dy that is not like trace.output in shape,
    dtype and device, and a model for which autograd would do something else: see `placing`.

    >>> model = MLP([1, 1], dtype=torch.float64)
    >>> trace = model.trace(torch.tensor([[3.0]], dtype=torch.float64))
    >>> gradient = backprop(model, trace, torch.tensor([[2.0]], dtype=torch.float64))
    >>> model.weights[0].grad, model.biases[0].grad
    (tensor([[6.]], dtype=torch.float64), tensor([2.], dtype=torch.float64))
    """
    if not (isinstance(model, MLP) and isinstance(trace, Trace) and isinstance(dL_dy, Tensor)):
        raise _of_another_type(model, trace, dL_dy)
    parameters = model.by_hand(trace)
    output = trace.output
    if dL_dy.shape != output.shape or dL_dy.dtype != output.dtype or dL_dy.device != output.device:
        raise _unlike(dL_dy, output)
    frozen = not all(map(REQUIRES_GRAD, parameters))
    if frozen:
        check_trainable(parameters)
    flat_grad = model.bound(parameters, frozen)
    without_autograd(_reverse, model, parameters, trace, dL_dy)
    return model.bound(parameters, frozen) if frozen else flat_grad  # with zeros for the frozen ones


def reverse(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """The loop of `backprop`, for who has checked its arguments, switched autograd off and bound the grads: dL/dy_hat
    to the gradients in the model's buffer."""
    _reverse(model, model.in_order(), trace, dL_dy)


def _reverse(model: MLP, parameters: list[nn.Parameter], trace: Trace, delta: Tensor) -> None:
    weights, dL_dW, dL_db = parameters[0::2], model.grad_views[0::2], model.grad_views[1::2]
    for layer in range(model.L, 0, -1):
        delta = model.activations[layer - 1].times_df(delta, trace.z[layer], trace.a[layer])  # * f_l'(z[l])
        torch.mm(delta.t(), trace.a[layer - 1], out=dL_dW[layer - 1])  # delta[l]^T a[l-1]
        torch.sum(delta, 0, out=dL_db[layer - 1])
        if layer > 1:
            delta = torch.mm(delta, weights[layer - 1])  # delta[l] W[l]


def _of_another_type(model: object, trace: object, dL_dy: object) -> ArgumentError:
    for name, value, wanted in (("model", model, MLP), ("trace", trace, Trace)):
        if not isinstance(value, wanted):
            return ArgumentError(name, value, f"a {wanted.__name__}")
    return ArgumentError("dL_dy", dL_dy, "a Tensor")


def _unlike(dL_dy: Tensor, output: Tensor) -> ArgumentError:
    what = next(what for what in ("shape", "dtype", "device") if getattr(dL_dy, what) != getattr(output, what))
    got, expected = getattr(dL_dy, what), getattr(output, what)
    return ArgumentError("dL_dy", Described(f"{what} {got}"), f"{what} {expected}, that of trace.output")
