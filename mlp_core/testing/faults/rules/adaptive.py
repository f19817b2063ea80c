"""Wrong RMSprop, Adagrad and Adadelta: each has one mistake in its formula."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from mlp_core.rules._shared import descent
from mlp_core.rules.adadelta import Adadelta
from mlp_core.rules.adagrad import Adagrad
from mlp_core.rules.rmsprop import RMSprop
from mlp_core.testing.faults.catalogue import Catalogue

CATALOGUE = Catalogue()

wrong = partial(CATALOGUE.caught_by, "equals its twin", examples=60)


class RMSpropInPieces(RMSprop):
    """Correct RMSprop in pieces; a mistake overrides one piece."""

    def step(self, p: Tensor, g: Tensor, t: int, v: Tensor, b: Tensor, a: Tensor) -> None:  # type: ignore[override]
        g = descent(p, g, self.weight_decay, self.maximize)
        self.average(v, g)
        denominator = self.denominator(self.variance(v, g, a) if self.centered else v)
        if self.momentum:
            self.move(p, b, g, denominator)
        else:
            p.addcdiv_(g, denominator, value=-self.lr)

    def average(self, v: Tensor, g: Tensor) -> None:
        v.mul_(self.alpha).addcmul_(g, g, value=1 - self.alpha)

    def variance(self, v: Tensor, g: Tensor, a: Tensor) -> Tensor:
        return v.addcmul(a.lerp_(g, 1 - self.alpha), a, value=-1)

    def denominator(self, v: Tensor) -> Tensor:
        return v.sqrt().add_(self.eps)

    def move(self, p: Tensor, b: Tensor, g: Tensor, denominator: Tensor) -> None:
        b.mul_(self.momentum).addcdiv_(g, denominator)
        p.add_(b, alpha=-self.lr)


@wrong(right=RMSprop, origin="TF's RMSprop; Graves (2013), eq. 45")
class RMSpropPutsEpsUnderTheRoot(RMSpropInPieces):
    """eps is added under the root instead of after it"""

    def denominator(self, v: Tensor) -> Tensor:
        return (v + self.eps).sqrt()


@wrong(right=RMSprop, origin="site: the sign of eps, under the root")
class RMSpropSubtractsEpsUnderTheRoot(RMSpropInPieces):
    """eps is subtracted under the root: it gives NaN where the average of the squares is less than eps"""

    def denominator(self, v: Tensor) -> Tensor:
        return (v - self.eps).sqrt()


@wrong(right=RMSprop, origin="TF's RMSprop; timm's RMSpropTF, lr_in_momentum")
class KeepsTheRateInItsMomentum(RMSpropInPieces):
    """lr multiplies what is added to the momentum buffer instead of the buffer, which differs if lr changes"""

    def move(self, p: Tensor, b: Tensor, g: Tensor, denominator: Tensor) -> None:
        b.mul_(self.momentum).addcdiv_(g, denominator, value=self.lr)
        p.sub_(b)


@wrong(right=RMSprop, origin="TF1's RMSPropOptimizer and timm's RMSpropTF: the squares begin at 1")
class BeginsAtOne(RMSpropInPieces):
    """the average of the squares begins at 1 instead of 0"""

    def init(self, p: Tensor) -> dict[str, Tensor | None]:
        return {**super().init(p), "square_avg": torch.ones_like(p)}


@wrong(right=RMSprop, origin="site: v - a^2")
class SubtractsTheMeanUnsquared(RMSpropInPieces):
    """centered: |a| instead of a^2 is subtracted from the average of the squares"""

    def variance(self, v: Tensor, g: Tensor, a: Tensor) -> Tensor:
        return (v - a.lerp_(g, 1 - self.alpha).abs()).clamp(min=0)


@wrong(right=RMSprop, origin="site: the order of the two averages")
class CentersByTheOldMean(RMSpropInPieces):
    """centered: the average of the gradients is subtracted before its update instead of after"""

    def variance(self, v: Tensor, g: Tensor, a: Tensor) -> Tensor:
        centered = v.addcmul(a, a, value=-1).clamp(min=0)
        a.lerp_(g, 1 - self.alpha)
        return centered


@wrong(right=RMSprop, origin="site: the two weights of the average; Keras calls alpha rho, others decay = 1 - alpha")
class SwapsTheWeights(RMSpropInPieces):
    """alpha and 1 - alpha are swapped in the average of the squares"""

    def average(self, v: Tensor, g: Tensor) -> None:
        v.mul_(1 - self.alpha).addcmul_(g, g, value=self.alpha)


@wrong(right=RMSprop, origin="site: the values that the momentum buffer adds up")
class DividesItsMomentum(RMSpropInPieces):
    """the momentum buffer adds up gradients and is divided by the root; instead, divide each gradient before it is
    added"""

    def move(self, p: Tensor, b: Tensor, g: Tensor, denominator: Tensor) -> None:
        p.addcdiv_(b.mul_(self.momentum).add_(g), denominator, value=-self.lr)


class AdagradInPieces(Adagrad):
    """Correct Adagrad in pieces; a mistake overrides one piece."""

    def step(self, p: Tensor, g: Tensor, t: int, s: Tensor) -> None:  # type: ignore[override]
        g = descent(p, g, self.weight_decay, self.maximize)
        self.add(s, g)
        p.addcdiv_(g, self.denominator(s), value=-self.rate(t))

    def add(self, s: Tensor, g: Tensor) -> None:
        s.addcmul_(g, g)

    def denominator(self, s: Tensor) -> Tensor:
        return s.sqrt().add_(self.eps)

    def rate(self, t: int) -> float:
        return self.lr / (1 + (t - 1) * self.lr_decay)


@wrong(right=Adagrad, origin="Keras Adagrad: g / sqrt(accumulator + epsilon)")
class AdagradPutsEpsUnderTheRoot(AdagradInPieces):
    """eps is added under the root instead of after it"""

    def denominator(self, s: Tensor) -> Tensor:
        return (s + self.eps).sqrt()


@wrong(right=Adagrad, origin="TensorFlow 1: initial_accumulator_value=0.1 by default")
class BeginsItsSumAtATenth(AdagradInPieces):
    """the sum of the squares begins at 0.1 instead of 0"""

    def init(self, p: Tensor) -> dict[str, Tensor | None]:
        return {"sum": torch.full_like(p, 0.1)}


@wrong(right=Adagrad, origin="Flux and Optimisers.jl: the state of AdaGrad begins with epsilon")
class BeginsItsSumAtEps(AdagradInPieces):
    """the sum of the squares begins at eps instead of 0"""

    def init(self, p: Tensor) -> dict[str, Tensor | None]:
        return {"sum": torch.full_like(p, self.eps)}


@wrong(right=Adagrad, origin="site: exponential decay instead of inverse time decay, two schedules in Keras")
class DecaysItsRateByPowers(AdagradInPieces):
    """the rate is lr (1 + lr_decay)^-(t-1) instead of lr / (1 + (t - 1) lr_decay)"""

    def rate(self, t: int) -> float:
        return float(self.lr * (1 + self.lr_decay) ** -(t - 1))


@wrong(right=Adagrad, origin="site: the root, left out")
class AdagradForgetsTheRoot(AdagradInPieces):
    """the step is divided by the sum of the squares instead of by its root"""

    def denominator(self, s: Tensor) -> Tensor:
        return s + self.eps


@wrong(right=Adagrad, origin="site: the power of the gradient")
class AddsMagnitudes(AdagradInPieces):
    """the sum is of |g| instead of g^2"""

    def add(self, s: Tensor, g: Tensor) -> None:
        s.add_(g.abs())


class AdadeltaInPieces(Adadelta):
    """Correct Adadelta in pieces; a mistake overrides one piece."""

    def step(self, p: Tensor, g: Tensor, t: int, v: Tensor, u: Tensor) -> None:  # type: ignore[override]
        g = descent(p, g, self.weight_decay, self.maximize)
        v.mul_(self.rho).addcmul_(g, g, value=1 - self.rho)
        delta = self.delta(g, v, u)
        self.average(u, delta, g)
        p.add_(delta, alpha=-self.lr)

    def delta(self, g: Tensor, v: Tensor, u: Tensor) -> Tensor:
        return u.add(self.eps).sqrt_().div_(v.add(self.eps).sqrt_()).mul_(g)

    def average(self, u: Tensor, delta: Tensor, g: Tensor) -> None:
        u.mul_(self.rho).addcmul_(delta, delta, value=1 - self.rho)


@wrong(right=Adadelta, origin="site: the roots, as torch.optim.Adam has eps")
class AdadeltaAddsEpsAfterTheRoots(AdadeltaInPieces):
    """eps is added after the roots instead of under them"""

    def delta(self, g: Tensor, v: Tensor, u: Tensor) -> Tensor:
        return (u.sqrt() + self.eps) / (v.sqrt() + self.eps) * g


@wrong(right=Adadelta, origin="site: the averaged update, with or without lr; Zeiler (2012) has no lr")
class AveragesTheScaledUpdate(AdadeltaInPieces):
    """the updates are averaged after the multiplication by lr instead of before"""

    def average(self, u: Tensor, delta: Tensor, g: Tensor) -> None:
        u.mul_(self.rho).addcmul_(delta, delta, value=(1 - self.rho) * self.lr**2)


@wrong(right=Adadelta, origin="site: the values in the second average")
class AveragesTheGradientTwice(AdadeltaInPieces):
    """the second average is of g^2 instead of the squared updates"""

    def average(self, u: Tensor, delta: Tensor, g: Tensor) -> None:
        super().average(u, g, g)


@wrong(right=Adadelta, origin="site: the order of the two lines, average and step")
class DividesByTheOldAverage(AdadeltaInPieces):
    """the gradient is divided by the average of the squares from before it enters"""

    def step(self, p: Tensor, g: Tensor, t: int, v: Tensor, u: Tensor) -> None:  # type: ignore[override]
        g = descent(p, g, self.weight_decay, self.maximize)
        delta = self.delta(g, v, u)
        v.mul_(self.rho).addcmul_(g, g, value=1 - self.rho)
        self.average(u, delta, g)
        p.add_(delta, alpha=-self.lr)
