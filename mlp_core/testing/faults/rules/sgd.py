"""Wrong gradient descent with momentum: each has one mistake in its formula."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from mlp_core.rules._shared import decay, descent
from mlp_core.rules.sgd import SGD
from mlp_core.testing.faults.catalogue import Catalogue

CATALOGUE = Catalogue()

FEW = 60

caught_by = partial(CATALOGUE.caught_by, right=SGD, examples=FEW)

wrong = partial(caught_by, "equals its twin")


@dataclass(frozen=True)
class Planted(SGD):
    """SGD in pieces; a mistake overrides one piece."""

    def step(self, p: Tensor, g: Tensor, t: int, v: Tensor) -> None:  # type: ignore[override]  # one slot
        g = self.decayed(p, g)
        if self.momentum:
            self.move(v, g, t)
            g = self.ahead(g, v)
        p.add_(g, alpha=-self.lr)

    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        return descent(p, g, self.weight_decay, self.maximize)

    def move(self, v: Tensor, g: Tensor, t: int) -> None:
        if t == 1:
            v.copy_(g)
        else:
            v.mul_(self.momentum).add_(g, alpha=1 - self.dampening)

    def ahead(self, g: Tensor, v: Tensor) -> Tensor:
        return g.add(v, alpha=self.momentum) if self.nesterov else v


@wrong(origin="textbooks with v = 0 at first; the first v of torch.optim.SGD is g, undamped")
class DampensTheFirstStep(Planted):
    """the first velocity is (1 - dampening) g instead of g"""

    def move(self, v: Tensor, g: Tensor, t: int) -> None:
        v.mul_(self.momentum).add_(g, alpha=1 - self.dampening)


@wrong(origin="site: the factor 1 - dampening")
class DampensTheVelocityToo(Planted):
    """1 - dampening multiplies the whole velocity instead of the new gradient"""

    def move(self, v: Tensor, g: Tensor, t: int) -> None:
        if t == 1:
            v.copy_(g)
        else:
            v.mul_(self.momentum).add_(g).mul_(1 - self.dampening)


@wrong(origin="site: g + beta v, in code that is called momentum; Nesterov (1983)")
class LooksAheadUnasked(Planted):
    """the step is Nesterov's, g + beta v, whatever `nesterov` is"""

    def ahead(self, g: Tensor, v: Tensor) -> Tensor:
        return g.add(v, alpha=self.momentum)


@wrong(origin="Ng, Deep Learning Specialization, course 2 week 2: v = beta v + (1 - beta) g")
class AveragesTheGradients(Planted):
    """the velocity is the average beta v + (1 - beta) g instead of beta v + g"""

    def move(self, v: Tensor, g: Tensor, t: int) -> None:
        v.lerp_(g, 1 - self.momentum)


@wrong(origin="Sutskever et al. (2013) and Keras: v = beta v - lr g; the note in torch.optim.SGD on the difference")
class PutsTheRateIntoTheVelocity(Planted):
    """lr multiplies the gradient in the velocity instead of the velocity, which differs if lr changes"""

    def step(self, p: Tensor, g: Tensor, t: int, v: Tensor) -> None:  # type: ignore[override]  # one slot
        g = self.decayed(p, g) * self.lr
        if self.momentum:
            self.move(v, g, t)
            g = self.ahead(g, v)
        p.sub_(g)


@wrong(origin="site: the look-ahead")
class NesterovLooksAheadByVAlone(Planted):
    """Nesterov's step is beta v instead of g + beta v"""

    def ahead(self, g: Tensor, v: Tensor) -> Tensor:
        return v.mul(self.momentum) if self.nesterov else v


@wrong(origin="site: the order of the two updates")
class StepsBeforeItsVelocityMoves(Planted):
    """the parameter moves before the velocity is updated: each step uses the previous velocity"""

    def step(self, p: Tensor, g: Tensor, t: int, v: Tensor) -> None:  # type: ignore[override]  # one slot
        if self.momentum and not self.nesterov and t > 1:
            g = self.decayed(p, g)
            p.add_(v, alpha=-self.lr)
            self.move(v, g, t)
        else:
            super().step(p, g, t, v)


@wrong(origin="torch 1.10's SGD: maximize was the sign of lr, and so of the decay")
class DecaysBeforeItNegates(Planted):
    """with maximize the decay is negated too, so that the parameters grow"""

    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        g = g.add(p, alpha=self.weight_decay)
        return -g if self.maximize else g


@wrong(origin="site: maximize, in one of two branches")
class ForgetsMaximizeWithMomentum(Planted):
    """maximize has no effect with momentum"""

    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        return descent(p, g, self.weight_decay, self.maximize and not self.momentum)


@wrong(origin="Loshchilov and Hutter (2019), algorithm 1: SGDW")
class DecaysApartFromTheVelocity(Planted):
    """weight decay is decoupled: p shrinks by lr wd p, instead of wd p being added to the gradient and so to the
    velocity"""

    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        g = descent(p, g, 0, self.maximize)
        decay(p, self.lr, self.weight_decay)
        return g


@wrong(origin="Loshchilov and Hutter (2019), algorithm 1 with eta = 1: p - wd p, whatever lr is")
class DecaysWithoutTheRate(Planted):
    """weight decay is decoupled and not multiplied by lr: the parameter shrinks by wd p"""

    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        g = descent(p, g, 0, self.maximize)
        p.mul_(1 - self.weight_decay)
        return g


@wrong(origin="Keras regularizers.L2, TF l2_loss: wd |p|^2 instead of wd |p|^2 / 2")
class DecaysTwiceAsMuch(Planted):
    """the decay is 2 wd p (the derivative of wd p^2) instead of wd p (that of wd p^2 / 2)"""

    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        return descent(p, g, 2 * self.weight_decay, self.maximize)


@wrong(origin="site: the sign of the decay")
class GrowsInsteadOfDecaying(Planted):
    """the decay has the wrong sign: wd p is subtracted from the gradient"""

    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        return descent(p, g, -self.weight_decay, self.maximize)


@wrong(origin="regularizers.L1 instead of L2 in Keras")
class DecaysBySigns(Planted):
    """the decay is wd sign(p) (the derivative of wd |p|) instead of wd p"""

    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        return descent(p, g, 0, self.maximize).add(p.sign(), alpha=self.weight_decay)


@wrong(origin="site: one entry; the smallest error that changes the bits")
class IsOffByOneInTenBillion(Planted):
    """the last entry of the gradient has a relative error of 1e-10"""

    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        g = super().decayed(p, g).clone()
        if g.numel():
            g.view(-1)[-1] *= 1 + 1e-10
        return g


@caught_by("stays put under zero gradients", origin="site: eps, added to the gradient instead of the denominator")
class AddsASmallNumber(Planted):
    """1e-8 is added to the gradient"""

    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        return super().decayed(p, g) + 1e-8


@caught_by(
    "gives the negated result for negated arguments",
    origin="clip_by_value and np.minimum instead of np.clip: the lower limit is missing",
)
class ClipsFromAboveAlone(Planted):
    """the gradient is clipped at 1 from above, but not at -1 from below"""

    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        return super().decayed(p, g).clamp(max=1)


@caught_by("keeps dtype and device", origin="torch.tensor(x) for a Python number has the default dtype")
class RoundsInTheDefaultDtype(Planted):
    """the gradient is rounded to the default dtype, and a factor is 3 / 7"""

    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        return super().decayed(p, g.to(torch.get_default_dtype()).to(g.dtype) / torch.tensor(3.0).div(7).to(g.dtype))
