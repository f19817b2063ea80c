"""Optimizers that the tests of the judgement share: right ones, and one base on which wrong ones are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


class Momentum(torch.optim.Optimizer):
    """v <- momentum v + g + weight_decay p;  p <- p - lr v; correct without changes."""

    def __init__(self, params: Any, lr: float = 1e-2, momentum: float = 0.9, weight_decay: float = 0.0) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        self.begin()
        for index, group in enumerate(self.param_groups):
            for p in group["params"]:
                if p.grad is not None:
                    v = self.state[p].setdefault("v", torch.zeros_like(p))
                    v.mul_(group["momentum"]).add_(p.grad).add_(p, alpha=group["weight_decay"])
                    p.sub_(self.update(p, v, group["lr"], index))

    def begin(self) -> None:
        """Before a step."""

    def update(self, p: Tensor, v: Tensor, lr: float, group: int) -> Tensor:
        return lr * v


def as_sgd(params: Any, lr: float = 1e-2, momentum: float = 0.9, weight_decay: float = 0.0) -> torch.optim.Optimizer:
    """The reference that Momentum claims to equal."""
    return torch.optim.SGD(params, lr=lr, momentum=momentum, weight_decay=weight_decay)
