"""Wrong Adafactor and Muon: each has one mistake in its formula."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from mlp_core.rules._shared import decay, descent
from mlp_core.rules.adafactor import Adafactor, rms
from mlp_core.rules.muon import Muon
from mlp_core.testing.faults.catalogue import Catalogue

CATALOGUE = Catalogue()

wrong = partial(CATALOGUE.caught_by, "equals its twin", examples=60)


class AdafactorInPieces(Adafactor):
    """Correct Adafactor in pieces; a mistake overrides one piece."""

    def step(self, p: Tensor, g: Tensor, t: int, R: Tensor, C: Tensor, v: Tensor) -> None:  # type: ignore[override]
        g = descent(p, g, 0, self.maximize).contiguous()
        w, eps1 = self.weight(t), torch.finfo(p.dtype).eps if self.eps[0] is None else self.eps[0]
        alpha = self.scale(p) * min(self.lr, 1 / t**0.5)
        decay(p, self.lr, self.weight_decay)
        if p.ndim < 2:
            estimate = v.lerp_(g * g, w).clone()
        else:
            for mean, dim in ((R, -1), (C, -2)):
                mean.lerp_(g.norm(dim=dim, keepdim=True).square_().div_(g.shape[dim]), w)
            estimate = self.joined(R, C, eps1)
        u = estimate.clamp_(min=eps1 * eps1).rsqrt_().mul_(g)
        p.add_(u, alpha=-alpha / self.clipped(u))

    def weight(self, t: int) -> float:
        return float(t) ** self.beta2_decay

    def scale(self, p: Tensor) -> float:
        return max(self.eps[1], rms(p))

    def joined(self, R: Tensor, C: Tensor, eps1: float) -> Tensor:
        return (R @ C).div_(R.mean(dim=-2, keepdim=True).clamp_(min=eps1))

    def clipped(self, u: Tensor) -> float:
        return max(1.0, u.norm(2).item() / (u.numel() ** 0.5 * self.d))


@wrong(right=Adafactor, origin="site: beta2 = 1 - t^-0.8 in Shazeer and Stern (2018), its complement in torch")
class SwapsOldAndNew(AdafactorInPieces):
    """t^beta2_decay is the weight of the old average instead of the new square"""

    def weight(self, t: int) -> float:
        return 1 - float(t) ** self.beta2_decay


@wrong(right=Adafactor, origin="fairseq's and transformers' scale_parameter=False")
class IgnoresTheScaleOfParameters(AdafactorInPieces):
    """the step is not multiplied by the root mean square of the parameter"""

    def scale(self, p: Tensor) -> float:
        return 1.0


@wrong(right=Adafactor, origin="site: the mean of R that divides R C")
class ForgetsToNormalise(AdafactorInPieces):
    """R C is not divided by the mean of R"""

    def joined(self, R: Tensor, C: Tensor, eps1: float) -> Tensor:
        return R @ C


@wrong(right=Adafactor, origin="site: the norm of the update instead of its root mean square")
class ClipsByTheWholeNorm(AdafactorInPieces):
    """the update is clipped by its norm instead of its root mean square"""

    def clipped(self, u: Tensor) -> float:
        return max(1.0, u.norm(2).item() / self.d)


class MuonInPieces(Muon):
    """Correct Muon in pieces; a mistake overrides one piece."""

    def step(self, p: Tensor, g: Tensor, t: int, v: Tensor) -> None:  # type: ignore[override]
        self.average(v, g)
        u = self.orthogonal(self.ahead(g, v) if self.nesterov else v)
        rows, columns = p.shape
        original = self.factor(rows, columns)
        r = 0.2 * max(rows, columns) ** 0.5 if self.adjust_lr_fn == "match_rms_adamw" else original
        self.decay(p)
        p.add_(u, alpha=-self.lr * r)

    def average(self, v: Tensor, g: Tensor) -> None:
        v.lerp_(g, 1 - self.momentum)

    def ahead(self, g: Tensor, v: Tensor) -> Tensor:
        return g.lerp(v, self.momentum)

    def factor(self, rows: int, columns: int) -> float:
        return float(max(1, rows / columns) ** 0.5)

    def decay(self, p: Tensor) -> None:
        decay(p, self.lr, self.weight_decay)


@wrong(right=Muon, origin="Jordan's first code: buf = momentum buf + g; u = g + momentum buf")
class AddsUpItsGradients(MuonInPieces):
    """the velocity is beta v + g, and Nesterov's step g + beta v, instead of averages"""

    def average(self, v: Tensor, g: Tensor) -> None:
        v.mul_(self.momentum).add_(g)

    def ahead(self, g: Tensor, v: Tensor) -> Tensor:
        return g.add(v, alpha=self.momentum)


@wrong(right=Muon, origin="site: rows and columns exchanged; a weight may be stored as (in, out)")
class TakesColumnsForRows(MuonInPieces):
    """the rate is adjusted by columns / rows instead of rows / columns"""

    def factor(self, rows: int, columns: int) -> float:
        return super().factor(columns, rows)


@wrong(right=Muon, origin="Jordan's first code: max(rows, columns)^0.5 instead of max(1, rows / columns)^0.5")
class AdjustsByTheLargerSide(MuonInPieces):
    """the rate is multiplied by the root of the larger side instead of rows / columns"""

    def factor(self, rows: int, columns: int) -> float:
        return float(max(rows, columns) ** 0.5)


@wrong(right=Muon, origin="Loshchilov and Hutter (2019) with eta = 1: p - wd p, whatever lr is")
class MuonDecaysWithoutTheRate(MuonInPieces):
    """the parameter shrinks by wd p instead of lr wd p"""

    def decay(self, p: Tensor) -> None:
        p.mul_(1 - self.weight_decay)


@wrong(right=Muon, origin="torch 2.13's own Muon: .bfloat16() does not copy a bfloat16 tensor")
class NormalisesItsVelocity(Muon):
    """in bfloat16 the velocity itself is normalised instead of a copy"""

    def orthogonal(self, u: Tensor) -> Tensor:
        if u.dtype == torch.bfloat16:
            u.div_(u.norm().clamp(min=self.eps))
        return super().orthogonal(u)
