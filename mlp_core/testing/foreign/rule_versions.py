"""Versions of AdamW and NAdam that are neither torch's nor a known mistake."""

from __future__ import annotations

import torch
from torch import Tensor

from mlp_core.rules._shared import decay, descent, moments
from mlp_core.testing.faults.rules.adam import AdamWInPieces, AddsEpsBeforeTheCorrection, ShrinksAfterTheStep
from mlp_core.testing.faults.rules.adam_variants import HasNoScheduleOfMu, NAdamInPieces


class AddsEpsBeforeInAdamW(AddsEpsBeforeTheCorrection, AdamWInPieces):
    """p <- p - lr wd p, then Adam's step with (sqrt(v) + eps) / sqrt(1 - beta2^t)"""


class AddsEpsBeforeAndShrinksAfter(AddsEpsBeforeTheCorrection, ShrinksAfterTheStep):
    """Adam's step with (sqrt(v) + eps) / sqrt(1 - beta2^t), then p <- p - lr wd p: transformers.AdamW"""


class CorrectsByOnePower(HasNoScheduleOfMu):
    """p <- p - lr (beta1 m + (1 - beta1) g) / (1 - beta1^t) / d"""

    def step(self, p: Tensor, g: Tensor, t: int, m: Tensor, v: Tensor, product: Tensor) -> None:  # type: ignore[override]
        g = descent(p, g, 0 if self.decoupled_weight_decay else self.weight_decay, self.maximize)
        decay(p, self.lr, self.weight_decay if self.decoupled_weight_decay else 0)
        moments(m, v, g, self.betas)
        denominator = v.div(1 - self.betas[1] ** t).sqrt().add_(self.eps)
        ahead = m.mul(self.betas[0]).add_(g, alpha=1 - self.betas[0])
        p.addcdiv_(ahead, denominator, value=-self.lr / (1 - self.betas[0] ** t))


class NAdamInDouble(NAdamInPieces):
    """NAdam with the product of all mu in float64, where torch has float32"""

    def init(self, p: Tensor) -> dict[str, Tensor | None]:
        return {**super().init(p), "mu_product": torch.ones((), dtype=torch.float64)}
