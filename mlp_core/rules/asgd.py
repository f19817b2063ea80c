"""Averaged stochastic gradient descent, exactly as torch.optim.ASGD documents and implements it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Annotated, Any, ClassVar

import torch
from annotated_types import Ge
from torch import Tensor

from mlp_core.rules._domains import Typical
from mlp_core.rules._fields import LearningRate, WeightDecay
from mlp_core.rules._rule import UpdateRule
from mlp_core.rules._shared import decay, descent


@dataclass(frozen=True)
class ASGD(UpdateRule):
    """g <- g + wd p;  p <- p - lambd eta p - eta g;  ax <- ax + mu (p - ax), or p while mu = 1;

    then, for the next step, eta <- lr / (1 + lambd lr t)^alpha;  mu <- 1 / max(1, t - t0). ax, the average that is the
    method's answer, has the shape of p; eta (at first lr) and mu (at first 1) are one number each, in float32 as torch
    keeps them. Source: Polyak and Juditsky (1992); the schedules are Bottou's, as in torch.optim.ASGD.
    """

    lr: LearningRate = 1e-2
    lambd: WeightDecay = 1e-4
    alpha: Annotated[float, Ge(0), Typical(0.1, 2)] = 0.75
    t0: Annotated[float, Ge(0), Typical(0.1, 8)] = 1e6
    weight_decay: WeightDecay = 0.0
    maximize: bool = False

    slots: ClassVar = ("ax", "eta", "mu")
    claims: ClassVar = frozenset({"odd", "fixed_point", "descends"})

    def init(self, p: Tensor) -> dict[str, Tensor | None]:
        one = torch.ones((), dtype=torch.float32)
        return {"ax": torch.zeros_like(p), "eta": one * self.lr, "mu": one}

    def step(self, p: Tensor, g: Tensor, t: int, ax: Tensor, eta: Tensor, mu: Tensor) -> None:  # type: ignore[override]
        g = descent(p, g, self.weight_decay, self.maximize)
        decay(p, eta.item(), self.lambd)  # p <- p - lambd eta p
        p.add_(g, alpha=-eta.item())  # p <- p - eta g
        if mu.item() == 1:
            ax.copy_(p)
        else:
            ax.add_(p.sub(ax).mul_(mu))  # ax <- ax + mu (p - ax)
        eta.fill_(self.lr / (1 + self.lambd * self.lr * t) ** self.alpha)
        mu.fill_(1 / max(1, t - self.t0))

    def twin(self, params: Iterable[Any]) -> torch.optim.Optimizer:
        return torch.optim.ASGD(params, **asdict(self), foreach=False)
