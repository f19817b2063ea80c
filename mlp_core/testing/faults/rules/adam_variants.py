"""Wrong Adamax, NAdam and RAdam: each has one mistake in its formula."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from mlp_core.rules._shared import decay, descent, moments
from mlp_core.rules.adamax import Adamax
from mlp_core.rules.nadam import NAdam
from mlp_core.rules.radam import RAdam
from mlp_core.testing.faults.catalogue import Catalogue

CATALOGUE = Catalogue()

wrong = partial(CATALOGUE.caught_by, "equals its twin", examples=60)


class AdamaxInPieces(Adamax):
    """Correct Adamax in pieces; a mistake overrides one piece."""

    def step(self, p: Tensor, g: Tensor, t: int, m: Tensor, u: Tensor) -> None:  # type: ignore[override]
        g = descent(p, g, self.weight_decay, self.maximize)
        m.lerp_(g, 1 - self.betas[0])
        self.grow(u, g)
        p.addcdiv_(m, self.denominator(u, t), value=-self.lr / self.correction(t))

    def grow(self, u: Tensor, g: Tensor) -> None:
        torch.maximum(u.mul_(self.betas[1]), g.abs().add_(self.eps), out=u)

    def denominator(self, u: Tensor, t: int) -> Tensor:
        return u

    def correction(self, t: int) -> float:
        return 1 - self.betas[0] ** t


@wrong(right=Adamax, origin="Keras Adamax: m / (u + epsilon)")
class AddsEpsToTheMaximum(AdamaxInPieces):
    """eps is added to the denominator instead of to |g| inside the maximum"""

    def grow(self, u: Tensor, g: Tensor) -> None:
        torch.maximum(u.mul_(self.betas[1]), g.abs(), out=u)

    def denominator(self, u: Tensor, t: int) -> Tensor:
        return u + self.eps


@wrong(right=Adamax, origin="site: Adam's second correction, which a maximum does not need")
class CorrectsTheMaximum(AdamaxInPieces):
    """the maximum is divided by 1 - beta2^t, but a maximum has no bias"""

    def denominator(self, u: Tensor, t: int) -> Tensor:
        return u / (1 - self.betas[1] ** t)


@wrong(right=Adamax, origin="site: the correction")
class AdamaxCorrectsNothing(AdamaxInPieces):
    """the first moment's bias is not corrected"""

    def correction(self, t: int) -> float:
        return 1.0


@wrong(right=Adamax, origin="site: Adam's average, of |g|")
class AveragesTheMagnitude(AdamaxInPieces):
    """u is the average beta2 u + (1 - beta2) |g| instead of the maximum of beta2 u and |g|"""

    def grow(self, u: Tensor, g: Tensor) -> None:
        u.lerp_(g.abs().add_(self.eps), 1 - self.betas[1])


class NAdamInPieces(NAdam):
    """Correct NAdam in pieces; a mistake overrides one piece."""

    def step(self, p: Tensor, g: Tensor, t: int, m: Tensor, v: Tensor, product: Tensor) -> None:  # type: ignore[override]
        g = descent(p, g, 0 if self.decoupled_weight_decay else self.weight_decay, self.maximize)
        decay(p, self.lr, self.weight_decay if self.decoupled_weight_decay else 0)
        moments(m, v, g, self.betas)
        mu, following, M = self.mu(t), self.following(t), self.accumulated(product, t)
        denominator = v.div(1 - self.betas[1] ** t).sqrt().add_(self.eps)
        p.addcdiv_(g, denominator, value=-self.lr * (1 - mu) / (1 - M))
        p.addcdiv_(m, denominator, value=-self.lr * following / (1 - M * following))

    def following(self, t: int) -> float:
        return self.mu(t + 1)

    def accumulated(self, product: Tensor, t: int) -> float:
        return product.mul_(self.mu(t)).item()


@wrong(right=NAdam, origin="site: which mu; Dozat (2016) numbers them t and t + 1")
class LooksAheadByTheSameMu(NAdamInPieces):
    """the first moment is multiplied by mu_t instead of mu_(t+1)"""

    def following(self, t: int) -> float:
        return self.mu(t)


@wrong(right=NAdam, origin="site: the product of all mu")
class ForgetsTheProduct(NAdamInPieces):
    """the bias is corrected by the last mu instead of the product of all mu"""

    def accumulated(self, product: Tensor, t: int) -> float:
        return product.fill_(self.mu(t)).item()


@wrong(right=NAdam, origin="site: Adam's correction, right only if mu is constant")
class CorrectsByThePowerOfBeta(NAdamInPieces):
    """the bias is corrected by 1 - beta1^t instead of 1 minus the product of all mu"""

    def accumulated(self, product: Tensor, t: int) -> float:
        super().accumulated(product, t)
        return self.betas[0] ** t


@wrong(right=NAdam, origin="site: the schedule of mu, whose t counts from 1")
class SchedulesMuFromZero(NAdamInPieces):
    """the schedule of mu lags one step behind"""

    def mu(self, t: int) -> float:
        return super().mu(t - 1)


class SchedulesMuByWholePowers(NAdamInPieces):
    """mu_t = beta1 (1 - 0.96^t / 2)"""

    def mu(self, t: int) -> float:
        return float(self.betas[0] * (1.0 - 0.5 * 0.96**t))


class HasNoScheduleOfMu(NAdamInPieces):
    """mu_t = beta1"""

    def mu(self, t: int) -> float:
        return float(self.betas[0])

    def accumulated(self, product: Tensor, t: int) -> float:
        return float(self.betas[0] ** t)


class RAdamInPieces(RAdam):
    """Correct RAdam in pieces; a mistake overrides one piece."""

    threshold = 5

    def step(self, p: Tensor, g: Tensor, t: int, m: Tensor, v: Tensor) -> None:  # type: ignore[override]
        g = descent(p, g, 0 if self.decoupled_weight_decay else self.weight_decay, self.maximize)
        decay(p, self.lr, self.weight_decay if self.decoupled_weight_decay else 0)
        moments(m, v, g, self.betas)
        correction2 = 1 - self.betas[1] ** t
        rho_inf = 2 / (1 - self.betas[1]) - 1
        rho = rho_inf - 2 * t * self.betas[1] ** t / correction2
        if rho > self.threshold:
            update = m / (1 - self.betas[0] ** t) * self.lr
            update *= self.adapted(v, correction2)
            update *= self.rectified(rho, rho_inf)
            p.sub_(update)
        else:
            p.sub_(self.plain(m, t))

    def adapted(self, v: Tensor, correction2: float) -> Tensor:
        return correction2**0.5 / v.sqrt().add_(self.eps)

    def rectified(self, rho: float, rho_inf: float) -> float:
        return float(((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho)) ** 0.5)

    def plain(self, m: Tensor, t: int) -> Tensor:
        return m / (1 - self.betas[0] ** t) * self.lr


@wrong(
    right=RAdam, origin="Liu et al. (2020), algorithm 2: rho > 4, although their code and torch have 5", examples=100
)
class RectifiesFromFour(RAdamInPieces):
    """the adaptive step is used for rho > 4 instead of rho > 5"""

    threshold = 4


@wrong(right=RAdam, origin="the authors' code with degenerated_to_sgd=False")
class RestsWhileItWarmsUp(RAdamInPieces):
    """nothing moves before the adaptive steps begin: use the first moment alone"""

    def plain(self, m: Tensor, t: int) -> Tensor:
        return torch.zeros_like(m)


@wrong(right=RAdam, origin="site: the correction of the plain steps")
class WarmsUpUncorrected(RAdamInPieces):
    """the first moment's bias is not corrected before the adaptive steps begin"""

    def plain(self, m: Tensor, t: int) -> Tensor:
        return m * self.lr


@wrong(right=RAdam, origin="site: the factor r")
class ForgetsToRectify(RAdamInPieces):
    """the adaptive step is not multiplied by r"""

    def rectified(self, rho: float, rho_inf: float) -> float:
        return 1.0


@wrong(right=RAdam, origin="torch.optim.Adam, whose eps comes after the correction; optax.radam")
class CorrectsBeforeEps(RAdamInPieces):
    """eps is added after the correction of the second moment's bias instead of before"""

    def adapted(self, v: Tensor, correction2: float) -> Tensor:
        return 1 / (v / correction2).sqrt().add_(self.eps)
