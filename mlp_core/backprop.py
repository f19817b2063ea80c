"""Backpropagation by hand: it checks its arguments and runs the reverse loop, whose formulas are in `passes`."""

from __future__ import annotations

from torch import Tensor

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.model import MLP, Trace
from mlp_core.passes import AT_ONCE, backward
from mlp_core.placing import REQUIRES_GRAD, check_trainable
from mlp_core.tracing import without_autograd


def backprop(model: MLP, trace: Trace, dL_dy: Tensor) -> Tensor:
    """Fill `model.flat_grad` with the gradient of the loss and return it.

    trace: from model.trace(x), for a batch of B rows. dL_dy: (B, n_L), the derivative of the loss by the output. The
    previous content of the buffer is overwritten. A frozen parameter has no gradient, and its part of the buffer is
    zero. Raises ArgumentError for a trace of another model, of other activations or of older weights; for a dL_dy that
    is not like trace.output in shape, dtype and device; and for a model for which autograd would do something else: see
    `placing`.

    >>> import torch
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
    without_autograd(backward, AT_ONCE, model.activations, parameters, model.grad_views, trace.z, trace.a, dL_dy)
    return model.bound(parameters, frozen) if frozen else flat_grad  # with zeros for the frozen ones


def _of_another_type(model: object, trace: object, dL_dy: object) -> ArgumentError:
    for name, value, wanted in (("model", model, MLP), ("trace", trace, Trace)):
        if not isinstance(value, wanted):
            return ArgumentError(name, value, f"a {wanted.__name__}")
    return ArgumentError("dL_dy", dL_dy, "a Tensor")


def _unlike(dL_dy: Tensor, output: Tensor) -> ArgumentError:
    what = next(what for what in ("shape", "dtype", "device") if getattr(dL_dy, what) != getattr(output, what))
    got, expected = getattr(dL_dy, what), getattr(output, what)
    return ArgumentError("dL_dy", Described(f"{what} {got}"), f"{what} {expected}, that of trace.output")
