"""Wrong Rprop, Lion and ASGD: each has one mistake in its formula."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from mlp_core.rules._shared import decay, descent
from mlp_core.rules.asgd import ASGD
from mlp_core.rules.lion import Lion
from mlp_core.rules.rprop import Rprop
from mlp_core.testing.faults.catalogue import Catalogue

CATALOGUE = Catalogue()

wrong = partial(CATALOGUE.caught_by, "equals its twin", examples=60)

wrong_lion = partial(CATALOGUE.caught_by, "equals its reference", right=Lion, examples=60)


class RpropInPieces(Rprop):
    """Correct Rprop in pieces; a mistake overrides one piece."""

    def step(self, p: Tensor, g: Tensor, t: int, prev: Tensor, d: Tensor) -> None:  # type: ignore[override]
        g = descent(p, g, 0, self.maximize)
        s = g.mul(prev).sign_()
        self.resize(d, s)
        self.move(p, g, s, prev, d)

    def resize(self, d: Tensor, s: Tensor) -> None:
        factor = torch.ones_like(d).masked_fill_(s < 0, self.etas[0]).masked_fill_(s > 0, self.etas[1])
        d.mul_(factor).clamp_(*self.step_sizes)

    def move(self, p: Tensor, g: Tensor, s: Tensor, prev: Tensor, d: Tensor) -> None:
        prev.copy_(g.masked_fill(s < 0, 0))
        p.addcmul_(prev.sign(), d, value=-1)


@wrong(right=Rprop, origin="Igel and Huesken (2000): Rprop-")
class KeepsATurnedGradient(RpropInPieces):
    """a gradient with a changed sign is used and remembered instead of set to 0"""

    def move(self, p: Tensor, g: Tensor, s: Tensor, prev: Tensor, d: Tensor) -> None:
        super().move(p, g, torch.zeros_like(s), prev, d)


@wrong(right=Rprop, origin="site: whether the step or the remembered gradient is set to 0")
class RemembersATurnedGradient(RpropInPieces):
    """a gradient with a changed sign makes no step, but is remembered instead of 0"""

    def move(self, p: Tensor, g: Tensor, s: Tensor, prev: Tensor, d: Tensor) -> None:
        super().move(p, g, s, prev, d)
        prev.copy_(g)


@wrong(right=Rprop, origin="site: the order of growth and step")
class StepsBeforeItResizes(RpropInPieces):
    """the step uses the step size before its change"""

    def step(self, p: Tensor, g: Tensor, t: int, prev: Tensor, d: Tensor) -> None:  # type: ignore[override]
        g = descent(p, g, 0, self.maximize)
        s = g.mul(prev).sign_()
        self.move(p, g, s, prev, d)
        self.resize(d, s)


@wrong(right=Rprop, origin="site: the clamp")
class ForgetsItsLimits(RpropInPieces):
    """the step sizes are not clamped to step_sizes"""

    def resize(self, d: Tensor, s: Tensor) -> None:
        d.mul_(torch.ones_like(d).masked_fill_(s < 0, self.etas[0]).masked_fill_(s > 0, self.etas[1]))


@wrong(right=Rprop, origin="site: sign(g); without it, gradient descent with one rate per coordinate")
class StepsByTheGradient(RpropInPieces):
    """the step is d g instead of d sign(g)"""

    def move(self, p: Tensor, g: Tensor, s: Tensor, prev: Tensor, d: Tensor) -> None:
        prev.copy_(g.masked_fill(s < 0, 0))
        p.addcmul_(prev, d, value=-1)


@wrong(right=Rprop, origin="FANN 2.2, fann_update_weights_irpropm: a slope of zero counts as negative")
class MovesAtAZeroSlope(RpropInPieces):
    """a gradient of exactly zero moves the parameter by a whole step"""

    def move(self, p: Tensor, g: Tensor, s: Tensor, prev: Tensor, d: Tensor) -> None:
        super().move(p, g, s, prev, d)
        p.addcmul_((g == 0).to(d), d)


class LionInPieces(Lion):
    """Correct Lion in pieces; a mistake overrides one piece."""

    def step(self, p: Tensor, g: Tensor, t: int, m: Tensor) -> None:  # type: ignore[override]
        g = self.decayed(p, descent(p, g, 0, self.maximize))
        p.add_(self.update(m, g), alpha=-self.lr)
        m.lerp_(g, 1 - self.betas[1])

    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        decay(p, self.lr, self.weight_decay)
        return g

    def update(self, m: Tensor, g: Tensor) -> Tensor:
        return m.lerp(g, 1 - self.betas[0]).sign_()


@wrong_lion(origin="site: the order of update and average")
class AveragesBeforeItSteps(LionInPieces):
    """the sign is that of the updated average instead of the blend of the old average and the gradient"""

    def update(self, m: Tensor, g: Tensor) -> Tensor:
        return m.lerp(g, 1 - self.betas[1]).sign_()


@wrong_lion(origin="Bernstein et al. (2018), signSGD: no momentum in the sign")
class TakesTheSignOfTheGradient(LionInPieces):
    """the sign is that of the gradient alone, without the average"""

    def update(self, m: Tensor, g: Tensor) -> Tensor:
        return g.sign()


@wrong_lion(origin="site: the sign, forgotten")
class ForgetsTheSign(LionInPieces):
    """the step is the blend itself instead of its sign"""

    def update(self, m: Tensor, g: Tensor) -> Tensor:
        return m.lerp(g, 1 - self.betas[0])


@wrong_lion(origin="torch.optim.Adam's weight_decay: coupled")
class PutsTheDecayUnderTheSign(LionInPieces):
    """the decay is added to the gradient, and so enters its sign, instead of being decoupled"""

    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        return g.add(p, alpha=self.weight_decay)


@wrong_lion(origin="Loshchilov and Hutter (2019) with eta = 1: p - wd p, whatever lr is")
class LionDecaysWithoutTheRate(LionInPieces):
    """the parameter shrinks by wd p instead of lr wd p"""

    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        p.mul_(1 - self.weight_decay)
        return g


class ASGDInPieces(ASGD):
    """Correct ASGD in pieces; a mistake overrides one piece."""

    def step(self, p: Tensor, g: Tensor, t: int, ax: Tensor, eta: Tensor, mu: Tensor) -> None:  # type: ignore[override]
        g = descent(p, g, self.weight_decay, self.maximize)
        self.decay(p, eta)
        p.add_(g, alpha=-eta.item())
        if mu.item() == 1:
            ax.copy_(p)
        else:
            ax.add_(p.sub(ax).mul_(mu))
        eta.fill_(self.rate(t))
        mu.fill_(1 / max(1, t - self.t0))

    def decay(self, p: Tensor, eta: Tensor) -> None:
        decay(p, eta.item(), self.lambd)

    def rate(self, t: int) -> float:
        return float(self.lr / (1 + self.lambd * self.lr * t) ** self.alpha)


@wrong(right=ASGD, origin="site: eta, in the decay")
class ShrinksByLambd(ASGDInPieces):
    """the parameter shrinks by lambd p instead of eta lambd p"""

    def decay(self, p: Tensor, eta: Tensor) -> None:
        p.mul_(1 - self.lambd)


@wrong(right=ASGD, origin="site: the base of the power alpha; Xu (2011) has (1 + a t)^-c")
class RaisesTheStepAlone(ASGDInPieces):
    """eta is lr / (1 + lambd lr t^alpha) instead of lr / (1 + lambd lr t)^alpha"""

    def rate(self, t: int) -> float:
        return float(self.lr / (1 + self.lambd * self.lr * t**self.alpha))


@wrong(right=ASGD, origin="site: the schedule, which uses t of the next step")
class SchedulesItsRateLate(ASGDInPieces):
    """eta is one step behind its schedule"""

    def rate(self, t: int) -> float:
        return super().rate(t - 1)
