"""Wrong training functions: code that is called weight decay but does something else. All are one trainer in which one
piece is replaced."""

from __future__ import annotations

from functools import partial

from torch import Tensor

from mlp_core.testing import subjects
from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.training.trainer import COURSE, Trainer, mistakes

DECAY, BOTH = "equals torch with weight decay", "equals torch with momentum and weight decay"

CATALOGUE = Catalogue()

caught_by = mistakes(CATALOGUE)


@caught_by(DECAY, BOTH, origin=f"{COURSE}: grad + weight_decay * grad")
class DecaysTheGradient(Trainer):
    """weight_decay times the gradient is added to the gradient instead of weight_decay times the weight"""

    def decayed(self, index: int, p: Tensor, g: Tensor) -> Tensor:
        return g + self.weight_decay * g


@caught_by(DECAY, origin="site: loss + l2 * sum(p.norm() for p in model.parameters()), without the square")
class PenalisesTheNorm(Trainer):
    """the penalty is the norm of every parameter instead of half its square: its gradient is p / |p|"""

    def decayed(self, index: int, p: Tensor, g: Tensor) -> Tensor:
        norm = p.norm()
        return g + (self.weight_decay * p / norm if norm > 0 else 0)


@caught_by(DECAY, origin="site: loss + lambda_ * sum(p.abs().sum() for p in model.parameters()) called L2")
class PenalisesMagnitudes(Trainer):
    """the penalty is L1 instead of L2: its gradient is the sign of each weight instead of the weight"""

    def decayed(self, index: int, p: Tensor, g: Tensor) -> Tensor:
        return g + self.weight_decay * p.sign()


@caught_by(DECAY, origin="site: p -= lr * g, and then p -= lr * weight_decay * p")
class DecaysWhatItHasMoved(Trainer):
    """weight decay uses the weight after the step instead of before"""

    def decayed(self, index: int, p: Tensor, g: Tensor) -> Tensor:
        return g

    def move(self, p: Tensor, v: Tensor) -> None:
        super().move(p, v)
        super().move(p, self.weight_decay * p)


@caught_by(DECAY, origin="site: no_decay = [...], with a test of the names that is never true",
           subject=partial(subjects.training, spares=True))  # fmt: skip
class DecaysWhatItShouldSpare(Trainer):
    """weight decay also acts on the parameters that it should leave out, vectors (biases)"""

    def decayed(self, index: int, p: Tensor, g: Tensor) -> Tensor:
        return g + self.weight_decay * p


@caught_by("equals torch with plain gradient descent", parts=True, origin="site: max_norm=None, an unused argument")
class ClipsNothing(Trainer):
    """gradients are not clipped"""

    def clip(self) -> None:
        pass
