"""Wrong Adam and AdamW: each has one mistake in its formula."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from mlp_core.rules._shared import decay, descent, moments
from mlp_core.rules.adam import Adam
from mlp_core.rules.adamw import AdamW
from mlp_core.testing.faults.catalogue import Catalogue

CATALOGUE = Catalogue()

wrong = partial(CATALOGUE.caught_by, "equals its twin", right=Adam, examples=60)

wrong_w = partial(CATALOGUE.caught_by, "equals its twin", right=AdamW, examples=60)


class AdamInPieces(Adam):
    """Correct Adam in pieces; a mistake overrides one piece."""

    def step(self, p: Tensor, g: Tensor, t: int, m: Tensor, v: Tensor, top: Tensor | None) -> None:  # type: ignore[override]
        self.average(p, g, m, v)
        denominator = self.denominator(v if top is None else self.largest(top, v, t), t)
        p.addcdiv_(self.first(m, t), denominator, value=-self.lr / self.corrections(t)[0])

    def average(self, p: Tensor, g: Tensor, m: Tensor, v: Tensor) -> None:
        moments(m, v, self.direction(p, g), self.betas)

    def corrections(self, t: int) -> tuple[float, float]:
        return 1 - self.betas[0] ** t, 1 - self.betas[1] ** t

    def largest(self, top: Tensor, v: Tensor, t: int) -> Tensor:
        return torch.maximum(top, v, out=top)

    def denominator(self, v: Tensor, t: int) -> Tensor:
        return (v.sqrt() / self.corrections(t)[1] ** 0.5).add_(self.eps)

    def first(self, m: Tensor, t: int) -> Tensor:
        return m


class AdamWInPieces(AdamInPieces, AdamW):
    """Correct AdamW."""


@wrong(origin="Graves (2013); optax's eps_root, used as eps")
class PutsEpsUnderTheRoot(AdamInPieces):
    """eps is added under the root instead of after it"""

    def denominator(self, v: Tensor, t: int) -> Tensor:
        return (v / self.corrections(t)[1] + self.eps).sqrt()


@wrong(origin="site: the sign of eps, beside the root")
class SubtractsItsEps(AdamInPieces):
    """eps is subtracted from the root instead of added to it"""

    def denominator(self, v: Tensor, t: int) -> Tensor:
        return v.sqrt() / self.corrections(t)[1] ** 0.5 - self.eps


@wrong(origin="TF and Keras: epsilon hat of Kingma and Ba (2015), the formulation just before section 2.1")
class AddsEpsBeforeTheCorrection(AdamInPieces):
    """eps is added before the second moment's bias is corrected instead of after it"""

    def denominator(self, v: Tensor, t: int) -> Tensor:
        return (v.sqrt() + self.eps) / self.corrections(t)[1] ** 0.5


@wrong(origin="site: the root, left out")
class ForgetsTheRoot(AdamInPieces):
    """the step is divided by the second moment instead of by its root"""

    def denominator(self, v: Tensor, t: int) -> Tensor:
        return v / self.corrections(t)[1] + self.eps


@wrong(origin="BERT's AdamWeightDecayOptimizer: no bias correction")
class CorrectsNothing(AdamInPieces):
    """neither moment's bias is corrected"""

    def corrections(self, t: int) -> tuple[float, float]:
        return 1.0, 1.0


@wrong(origin="site: the second of two corrections")
class CorrectsTheFirstMomentAlone(AdamInPieces):
    """the second moment's bias is not corrected"""

    def corrections(self, t: int) -> tuple[float, float]:
        return super().corrections(t)[0], 1.0


@wrong(origin="site: the first of two corrections")
class CorrectsTheSecondMomentAlone(AdamInPieces):
    """the first moment's bias is not corrected"""

    def corrections(self, t: int) -> tuple[float, float]:
        return 1.0, super().corrections(t)[1]


@wrong(origin="site: 1 - beta instead of 1 - beta^t")
class CorrectsAlwaysAsAtFirst(AdamInPieces):
    """the bias is corrected by 1 - beta in every step instead of by 1 - beta^t"""

    def corrections(self, t: int) -> tuple[float, float]:
        return super().corrections(1)


@wrong(origin="site: m * (1 - beta1^t) instead of m / (1 - beta1^t)")
class MultipliesByItsCorrections(AdamInPieces):
    """both moments are multiplied by 1 - beta^t instead of divided by it"""

    def corrections(self, t: int) -> tuple[float, float]:
        one, two = super().corrections(t)
        return 1 / one, 1 / two


@wrong(origin="site: m = m / (1 - beta1^t), where m is the state")
class CorrectsItsMemory(AdamInPieces):
    """the corrected first moment is written back into the state"""

    def first(self, m: Tensor, t: int) -> Tensor:
        own = self.corrections(t)[0]
        return m.div_(own) * own


@wrong(origin="site: the weight of the new gradient; momentum as in torch.optim.SGD")
class TakesTheWholeGradient(AdamInPieces):
    """the first moment is beta1 m + g instead of beta1 m + (1 - beta1) g"""

    def average(self, p: Tensor, g: Tensor, m: Tensor, v: Tensor) -> None:
        g = self.direction(p, g)
        m.mul_(self.betas[0]).add_(g)
        v.mul_(self.betas[1]).addcmul_(g, g, value=1 - self.betas[1])


@wrong(origin="Zhuang et al. (2020), AdaBelief, without its eps")
class SquaresAroundTheMean(AdamInPieces):
    """the second moment averages (g - m)^2 instead of g^2"""

    def average(self, p: Tensor, g: Tensor, m: Tensor, v: Tensor) -> None:
        g = self.direction(p, g)
        m.lerp_(g, 1 - self.betas[0])
        v.mul_(self.betas[1]).addcmul_(g - m, g - m, value=1 - self.betas[1])


@wrong(origin="site: the decay, added after the second moment has been updated")
class SquaresBeforeItDecays(AdamInPieces):
    """the second moment averages the squares of the gradient before decay is added to it"""

    def average(self, p: Tensor, g: Tensor, m: Tensor, v: Tensor) -> None:
        m.lerp_(self.direction(p, g), 1 - self.betas[0])
        v.mul_(self.betas[1]).addcmul_(g, g, value=1 - self.betas[1])


@wrong(origin="optax.amsgrad: the maximum of corrected moments")
class TakesTheLargestCorrected(AdamInPieces):
    """amsgrad keeps the largest second moment after its correction instead of before"""

    def largest(self, top: Tensor, v: Tensor, t: int) -> Tensor:
        corrected = self.corrections(t)[1]
        return torch.maximum(top, v / corrected, out=top) * corrected


@wrong(origin="site: which of the two is kept as the average")
class GoesOnFromTheLargest(AdamInPieces):
    """amsgrad continues its average from the largest second moment instead of the last one"""

    def largest(self, top: Tensor, v: Tensor, t: int) -> Tensor:
        return v.copy_(torch.maximum(top, v, out=top))


@wrong(origin="torch 1.10's SGD: maximize was the sign of lr, and so of the decay")
class NegatesItsDecay(AdamInPieces):
    """with maximize the decay is negated too, so that the parameters grow"""

    def direction(self, p: Tensor, g: Tensor) -> Tensor:
        g = g.add(p, alpha=self.weight_decay)
        return -g if self.maximize else g


@wrong_w(origin="Loshchilov and Hutter (2019), algorithm 2 with eta = 1: p - wd p, whatever lr is")
class ShrinksWithoutTheRate(AdamWInPieces):
    """the parameter shrinks by wd p instead of lr wd p"""

    def direction(self, p: Tensor, g: Tensor) -> Tensor:
        p.mul_(1 - self.weight_decay)
        return descent(p, g, 0, self.maximize)


@wrong_w(origin="transformers.AdamW: the decay comes after the step")
class ShrinksAfterTheStep(AdamWInPieces):
    """the decay uses the parameter after the step instead of before"""

    def direction(self, p: Tensor, g: Tensor) -> Tensor:
        return descent(p, g, 0, self.maximize)

    def step(self, p: Tensor, g: Tensor, t: int, m: Tensor, v: Tensor, top: Tensor | None) -> None:  # type: ignore[override]
        super().step(p, g, t, m, v, top)
        decay(p, self.lr, self.weight_decay)


@wrong_w(origin="site: AdamW derived from Adam, whose decay stays")
class ShrinksTwice(AdamWInPieces):
    """the decay is applied twice: decoupled, and in the gradient"""

    def direction(self, p: Tensor, g: Tensor) -> Tensor:
        decay(p, self.lr, self.weight_decay)
        return descent(p, g, self.weight_decay, self.maximize)


@wrong_w(origin="site: the sign of the decay")
class SwellsInsteadOfShrinking(AdamWInPieces):
    """the decoupled decay has the wrong sign: the parameter grows by lr wd p"""

    def direction(self, p: Tensor, g: Tensor) -> Tensor:
        decay(p, self.lr, -self.weight_decay)
        return descent(p, g, 0, self.maximize)


@wrong_w(origin="site: lr / (1 - beta1^t), used for the decay as well")
class ShrinksByTheCorrectedRate(AdamWInPieces):
    """the decay is multiplied by lr / (1 - beta1^t) instead of by lr"""

    def step(self, p: Tensor, g: Tensor, t: int, m: Tensor, v: Tensor, top: Tensor | None) -> None:  # type: ignore[override]
        corrected = self.lr / self.corrections(t)[0]
        p.mul_((1 - corrected * self.weight_decay) / (1 - self.lr * self.weight_decay))
        super().step(p, g, t, m, v, top)
