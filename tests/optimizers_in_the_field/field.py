"""A wrong and a right optimizer each, rebuilt from reports of bugs, with the law that distinguishes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.testing import subjects

RATES = {"lr": st.floats(1e-3, 1), "momentum": st.floats(0.1, 0.95)}
CLAIMS = ("coordinatewise", "odd", "fixed_point", "descends")


class Momentum(torch.optim.Optimizer):
    """v <- momentum v + g;  p <- p - lr v, in pieces of which a variant overrides one."""

    def __init__(self, params: Any, lr: float = 1e-2, momentum: float = 0.9) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum})

    def step(self, closure: Any = None) -> Any:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        with torch.no_grad():
            self.begin()
            for group in self.param_groups:
                self.move_group(group)
        return loss

    def begin(self) -> None:
        """Before the groups are gone through."""

    def move_group(self, group: dict[str, Any]) -> None:
        for p in group["params"]:
            if p.grad is not None:
                self.move(p, p.grad, group, self.state[p])

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], s: dict[str, Any]) -> None:
        if "v" not in s:
            s["v"] = torch.zeros_like(p)
        s["v"].mul_(h["momentum"]).add_(g)
        p.sub_(h["lr"] * s["v"])


@dataclass(frozen=True)
class Pair:
    """The place of the report, the two, what the right one equals, and the law that must distinguish them."""

    origin: str
    wrong: Any
    right: Any
    law: str
    reference: Any = torch.optim.SGD
    hyper: dict[str, Any] = field(default_factory=lambda: RATES)
    claims: tuple[str, ...] = CLAIMS
    options: dict[str, Any] = field(default_factory=dict)
    words: str = ""
    """what a diagnosis must say"""

    def subject(self, make: Any, *, referenced: bool) -> Any:
        reference = self.reference if referenced else None
        return subjects.optimizer(make, reference, self.hyper, self.claims, **self.options)


PAIRS: dict[str, Pair] = {}


def reported(origin: str, law: str, right: Any = Momentum, **options: Any) -> Any:
    """Enter a class as the wrong one of a pair."""

    def enter(wrong: type) -> type:
        PAIRS[wrong.__name__] = Pair(origin, wrong, right, law, **options)
        return wrong

    return enter
