"""Adam in pieces; a mistake replaces one piece."""

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
