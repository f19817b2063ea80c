"""RMSprop, exactly as torch.optim.RMSprop documents and implements it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Annotated, Any, ClassVar

import torch
from annotated_types import Ge, Lt
from torch import Tensor

from mlp_core.rules._domains import Typical
from mlp_core.rules._fields import Eps, LearningRate, Momentum, WeightDecay
from mlp_core.rules._rule import UpdateRule
from mlp_core.rules._shared import descent


@dataclass(frozen=True)
class RMSprop(UpdateRule):
    """g <- g + wd p;  v <- alpha v + (1 - alpha) g^2;  b <- momentum b + g / (sqrt(v) + eps);  p <- p - lr b.

    Centered: sqrt(v - a^2) with a <- alpha a + (1 - alpha) g. v, b and a are the slots square_avg, momentum_buffer and
    grad_avg, of the shape of p. Source: Tieleman and Hinton (2012), lecture 6e; centered: Graves (2013), eq. 38 to 45,
    who adds eps under the root where torch adds it outside.
    """

    lr: LearningRate = 1e-2
    alpha: Annotated[float, Ge(0), Lt(1), Typical(0.3, 0.99)] = 0.99
    eps: Eps = 1e-8
    weight_decay: WeightDecay = 0.0
    momentum: Momentum = 0.0
    centered: bool = False
    maximize: bool = False

    slots: ClassVar = ("square_avg", "momentum_buffer", "grad_avg")
    claims: ClassVar = frozenset({"odd", "fixed_point", "descends"})

    def conflict(self) -> tuple[str, str] | None:
        if self.centered and self.alpha == 0:
            return "centered", "False where alpha = 0: v - a^2 is nothing but rounding there"
        return None

    def init(self, p: Tensor) -> dict[str, Tensor | None]:
        on = {"square_avg": True, "momentum_buffer": self.momentum > 0, "grad_avg": self.centered}
        return {name: torch.zeros_like(p) if on[name] else None for name in self.slots}

    def step(self, p: Tensor, g: Tensor, t: int, v: Tensor, b: Tensor, a: Tensor) -> None:  # type: ignore[override]
        g = descent(p, g, self.weight_decay, self.maximize)
        v.mul_(self.alpha).addcmul_(g, g, value=1 - self.alpha)  # v <- alpha v + (1 - alpha) g^2
        if self.centered:
            a.lerp_(g, 1 - self.alpha)  # a <- alpha a + (1 - alpha) g
            v = v.addcmul(a, a, value=-1)  # v - a^2
        denominator = v.sqrt().add_(self.eps)
        if self.momentum:
            b.mul_(self.momentum).addcdiv_(g, denominator)  # b <- momentum b + g / denominator
            p.add_(b, alpha=-self.lr)  # p <- p - lr b
        else:
            p.addcdiv_(g, denominator, value=-self.lr)  # p <- p - lr g / denominator

    def twin(self, params: Iterable[Any]) -> torch.optim.Optimizer:
        return torch.optim.RMSprop(params, **asdict(self), foreach=False)
