"""The rules of other libraries, ported one to one, if no known mistake of the catalogue does the same."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import torch
from torch import Tensor
from torch.utils._python_dispatch import _disable_current_modes

from mlp_core.rules._shared import descent
from mlp_core.rules.adafactor import Adafactor
from mlp_core.rules.adagrad import Adagrad
from mlp_core.rules.rprop import Rprop
from mlp_core.testing.faults.rules.adam import AdamInPieces
from mlp_core.testing.faults.rules.adam_variants import AdamaxInPieces
from mlp_core.testing.faults.rules.adaptive import AdagradInPieces, RMSpropInPieces
from mlp_core.testing.faults.rules.matrices import MuonInPieces
from mlp_core.testing.faults.rules.sgd import Planted


class MultipliesByItsCorrections(AdamInPieces):
    """m (1 - beta1^t) / (sqrt(v (1 - beta2^t)) + eps)"""

    def step(self, p: Tensor, g: Tensor, t: int, m: Tensor, v: Tensor, top: Tensor | None) -> None:  # type: ignore[override]
        self.average(p, g, m, v)
        c1, c2 = self.corrections(t)
        largest = v if top is None else self.largest(top, v, t)
        p.addcdiv_(m * c1, (largest * c2).sqrt().add_(self.eps), value=-self.lr)


class CountsFromZeroUncorrectedAtFirst(AdamInPieces):
    """T = t - 1;  R = lr sqrt(1 - beta2^T) / (1 - beta1^T), or lr where T = 0;  p <- p - R m / (sqrt(v) + eps)"""

    def step(self, p: Tensor, g: Tensor, t: int, m: Tensor, v: Tensor, top: Tensor | None) -> None:  # type: ignore[override]
        self.average(p, g, m, v)
        c1, c2 = self.corrections(t - 1) if t > 1 else (1.0, 1.0)
        largest = v if top is None else self.largest(top, v, t)
        p.addcdiv_(m, largest.sqrt().add_(self.eps), value=-self.lr * c2**0.5 / c1)


class CorrectsInItsDtype(AdamInPieces):
    """1 - beta^t in the dtype of p"""

    def step(self, p: Tensor, g: Tensor, t: int, m: Tensor, v: Tensor, top: Tensor | None) -> None:  # type: ignore[override]
        self.average(p, g, m, v)
        with _disable_current_modes():  # this rounding defines the dialect, and is not perturbed
            c1, c2 = ((1 - torch.tensor(beta, dtype=p.dtype) ** t).item() for beta in self.betas)
        largest = v if top is None else self.largest(top, v, t)
        p.sub_(self.lr * (m / c1) / ((largest / c2).sqrt() + self.eps))


class DecaysAfterTheStep(AdamInPieces):
    """p <- (1 - lr wd) (p - step)"""

    def step(self, p: Tensor, g: Tensor, t: int, m: Tensor, v: Tensor, top: Tensor | None) -> None:  # type: ignore[override]
        super().step(p, g, t, m, v, top)
        p.mul_(1 - self.lr * self.weight_decay)

    def direction(self, p: Tensor, g: Tensor) -> Tensor:
        return descent(p, g, 0, self.maximize)


class AddsEpsToTheOldMaximum(AdamaxInPieces):
    """u <- max(|g|, beta2 u + eps)"""

    def grow(self, u: Tensor, g: Tensor) -> None:
        torch.maximum(u.mul_(self.betas[1]).add_(self.eps), g.abs(), out=u)


class BeginsAtOneUnderTheRoot(RMSpropInPieces):
    """v begins at 1;  g / sqrt(v + eps)"""

    def init(self, p: Tensor) -> dict[str, Tensor | None]:
        return {**super().init(p), "square_avg": torch.ones_like(p)}

    def denominator(self, v: Tensor) -> Tensor:
        return (v + self.eps).sqrt()


class KeepsTheRateUnderTheRoot(RMSpropInPieces):
    """b <- momentum b + lr g / sqrt(v + eps);  p <- p - b"""

    def denominator(self, v: Tensor) -> Tensor:
        return (v + self.eps).sqrt()

    def move(self, p: Tensor, b: Tensor, g: Tensor, denominator: Tensor) -> None:
        b.mul_(self.momentum).addcdiv_(g, denominator, value=self.lr)
        p.sub_(b)


class KeepsTheRateFromOne(KeepsTheRateUnderTheRoot):
    """the same, and v begins at 1"""

    def init(self, p: Tensor) -> dict[str, Tensor | None]:
        return {**super().init(p), "square_avg": torch.ones_like(p)}


class SubtractsEpsWhereCentered(RMSpropInPieces):
    """g / sqrt(v - a^2 - eps) if centered, else g / sqrt(v + eps)"""

    def denominator(self, v: Tensor) -> Tensor:
        return (v - self.eps if self.centered else v + self.eps).sqrt()


class BeginsAtATenth(AdagradInPieces):
    """s begins at 0.1;  g / sqrt(s + eps)"""

    def init(self, p: Tensor) -> dict[str, Tensor | None]:
        return {"sum": torch.full_like(p, 0.1)}

    def denominator(self, s: Tensor) -> Tensor:
        return (s + self.eps).sqrt()


class AveragesItsSteps(Adagrad):
    """b <- 0.9 b + 0.1 g / sqrt(s);  p <- p - lr b"""

    slots: ClassVar[tuple[str, ...]] = ("sum", "momentum_buffer")  # type: ignore[assignment]  # one more

    def init(self, p: Tensor) -> dict[str, Tensor | None]:
        return {**super().init(p), "momentum_buffer": torch.zeros_like(p)}

    def step(self, p: Tensor, g: Tensor, t: int, s: Tensor, b: Tensor) -> None:  # type: ignore[override]
        g = descent(p, g, self.weight_decay, self.maximize)
        s.addcmul_(g, g)
        b.mul_(0.9).add_(torch.where(s > 0, g * s.rsqrt(), 0), alpha=1 - 0.9)
        p.add_(b, alpha=-self.lr / (1 + (t - 1) * self.lr_decay))


class MovesAStepLate(Rprop):
    """the move of each step is made in the next one"""

    def step(self, p: Tensor, g: Tensor, t: int, prev: Tensor, d: Tensor) -> None:  # type: ignore[override]
        g = descent(p, g, 0, self.maximize)
        s = g.mul(prev).sign_()
        factor = torch.ones_like(d).masked_fill_(s < 0, self.etas[0]).masked_fill_(s > 0, self.etas[1])
        d.mul_(factor).clamp_(*self.step_sizes)
        move = prev.masked_fill(s < 0, 0)
        prev.copy_((g.sign() * d).masked_fill(s < 0, 0))
        p.sub_(move)


class ClimbsWhereTheSlopeIsZero(Rprop):
    """d grows if g g' >= 0, also at first; p <- p + d if the slope is zero"""

    def step(self, p: Tensor, g: Tensor, t: int, prev: Tensor, d: Tensor) -> None:  # type: ignore[override]
        slope = -descent(p, g, 0, self.maximize)  # downhill
        same = prev * slope >= 0
        d.mul_(torch.full_like(d, self.etas[0]).masked_fill_(same, self.etas[1])).clamp_(*self.step_sizes)
        slope = torch.where(same, slope, torch.zeros_like(slope))
        p.add_(torch.where(slope < 0, -d, d))
        prev.copy_(slope)


class CouplesItsDecay(MuonInPieces):
    """g <- g + wd p, before the velocity"""

    def step(self, p: Tensor, g: Tensor, t: int, v: Tensor) -> None:  # type: ignore[override]
        replace(self, weight_decay=0.0)._undecayed(p, g + self.weight_decay * p, t, v)

    def _undecayed(self, p: Tensor, g: Tensor, t: int, v: Tensor) -> None:
        super().step(p, g, t, v)


class IteratesInItsDtype(MuonInPieces):
    """NS in the dtype of p, begun with X / (norm(X) + eps)"""

    def orthogonal(self, u: Tensor) -> Tensor:
        a, b, c = self.ns_coefficients
        tall = u.shape[0] > u.shape[1]
        X = u.T if tall else u
        X = X / (X.norm() + self.eps)
        for _ in range(self.ns_steps):
            G = X @ X.T
            X = a * X + (b * G + c * G @ G) @ X
        return X.T if tall else X


class IteratesInItsDtypeWithDecay(CouplesItsDecay, IteratesInItsDtype):
    """the same, and g <- g + wd p before the velocity"""


class MuonOfOptax(IteratesInItsDtype):
    """v <- beta v + (1 - beta) g;  u = beta v / (1 - beta^(t + 1)) + (1 - beta) g / (1 - beta^t);
    r = sqrt(max(1, columns / rows))"""

    def step(self, p: Tensor, g: Tensor, t: int, v: Tensor) -> None:  # type: ignore[override]
        self.average(v, g)
        b = self.momentum
        u = b * v / (1 - b ** (t + 1)) + (1 - b) * g / (1 - b**t) if self.nesterov else v / (1 - b**t)
        rows, columns = p.shape
        r = 0.2 * max(rows, columns) ** 0.5 if self.adjust_lr_fn == "match_rms_adamw" else self.factor(columns, rows)
        self.decay(p)
        p.add_(self.orthogonal(u), alpha=-self.lr * r)


class AdjustsNothing(MuonInPieces):
    """r = 1"""

    def factor(self, rows: int, columns: int) -> float:
        return 1.0


class IgnoresTheFallingRate(Adafactor):
    """lr instead of min(lr, 1 / sqrt(t))"""

    def step(self, p: Tensor, g: Tensor, t: int, *slots: Tensor) -> None:  # type: ignore[override]
        rate = self.lr / min(self.lr, 1 / t**0.5)  # the decay is not multiplied by this
        before = p * (1 - self.lr * self.weight_decay)
        super().step(p, g, t, *slots)
        p.copy_(before + (p - before) * rate)


class DecaysByHalf(Planted):
    """g + wd / 2 p"""

    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        return descent(p, g, self.weight_decay / 2, self.maximize)


class DecaysTheNewWeights(Planted):
    """p <- (1 - lr wd) (p - step)"""

    def step(self, p: Tensor, g: Tensor, t: int, v: Tensor) -> None:  # type: ignore[override]
        super().step(p, g, t, v)
        p.mul_(1 - self.lr * self.weight_decay)

    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        return descent(p, g, 0, self.maximize)
