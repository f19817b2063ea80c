"""What several rules share: the direction of descent."""

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
