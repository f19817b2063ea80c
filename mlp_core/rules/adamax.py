"""Adamax, exactly as torch.optim.Adamax documents and implements it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from mlp_core.rules._fields import Beta, Eps, LearningRate, WeightDecay
from mlp_core.rules._rule import UpdateRule
from mlp_core.rules._shared import descent


@dataclass(frozen=True)
class Adamax(UpdateRule):
    """g <- g + wd p;  m <- beta1 m + (1 - beta1) g;  u <- max(beta2 u, |g| + eps);  p <- p - lr / (1 - beta1^t) m / u.

    m and u are the slots exp_avg and exp_inf, of the shape of p. Source: Kingma and Ba (2015), algorithm 2, who have no
    eps; torch adds it to |g|, so that it decays with u.
    """

    lr: LearningRate = 2e-3
    betas: tuple[Beta, Beta] = (0.9, 0.999)
    eps: Eps = 1e-8
    weight_decay: WeightDecay = 0.0
    maximize: bool = False

    slots: ClassVar = ("exp_avg", "exp_inf")
    claims: ClassVar = frozenset({"odd", "fixed_point", "descends"})

    def step(self, p: Tensor, g: Tensor, t: int, m: Tensor, u: Tensor) -> None:  # type: ignore[override]
        g = descent(p, g, self.weight_decay, self.maximize)
        m.lerp_(g, 1 - self.betas[0])  # m <- beta1 m + (1 - beta1) g
        torch.maximum(u.mul_(self.betas[1]), g.abs().add_(self.eps), out=u)  # u <- max(beta2 u, |g| + eps)
        p.addcdiv_(m, u, value=-self.lr / (1 - self.betas[0] ** t))  # p <- p - lr / (1 - beta1^t) m / u

    def twin(self, params: Iterable[Any]) -> torch.optim.Optimizer:
        return torch.optim.Adamax(params, **asdict(self), foreach=False)
