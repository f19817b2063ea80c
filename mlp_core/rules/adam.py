"""Adam, exactly as torch.optim.Adam documents and implements it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from mlp_core.rules._fields import Beta, Eps, LearningRate, WeightDecay
from mlp_core.rules._rule import UpdateRule
from mlp_core.rules._shared import descent, moments


@dataclass(frozen=True)
class Adam(UpdateRule):
    """g <- g + wd p;  m <- beta1 m + (1 - beta1) g;  v <- beta2 v + (1 - beta2) g^2;

    p <- p - lr / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + eps). With amsgrad sqrt of the largest v so far. m, v
    and that maximum are the slots exp_avg, exp_avg_sq and max_exp_avg_sq, of the shape of p. Source: Kingma and Ba
    (2015), algorithm 1; Reddi et al. (2018), algorithm 2, who leave out the bias corrections that torch keeps.
    """

    lr: LearningRate = 1e-3
    betas: tuple[Beta, Beta] = (0.9, 0.999)
    eps: Eps = 1e-8
    weight_decay: WeightDecay = 0.0
    amsgrad: bool = False
    maximize: bool = False

    slots: ClassVar = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")
    claims: ClassVar = frozenset({"odd", "fixed_point", "descends"})

    def init(self, p: Tensor) -> dict[str, Tensor | None]:
        return {**super().init(p), "max_exp_avg_sq": torch.zeros_like(p) if self.amsgrad else None}

    def direction(self, p: Tensor, g: Tensor) -> Tensor:
        """Adds coupled decay; AdamW overrides only this."""
        return descent(p, g, self.weight_decay, self.maximize)

    def step(self, p: Tensor, g: Tensor, t: int, m: Tensor, v: Tensor, v_max: Tensor | None) -> None:  # type: ignore[override]
        moments(m, v, self.direction(p, g), self.betas)
        if v_max is not None:
            v = torch.maximum(v_max, v, out=v_max)
        correction1, correction2 = (1 - beta**t for beta in self.betas)
        denominator = v.sqrt().div_(correction2**0.5).add_(self.eps)  # sqrt(v) / sqrt(1 - beta2^t) + eps
        p.addcdiv_(m, denominator, value=-self.lr / correction1)  # p <- p - lr / (1 - beta1^t) m / denominator

    def twin(self, params: Iterable[Any]) -> torch.optim.Optimizer:
        return torch.optim.Adam(params, **asdict(self), foreach=False, fused=False)
