"""Shared by several rules: the direction of descent, decoupled decay, and the two moments of the Adam family."""

from __future__ import annotations

import torch
from torch import Tensor

ONE = {dtype: torch.ones((), dtype=dtype, device="cpu") for dtype in (torch.float32, torch.float64)}


def descent(p: Tensor, g: Tensor, weight_decay: float, maximize: bool, out: Tensor | None = None) -> Tensor:
    """The gradient to descend along: negated to maximize, with coupled L2 decay added. Never changes g.

    The result is g itself, or it is written to `out`, or to new memory without `out`.

    g <- -g if maximize;   g <- g + wd p

    >>> import torch
    >>> descent(torch.tensor([2.0]), torch.tensor([1.0]), 0.5, maximize=True)
    tensor([0.])
    """
    g = torch.neg(g, out=out) if maximize else g
    return torch.add(g, p, alpha=weight_decay, out=out) if weight_decay else g


def decay(p: Tensor, lr: float, weight_decay: float) -> None:
    """Decoupled decay, in place (Loshchilov and Hutter 2019):  p <- p - lr wd p."""
    if weight_decay:
        p.mul_(1 - lr * weight_decay)


def accumulate(v: Tensor, g: Tensor, beta: float, share: float) -> None:
    """Momentum, in place:  v <- beta v + share g, to the bits of v.mul_(beta).add_(g, alpha=share).

    If share is 1, torch's CPU kernel does it in one pass, which rounds beta v, multiplies it by 1 and then adds g. (On
    a GPU, and with fewer bits, the same kernel rounds once.)

    >>> v = torch.tensor([4.0])
    >>> accumulate(v, torch.tensor([1.0]), 0.5, 1.0)
    >>> v
    tensor([3.])
    """
    one = ONE.get(v.dtype)
    if share == 1 and one is not None and v.is_cpu:
        torch.addcmul(g, v, one, value=beta, out=v)
    else:
        v.mul_(beta).add_(g, alpha=share)


def moments(m: Tensor, v: Tensor, g: Tensor, betas: tuple[float, float]) -> None:
    """Running averages of the gradient and its square, in place (Kingma and Ba 2015).

    m <- beta1 m + (1 - beta1) g;   v <- beta2 v + (1 - beta2) g^2
    """
    m.lerp_(g, 1 - betas[0])
    v.mul_(betas[1]).addcmul_(g, g, value=1 - betas[1])
