"""What several rules share: the direction of descent, decoupled decay, the two moments of the Adam family."""

from __future__ import annotations

from torch import Tensor


def descent(p: Tensor, g: Tensor, weight_decay: float, maximize: bool) -> Tensor:
    """The gradient to descend along: negated to maximize, with coupled L2 decay added. Never changes g.

    g <- -g if maximize;   g <- g + wd p

    >>> import torch
    >>> descent(torch.tensor([2.0]), torch.tensor([1.0]), 0.5, maximize=True)
    tensor([0.])
    """
    g = -g if maximize else g
    return g.add(p, alpha=weight_decay) if weight_decay else g


def decay(p: Tensor, lr: float, weight_decay: float) -> None:
    """Decoupled decay, in place (Loshchilov and Hutter 2019):  p <- p - lr wd p."""
    if weight_decay:
        p.mul_(1 - lr * weight_decay)


def moments(m: Tensor, v: Tensor, g: Tensor, betas: tuple[float, float]) -> None:
    """Running averages of the gradient and its square, in place (Kingma and Ba 2015).

    m <- beta1 m + (1 - beta1) g;   v <- beta2 v + (1 - beta2) g^2
    """
    m.lerp_(g, 1 - betas[0])
    v.mul_(betas[1]).addcmul_(g, g, value=1 - betas[1])
