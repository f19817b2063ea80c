"""Lion, as its authors publish it; torch has no such rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from mlp_core.rules._fields import Beta, LearningRate, WeightDecay
from mlp_core.rules._rule import UpdateRule
from mlp_core.rules._shared import decay


@dataclass(frozen=True)
class Lion(UpdateRule):
    """c = beta1 m + (1 - beta1) g;  p <- p - lr (sign(c) + wd p);  m <- beta2 m + (1 - beta2) g.

    m is the slot exp_avg, of the shape of p. Source: Chen et al. (2023), *Symbolic Discovery of Optimization
    Algorithms*, program 1; it has no maximize.
    """

    lr: LearningRate = 1e-4
    betas: tuple[Beta, Beta] = (0.9, 0.99)
    weight_decay: WeightDecay = 0.0
    maximize: bool = False

    slots: ClassVar = ("exp_avg",)
    claims: ClassVar = frozenset({"odd", "fixed_point", "descends"})

    def step(self, p: Tensor, g: Tensor, t: int, m: Tensor) -> None:  # type: ignore[override]
        g = -g if self.maximize else g
        decay(p, self.lr, self.weight_decay)
        p.add_(m.lerp(g, 1 - self.betas[0]).sign_(), alpha=-self.lr)  # p <- p - lr sign(c)
        m.lerp_(g, 1 - self.betas[1])  # m <- beta2 m + (1 - beta2) g

    def textbook(self, p: Tensor, g: Tensor, t: int, m: Tensor) -> tuple[Tensor, ...]:  # type: ignore[override]
        g = -g if self.maximize else g
        beta1, beta2 = self.betas
        update = (beta1 * m + (1 - beta1) * g).sign() + self.weight_decay * p
        return p - self.lr * update, beta2 * m + (1 - beta2) * g
