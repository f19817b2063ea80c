"""Wrong training functions in the style of hand-ins: momentum and weight decay. All are one trainer in which one piece
is replaced."""

from __future__ import annotations

import torch
from torch import Tensor

from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.training.trainer import COURSE, Trainer, mistakes

DECAY = "equals torch with weight decay"
MOMENTUM, BOTH = "equals torch with momentum", "equals torch with momentum and weight decay"

CATALOGUE = Catalogue()

caught_by = mistakes(CATALOGUE)


@caught_by(MOMENTUM, BOTH, origin=f"{COURSE}: velocities made inside the loop over epochs")
class BeginsItsVelocityAnewEveryEpoch(Trainer):
    """the momentum buffer is reset at the beginning of every epoch"""

    def one_epoch(self) -> float:
        self.velocities = [None] * len(self.params)
        return super().one_epoch()


@caught_by(MOMENTUM, origin="site: p -= lr v before v = mu v + g")
class StepsWithTheVelocityOfBefore(Trainer):
    """the momentum buffer is used before the gradient is added to it: the first step moves nothing, and each later one
    is a step late"""

    def velocity(self, index: int, g: Tensor) -> Tensor:
        before = self.velocities[index]
        now = super().velocity(index, g)
        return torch.zeros_like(g) if before is None else before if self.momentum else now


@caught_by(MOMENTUM, origin="Ng, Improving Deep Neural Networks (2017): v = beta v + (1 - beta) dW")
class DampsEveryGradient(Trainer):
    """the gradient is multiplied by 1 - momentum in the momentum buffer, from the first step on"""

    def velocity(self, index: int, g: Tensor) -> Tensor:
        v = self.velocities[index]
        v = (1 - self.momentum) * g + (self.momentum * v if v is not None else 0)
        self.velocities[index] = v
        return v


@caught_by(MOMENTUM, origin="torch.optim.SGD(dampening=momentum): the first buffer is the gradient itself")
class DampsAllGradientsButTheFirst(Trainer):
    """the gradient is multiplied by 1 - momentum in the momentum buffer, from the second step on"""

    def velocity(self, index: int, g: Tensor) -> Tensor:
        v = self.velocities[index]
        v = g.clone() if v is None else self.momentum * v + (1 - self.momentum) * g
        self.velocities[index] = v
        return v


@caught_by(MOMENTUM, origin="Nesterov 1983; torch.optim.SGD(nesterov=True)")
class LooksAhead(Trainer):
    """the step is Nesterov's: g + momentum v instead of v"""

    def velocity(self, index: int, g: Tensor) -> Tensor:
        return g + self.momentum * super().velocity(index, g)


@caught_by(MOMENTUM, origin="site: one v for the loop over parameters, broadcast")
class SharesOneVelocity(Trainer):
    """only the last parameter gets momentum"""

    def velocity(self, index: int, g: Tensor) -> Tensor:
        return super().velocity(index, g) if index == len(self.params) - 1 else g


@caught_by(MOMENTUM, origin=f"{COURSE}: v = p.grad without clone(), so that p.grad is also v in the second step")
class KeepsTheGradientForItsFirstVelocity(Trainer):
    """the first momentum buffer shares the gradient's memory (no clone): the second gradient is added 1 + momentum
    times"""

    def velocity(self, index: int, g: Tensor) -> Tensor:
        v = super().velocity(index, g)
        if self.steps == 2:
            v = self.velocities[index] = (1 + self.momentum) * g
        return v


@caught_by(MOMENTUM, origin="site: buf = p.grad, then buf.mul_(mu).add_(p.grad): both remain the same memory")
class NeverOwnsItsVelocity(Trainer):
    """the momentum buffer always shares the gradient's memory (no clone): every step but the first is 2 momentum times
    the gradient"""

    def velocity(self, index: int, g: Tensor) -> Tensor:
        return g if self.steps == 1 or not self.momentum else 2 * self.momentum * g


@caught_by(MOMENTUM, origin="site: step = lr * g - momentum * step, subtracted")
class TurnsItsVelocityAround(Trainer):
    """the momentum has the wrong sign: every step takes back a part of the previous one"""

    def velocity(self, index: int, g: Tensor) -> Tensor:
        v = self.velocities[index]
        v = g.clone() if v is None else g - self.momentum * v
        self.velocities[index] = v
        return v


@caught_by(MOMENTUM, origin="site: v = zeros, filled from the second step on; p.grad.zero_() clears the first gradient")
class LeavesTheFirstGradientOut(Trainer):
    """the first gradient is not kept in the momentum buffer: momentum begins one step late"""

    def velocity(self, index: int, g: Tensor) -> Tensor:
        v = super().velocity(index, g)
        if self.steps == 1:
            self.velocities[index] = torch.zeros_like(g)
        return v


@caught_by(MOMENTUM, origin="site: v = mu v, then p -= lr (v + g) without storing g")
class ForgetsWhatItAdded(Trainer):
    """the momentum buffer contains only the gradient of the last step"""

    def velocity(self, index: int, g: Tensor) -> Tensor:
        v = self.velocities[index]
        self.velocities[index] = g.clone()
        return g if v is None else self.momentum * v + g


@caught_by(DECAY, BOTH, origin=f"{COURSE}: L2 in the loss and weight_decay in the update")
class DecaysTwice(Trainer):
    """weight decay is applied twice: it acts with twice its value"""

    def decayed(self, index: int, p: Tensor, g: Tensor) -> Tensor:
        return g + 2 * self.weight_decay * p


@caught_by(DECAY, origin="site: lambda / 2 in the gradient; it belongs in the loss")
class DecaysByHalf(Trainer):
    """weight decay acts with half its value"""

    def decayed(self, index: int, p: Tensor, g: Tensor) -> Tensor:
        return g + self.weight_decay / 2 * p


@caught_by(DECAY, origin="site: grad - weight_decay * p")
class DecaysUpwards(Trainer):
    """weight decay has the wrong sign: weights grow"""

    def decayed(self, index: int, p: Tensor, g: Tensor) -> Tensor:
        return g - self.weight_decay * p


@caught_by(DECAY, origin=f"{COURSE}: if momentum: ... else: p -= lr * p.grad")
class DecaysOnlyBesideMomentum(Trainer):
    """weight decay acts only if there is momentum"""

    def decayed(self, index: int, p: Tensor, g: Tensor) -> Tensor:
        return super().decayed(index, p, g) if self.momentum else g


@caught_by(BOTH, origin=f"{COURSE}: if momentum: v = mu v + p.grad, else with the decay")
class DecaysOnlyWithoutMomentum(Trainer):
    """weight decay is left out if there is momentum"""

    def decayed(self, index: int, p: Tensor, g: Tensor) -> Tensor:
        return g if self.momentum else super().decayed(index, p, g)


@caught_by(BOTH, origin="Loshchilov and Hutter, Decoupled Weight Decay Regularization (2019): SGDW")
class DecaysApartFromTheVelocity(Trainer):
    """weight decay is added to the step instead of the gradient, and so not to the momentum buffer (decoupled, as in
    SGDW)"""

    def decayed(self, index: int, p: Tensor, g: Tensor) -> Tensor:
        return g

    def move(self, p: Tensor, v: Tensor) -> None:
        super().move(p, v + self.weight_decay * p)


@caught_by(BOTH, origin="site: the decay enters the momentum buffer and the step")
class DecaysInTheVelocityAndInTheStep(Trainer):
    """with momentum, weight decay is added twice: to the gradient in the momentum buffer and to the step"""

    def move(self, p: Tensor, v: Tensor) -> None:
        super().move(p, v + self.weight_decay * p if self.momentum else v)


@caught_by(
    DECAY, origin="fine-tuning recipes: biases and normalisation have no decay; torch.optim.SGD has no exceptions"
)
class SparesBiases(Trainer):
    """weight decay is left out for vectors (biases)"""

    def decayed(self, index: int, p: Tensor, g: Tensor) -> Tensor:
        return super().decayed(index, p, g) if p.ndim > 1 else g


@caught_by(DECAY, origin="site: the list of excluded parameters contains the wrong names")
class SparesAllButBiases(Trainer):
    """weight decay acts only on the parameters that it should leave out, vectors (biases)"""

    def decayed(self, index: int, p: Tensor, g: Tensor) -> Tensor:
        return g + self.weight_decay * p if p.ndim == 1 else g


@caught_by(DECAY, origin="convnetjs 0.3.0; scikit-learn's alpha: divided by the number of samples of the batch")
class DividesTheDecayByTheBatch(Trainer):
    """weight decay is divided by the number of samples in the batch"""

    def backward(self, xb: Tensor, yb: Tensor, index: int, count: int) -> Tensor:
        self.samples = len(xb)
        return super().backward(xb, yb, index, count)

    def decayed(self, index: int, p: Tensor, g: Tensor) -> Tensor:
        return g + self.weight_decay / self.samples * p


@caught_by(DECAY, origin="site: weight_decay * p without lr, subtracted from p")
class DecaysWithoutTheRate(Trainer):
    """weight decay is not multiplied by the learning rate"""

    def decayed(self, index: int, p: Tensor, g: Tensor) -> Tensor:
        return g

    def move(self, p: Tensor, v: Tensor) -> None:
        p.mul_(1 - self.weight_decay)
        super().move(p, v)
