"""Correct backpropagations in the core's form, each with another order of operations than the core's.

No law may fail for them. All fill the gradients of a model from its trace:

    delta[L] = dL/dy_hat * f_L'(z[L]);    delta[l] = (delta[l+1] W[l+1]) * f_l'(z[l])
    dL/dW[l] = delta[l]^T a[l-1];         dL/db[l] = sum over the batch of delta[l]
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mlp_core.activations import Activation
from mlp_core.model import MLP, Trace


def _slope(model: MLP, trace: Trace, layer: int) -> Tensor:
    """f_l'(z[l]) as a separate factor; the core multiplies while it differentiates."""
    return model.activations[layer - 1].df(trace.z[layer], trace.a[layer])


def _put(model: MLP, layer: int, dL_dW: Tensor, dL_db: Tensor) -> None:
    model.grad_views[2 * layer - 2].copy_(dL_dW)
    model.grad_views[2 * layer - 1].copy_(dL_db)


@torch.no_grad()
def einsum(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """With index notation throughout."""
    back = dL_dy
    for layer in range(model.L, 0, -1):
        delta = torch.einsum("si,si->si", back, _slope(model, trace, layer))
        _put(model, layer, torch.einsum("si,sj->ij", delta, trace.a[layer - 1]), torch.einsum("si->i", delta))
        back = torch.einsum("si,ij->sj", delta, model.weights[layer - 1])


@torch.no_grad()
def sample_by_sample(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """Each sample by itself back to the first layer; its outer products are added in place."""
    model.flat_grad.zero_()
    slopes = [_slope(model, trace, layer) for layer in range(1, model.L + 1)]
    for s in range(len(dL_dy)):
        back = dL_dy[s]
        for layer in range(model.L, 0, -1):
            delta = back * slopes[layer - 1][s]
            model.grad_views[2 * layer - 2].addr_(delta, trace.a[layer - 1][s])
            model.grad_views[2 * layer - 1].add_(delta)
            back = model.weights[layer - 1].t().mv(delta)


@torch.no_grad()
def unit_by_unit(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """A loop over the units of a layer: each is a broadcast product, summed over the samples."""
    back = dL_dy
    for layer in range(model.L, 0, -1):
        delta, W = back * _slope(model, trace, layer), model.weights[layer - 1]
        back = torch.zeros_like(trace.a[layer - 1])
        for i in range(delta.shape[1]):
            own = delta[:, i : i + 1]
            model.grad_views[2 * layer - 2][i] = (own * trace.a[layer - 1]).sum(0)
            model.grad_views[2 * layer - 1][i] = own.sum()
            back += own * W[i]


@torch.no_grad()
def in_columns(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """Samples as columns, as in most textbooks: delta (n_l, B), copied to be contiguous."""
    back = dL_dy.t().contiguous()
    for layer in range(model.L, 0, -1):
        delta = _slope(model, trace, layer).t().contiguous() * back
        _put(model, layer, delta @ trace.a[layer - 1], delta.mm(delta.new_ones(delta.shape[1], 1))[:, 0])
        back = model.weights[layer - 1].t() @ delta


@torch.no_grad()
def with_a_one(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """The bias as the weight of one more input that is always 1: both gradients are one product."""
    back = dL_dy
    for layer in range(model.L, 0, -1):
        delta = back * _slope(model, trace, layer)
        both = delta.t() @ torch.cat([trace.a[layer - 1], torch.ones_like(delta[:, :1])], dim=1)
        _put(model, layer, both[:, :-1], both[:, -1])
        back = torch.cat([model.weights[layer - 1], model.biases[layer - 1][:, None]], dim=1).t().mm(delta.t())[:-1].t()


@torch.no_grad()
def recursive(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """Each delta calls the function for the next one; gradients are filled from the first layer on."""

    def delta(layer: int) -> Tensor:
        back = dL_dy if layer == model.L else torch.nn.functional.linear(delta(layer + 1), model.weights[layer].t())
        return _slope(model, trace, layer) * back

    for layer in range(1, model.L + 1):
        d = delta(layer)
        _put(model, layer, (trace.a[layer - 1].t() @ d).t(), d.t().sum(1))


@torch.no_grad()
def in_place(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """One buffer for all deltas; the products are added to buffers of zeros."""
    buffer = dL_dy.new_zeros(len(dL_dy) * max(model.sizes))
    delta = buffer[: dL_dy.numel()].view(dL_dy.shape).copy_(dL_dy)
    for layer in range(model.L, 0, -1):
        delta.mul_(_slope(model, trace, layer))
        model.grad_views[2 * layer - 2].zero_().addmm_(delta.t(), trace.a[layer - 1])
        torch.cumsum(delta, dim=0, out=(sums := torch.empty_like(delta)))
        model.grad_views[2 * layer - 1].copy_(sums[-1])
        previous = trace.a[layer - 1]
        following = delta @ model.weights[layer - 1]
        delta = buffer[: previous.numel()].view(previous.shape).copy_(following)


@torch.no_grad()
def in_halves(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """The two halves of the batch separately, the second one first, and each divided again: sums of pairs of sums."""
    if len(dL_dy) > 1:
        total = torch.zeros_like(model.flat_grad)
        for rows in (slice(len(dL_dy) // 2, None), slice(0, len(dL_dy) // 2)):
            in_halves(model, Trace(tuple(z[rows] for z in trace.z), tuple(a[rows] for a in trace.a)), dL_dy[rows])
            total += model.flat_grad
        model.flat_grad.copy_(total)
    else:
        einsum(model, trace, dL_dy)


def layer_by_layer(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """torch differentiates every activation by itself; the rest is hand-written."""
    back = dL_dy
    for layer in range(model.L, 0, -1):
        z = trace.z[layer].detach().clone().requires_grad_()
        with torch.enable_grad():
            (delta,) = torch.autograd.grad(model.activations[layer - 1].f(z), z, back)
        with torch.no_grad():
            _put(model, layer, torch.tensordot(delta, trace.a[layer - 1], ([0], [0])), delta.mean(0) * len(delta))
            back = torch.bmm(delta[None], model.weights[layer - 1][None])[0]


@torch.no_grad()
def own_derivatives(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """Every f' by another formula than the record's."""
    back = dL_dy
    for layer in range(model.L, 0, -1):
        f, z, a = model.activations[layer - 1], trace.z[layer], trace.a[layer]
        if f.slopes:  # piecewise linear
            df = torch.full_like(z, f.slopes[0])
            for kink, right, at in zip(f.kinks, f.slopes[1:], f.kink_slopes, strict=True):
                df = torch.where(z > kink, right, torch.where(z == kink, at, df))
        else:
            df = _SMOOTH[f.name](z, a) if f.name in _SMOOTH else _by_torch(f, z)
        delta = df * back
        _put(model, layer, delta.t().matmul(trace.a[layer - 1]), torch.ones(len(delta)).to(delta) @ delta)
        back = delta.matmul(model.weights[layer - 1])


def _by_torch(f: Activation, z: Tensor) -> Tensor:
    """f'(z) for an activation without another formula here."""
    leaf = z.detach().clone().requires_grad_()
    with torch.enable_grad():
        return torch.autograd.grad(f.f(leaf).sum(), leaf)[0]


_SMOOTH: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "elu": lambda z, a: z.clamp(max=0).exp(),  # e^0 = 1 right of 0
    "softplus": lambda z, a: torch.where(z > 20, 1.0, -torch.expm1(-a)),  # a = log(1 + e^z): f' = 1 - e^-a
    "sigmoid": lambda z, a: (0.5 / torch.cosh(z / 2)) ** 2,
    "tanh": lambda z, a: torch.cosh(z) ** -2,
    "silu": lambda z, a: torch.sigmoid(z) + a * torch.sigmoid(-z),  # 1 - s = sigmoid(-z)
    "gelu": lambda z, a: torch.special.ndtr(z) + z * torch.exp(-(z**2) / 2) * 0.3989422804014327,  # 1/sqrt(2 pi)
    "softsign": lambda z, a: (1 - a.abs()) ** 2,  # 1 - |a| = 1 / (1 + |z|)
}

EVERY = (
    einsum, sample_by_sample, unit_by_unit, in_columns, with_a_one, recursive, in_place, in_halves, layer_by_layer,
    own_derivatives,
)  # fmt: skip
