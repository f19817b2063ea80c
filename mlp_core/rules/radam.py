"""RAdam, exactly as torch.optim.RAdam documents and implements it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from mlp_core.rules._fields import Beta, Eps, LearningRate, WeightDecay
from mlp_core.rules._rule import UpdateRule
from mlp_core.rules._shared import decay, descent, moments


@dataclass(frozen=True)
class RAdam(UpdateRule):
    """m and v as in Adam;  rho_inf = 2 / (1 - beta2) - 1;  rho = rho_inf - 2 t beta2^t / (1 - beta2^t);

    r = sqrt((rho - 4) (rho - 2) rho_inf / ((rho_inf - 4) (rho_inf - 2) rho));  p <- p - lr m / (1 - beta1^t) times
    r sqrt(1 - beta2^t) / (sqrt(v) + eps) where rho > 5, else times 1. m and v are the slots exp_avg and exp_avg_sq, of
    the shape of p. Source: Liu et al. (2020), algorithm 2, whose threshold is 4; decay coupled or decoupled.
    """

    lr: LearningRate = 1e-3
    betas: tuple[Beta, Beta] = (0.9, 0.999)
    eps: Eps = 1e-8
    weight_decay: WeightDecay = 0.0
    decoupled_weight_decay: bool = False
    maximize: bool = False

    slots: ClassVar = ("exp_avg", "exp_avg_sq")
    claims: ClassVar = frozenset({"odd", "fixed_point", "descends"})

    def step(self, p: Tensor, g: Tensor, t: int, m: Tensor, v: Tensor) -> None:  # type: ignore[override]
        g = descent(p, g, 0 if self.decoupled_weight_decay else self.weight_decay, self.maximize)
        decay(p, self.lr, self.weight_decay if self.decoupled_weight_decay else 0)
        moments(m, v, g, self.betas)
        beta1, beta2 = self.betas
        correction2 = 1 - beta2**t
        rho_inf = 2 / (1 - beta2) - 1
        rho = rho_inf - 2 * t * beta2**t / correction2
        update = m / (1 - beta1**t) * self.lr
        if rho > 5:
            r = ((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho)) ** 0.5
            update *= correction2**0.5 / v.sqrt().add_(self.eps)
            update *= r
        p.sub_(update)

    def twin(self, params: Iterable[Any]) -> torch.optim.Optimizer:
        return torch.optim.RAdam(params, **asdict(self), foreach=False)
