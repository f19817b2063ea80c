"""Correct torch optimizers that look suspicious. No law may fail for them."""

from __future__ import annotations

import random
from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.faults.optimizers.adam import Adam


class Coupled(torch.optim.Optimizer):
    """All parameters move by one common norm, so that none is independent; it makes no other claim."""

    def __init__(self, params: Any, lr: float = 1e-3) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        every = [p for group in self.param_groups for p in group["params"] if p.grad is not None]
        norm = sum((float(p.grad.double().square().sum()) for p in every), 1.0) ** 0.5
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.sub_(group["lr"] / norm * p.grad)


class Estimates(torch.optim.Optimizer):
    """Estimates the remaining distance, for all parameters together, growing with the gradients seen, as in
    D-Adaptation.
    """

    def __init__(self, params: Any, lr: float = 1e-3) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            norm = sum(float(p.grad.double().abs().sum()) for p in group["params"] if p.grad is not None)
            group["seen"] = group.get("seen", 1.0) + norm
            for p in group["params"]:
                if p.grad is not None:
                    p.sub_(group["lr"] / group["seen"] * p.grad)


class KeepsFinerState(Adam):
    """Keeps moments in float32 at least, whatever the dtype of the parameter."""

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], state: dict[str, Any]) -> None:
        wide = p.float() if p.dtype == torch.bfloat16 else p
        super().move(wide, g.to(wide.dtype), h, state)
        p.copy_(wide)


class OneGroup(Adam):
    """Refuses a second group, a matrix and an empty parameter, with an error."""

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        if self.param_groups:
            raise ValueError("one group only")
        super().add_param_group(param_group)
        if any(p.ndim != 1 or not p.numel() for p in self.param_groups[0]["params"]):
            raise ValueError("vectors with entries only")


class Draws(Adam):
    """Draws random numbers from the global generators, and does not use them."""

    def begin(self, group: dict[str, Any]) -> None:
        torch.rand(3)
        random.random()  # noqa: S311  (nothing depends on it)


class Noisy(Adam):
    """Adds noise to every step, from its own generator, seeded with the number of the step."""

    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        own = torch.Generator().manual_seed(int(self.state[p]["step"]))
        super().apply(p, h, update + 1e-3 * torch.rand(p.shape, generator=own, dtype=p.dtype))


EVERY: tuple[type[torch.optim.Optimizer], ...] = (
    Adam, Coupled, Estimates, KeepsFinerState, OneGroup, Draws, Noisy
)  # fmt: skip
