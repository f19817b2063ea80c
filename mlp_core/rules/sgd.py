"""Stochastic gradient descent with momentum, exactly as torch.optim.SGD documents and implements it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Annotated, Any, ClassVar

import torch
from torch import Tensor

from mlp_core.rules._domains import Typical
from mlp_core.rules._fields import LearningRate, Momentum, WeightDecay
from mlp_core.rules._rule import UpdateRule
from mlp_core.rules._shared import accumulate, descent


@dataclass(frozen=True)
class SGD(UpdateRule):
    """g <- g + wd p;  v <- g at first, then beta v + (1 - dampening) g;  p <- p - lr v.

    Nesterov: p <- p - lr (g + beta v). v is the slot momentum_buffer, of the shape of p; beta is `momentum`. Source:
    torch.optim.SGD. It differs from Polyak (1964) and Sutskever et al. (2013) in that lr multiplies v instead of g, and
    that the first v is g undamped.
    """

    lr: LearningRate = 1e-3
    momentum: Momentum = 0.0
    dampening: Annotated[float, Typical(1e-2, 0.9)] = 0.0
    weight_decay: WeightDecay = 0.0
    nesterov: bool = False
    maximize: bool = False

    slots: ClassVar = ("momentum_buffer",)
    claims: ClassVar = frozenset({"odd", "fixed_point", "descends"})

    def conflict(self) -> tuple[str, str] | None:
        if self.nesterov and (self.momentum == 0 or self.dampening != 0):
            have = f"momentum = {self.momentum} and dampening = {self.dampening}"
            return "nesterov", f"False where {have}: it needs momentum > 0 and dampening = 0"
        return None

    def init(self, p: Tensor) -> dict[str, Tensor | None]:
        return {"momentum_buffer": torch.zeros_like(p) if self.momentum else None}

    def step(self, p: Tensor, g: Tensor, t: int, v: Tensor, scratch: Tensor | None = None) -> None:  # type: ignore[override]
        g = descent(p, g, self.weight_decay, self.maximize, scratch)  # g <- g + wd p
        if self.momentum:
            if t == 1:
                v.copy_(g)  # v <- g
            else:
                accumulate(v, g, self.momentum, 1 - self.dampening)  # v <- beta v + (1 - dampening) g
            g = torch.add(g, v, alpha=self.momentum, out=scratch) if self.nesterov else v  # g + beta v
        p.add_(g, alpha=-self.lr)  # p <- p - lr v

    def twin(self, params: Iterable[Any]) -> torch.optim.Optimizer:
        return torch.optim.SGD(params, **asdict(self), foreach=False, fused=False)
