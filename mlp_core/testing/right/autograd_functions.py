"""Correct autograd.Functions that together use every feature that torch offers to them. No law may fail for them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from mlp_core.testing.subjects import arrays


class ExpOfItsOutput(torch.autograd.Function):
    """exp, whose backward uses the saved output."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        (y,) = ctx.saved_tensors
        return grads[0] * y


class LinearAsAsked(torch.autograd.Function):
    """x W^T + b, which computes only the required gradients."""

    @staticmethod
    def forward(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return torch.addmm(bias, x, weight.T)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        x, weight, _ = inputs
        ctx.save_for_backward(x, weight)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        x, weight = ctx.saved_tensors
        (g,) = grads
        dx = g @ weight if ctx.needs_input_grad[0] else None
        dw = g.T @ x if ctx.needs_input_grad[1] else None
        return dx, dw, g.sum(0) if ctx.needs_input_grad[2] else None


class SoftplusOnce(torch.autograd.Function):
    """log(1 + exp(x)), which refuses to be differentiated twice."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return torch.logaddexp(x, torch.zeros_like(x))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        return grads[0] / (1 + torch.exp(-x))


class ReluInPlace(torch.autograd.Function):
    """max(x, 0), written over its argument."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        x.clamp_(min=0)
        ctx.mark_dirty(x)
        ctx.save_for_backward(x)
        return x

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        (y,) = ctx.saved_tensors
        return torch.where(y > 0, grads[0], 0.0)


class ProductAndSum(torch.autograd.Function):
    """a b and a + b, which accepts None for an unused output."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Any:
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(a, b)
        return a * b, a + b

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        product, total = grads
        a, b = ctx.saved_tensors
        da = db = torch.zeros_like(a)
        if product is not None:
            da, db = product * b, product * a
        if total is not None:
            da, db = da + total, db + total
        return da, db


class SmoothAbs(torch.autograd.Function):
    """sqrt(1 + x^2) - 1, with a vmap that torch generates."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return torch.sqrt(1 + x * x) - 1

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        return grads[0] * x * torch.rsqrt(1 + x * x)


class LargestWithItsIndex(torch.autograd.Function):
    """The largest entry of each row, and its index, which has no derivative."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Any:
        values, indices = x.max(1)
        ctx.mark_non_differentiable(indices)
        ctx.save_for_backward(indices)
        ctx.shape = x.shape
        return values, indices

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        (indices,) = ctx.saved_tensors
        return grads[0].new_zeros(ctx.shape).scatter(1, indices[:, None], grads[0][:, None])


EVERY: tuple[tuple[Any, Any], ...] = (
    (ExpOfItsOutput, arrays("(n,d)", lib="torch")),
    (LinearAsAsked, arrays("(n,d),(h,d),(h)", lib="torch")),
    (SoftplusOnce, arrays("(n,d)", lib="torch")),
    (ReluInPlace, arrays("(n,d)", lib="torch")),
    (ProductAndSum, arrays("(n,d),(n,d)", lib="torch")),
    (SmoothAbs, arrays("(n,d)", lib="torch")),
    (LargestWithItsIndex, arrays("(n,d)", lib="torch")),
)
"""each class with the arguments on which it is tested"""

BESIDE: tuple[tuple[Any, Any, Any], ...] = (
    (LinearAsAsked, arrays("(n,d),(h,d),(h)", lib="torch"), torch.nn.functional.linear),
    (SoftplusOnce, arrays("(n,d)", lib="torch"), torch.nn.functional.softplus),
)
"""the same with a function of torch that computes the same"""
