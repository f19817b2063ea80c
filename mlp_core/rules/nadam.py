"""NAdam, exactly as torch.optim.NAdam documents and implements it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Annotated, Any, ClassVar

import torch
from annotated_types import Ge
from torch import Tensor

from mlp_core.rules._domains import Typical
from mlp_core.rules._fields import Beta, Eps, LearningRate, WeightDecay
from mlp_core.rules._rule import UpdateRule
from mlp_core.rules._shared import decay, descent, moments


@dataclass(frozen=True)
class NAdam(UpdateRule):
    """mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2);  M <- M mu_t;  m and v as in Adam;

    d = sqrt(v / (1 - beta2^t)) + eps;
    p <- p - lr (1 - mu_t) / (1 - M) g / d - lr mu_(t+1) / (1 - M mu_(t+1)) m / d. m and v are the slots exp_avg and
    exp_avg_sq, of the shape of p; M is mu_product, one number in float32 as torch keeps it. Source: Dozat (2016),
    algorithm 2, with his schedule of mu and its 0.004 as momentum_decay; decay coupled (his) or decoupled.
    """

    lr: LearningRate = 2e-3
    betas: tuple[Beta, Beta] = (0.9, 0.999)
    eps: Eps = 1e-8
    weight_decay: WeightDecay = 0.0
    momentum_decay: Annotated[float, Ge(0), Typical(1e-3, 1)] = 4e-3
    decoupled_weight_decay: bool = False
    maximize: bool = False

    slots: ClassVar = ("exp_avg", "exp_avg_sq", "mu_product")
    claims: ClassVar = frozenset({"odd", "fixed_point", "descends"})

    def init(self, p: Tensor) -> dict[str, Tensor | None]:
        return {**super().init(p), "mu_product": torch.ones((), dtype=torch.float32)}

    def mu(self, t: int) -> float:
        """mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2)."""
        return self.betas[0] * (1.0 - 0.5 * (0.96 ** (t * self.momentum_decay)))

    def step(self, p: Tensor, g: Tensor, t: int, m: Tensor, v: Tensor, product: Tensor) -> None:  # type: ignore[override]
        g = descent(p, g, 0 if self.decoupled_weight_decay else self.weight_decay, self.maximize)
        decay(p, self.lr, self.weight_decay if self.decoupled_weight_decay else 0)
        moments(m, v, g, self.betas)
        mu, following = self.mu(t), self.mu(t + 1)
        M = product.mul_(mu).item()
        denominator = v.div(1 - self.betas[1] ** t).sqrt().add_(self.eps)  # sqrt(v / (1 - beta2^t)) + eps
        p.addcdiv_(g, denominator, value=-self.lr * (1 - mu) / (1 - M))
        p.addcdiv_(m, denominator, value=-self.lr * following / (1 - M * following))

    def twin(self, params: Iterable[Any]) -> torch.optim.Optimizer:
        return torch.optim.NAdam(params, **asdict(self), foreach=False)
