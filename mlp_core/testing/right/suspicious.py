"""Right torch optimizers that look suspicious: nothing here may ever be accused."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class Adam(torch.optim.Optimizer):
    """In pieces, of which a variant overrides one."""

    def __init__(
        self, params: Any, lr: float = 1e-3, betas: Any = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 0
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        super().add_param_group(param_group)
        for name in ("lr", "eps", "weight_decay"):
            value = self.param_groups[-1][name]
            if isinstance(value, bool) or not 0 <= value < float("inf"):
                raise ValueError(f"{name} is {value}, and must be finite and at least 0")

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            self.begin(group)
            for p in group["params"]:
                if p.grad is not None:
                    self.move(p, p.grad, group, self.state[p])

    def begin(self, group: dict[str, Any]) -> None:
        pass

    def count(self, group: dict[str, Any], state: dict[str, Any]) -> int:
        state["step"] = state.get("step", 0) + 1
        return int(state["step"])

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], state: dict[str, Any]) -> None:
        t, (b1, b2) = self.count(h, state), h["betas"]
        g = g + h["weight_decay"] * p
        for name, value, beta in (("m", g, b1), ("v", g * g, b2)):
            state[name] = beta * state.get(name, torch.zeros_like(p)) + (1 - beta) * value
        self.apply(p, h, self.update(state["m"], state["v"], t, h))

    def update(self, m: Tensor, v: Tensor, t: int, h: dict[str, Any]) -> Tensor:
        b1, b2 = h["betas"]
        return (m / (1 - b1**t)) / ((v / (1 - b2**t)).sqrt() + h["eps"])

    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        p.sub_(h["lr"] * update)


class Coupled(Adam):
    """All parameters move by one norm, so that none is alone; it claims nothing else."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        every = [p for group in self.param_groups for p in group["params"] if p.grad is not None]
        norm = sum((float(p.grad.double().square().sum()) for p in every), 1.0) ** 0.5
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.sub_(group["lr"] / norm * p.grad)


class Estimates(Adam):
    """An estimate of the distance to go, common to all and growing with what was seen, as in D-Adaptation."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            norm = sum(float(p.grad.double().abs().sum()) for p in group["params"] if p.grad is not None)
            group["seen"] = group.get("seen", 1.0) + norm
            for p in group["params"]:
                if p.grad is not None:
                    p.sub_(group["lr"] / group["seen"] * p.grad)


class KeepsFinerState(Adam):
    """Moments in float32 at least, whatever the parameter is kept in."""

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], state: dict[str, Any]) -> None:
        wide = p.float() if p.dtype == torch.bfloat16 else p
        super().move(wide, g.to(wide.dtype), h, state)
        p.copy_(wide)


class OneGroup(Adam):
    """It takes no second group, no matrix and no parameter without entries, and says so."""

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        if self.param_groups:
            raise ValueError("one group only")
        super().add_param_group(param_group)
        if any(p.ndim != 1 or not p.numel() for p in self.param_groups[0]["params"]):
            raise ValueError("vectors with entries only")


EVERY: tuple[type[torch.optim.Optimizer], ...] = (Adam, Coupled, Estimates, KeepsFinerState, OneGroup)
