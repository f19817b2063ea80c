"""Wrong training functions: what is called weight decay and is something else. All are one trainer with a piece
replaced."""

from __future__ import annotations

from functools import partial

from torch import Tensor

from mlp_core.testing import subjects
from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.training.trainer import COURSE, Trainer, mistakes

DECAY, BOTH = "equals torch with weight decay", "equals torch with both"

CATALOGUE = Catalogue()

caught_by = mistakes(CATALOGUE)


@caught_by(DECAY, BOTH, origin=f"{COURSE}: grad + weight_decay * grad")
class DecaysTheGradient(Trainer):
    """the gradient itself is added times weight decay, where the weight belongs"""

    def decayed(self, index: int, p: Tensor, g: Tensor) -> Tensor:
        return g + self.weight_decay * g


@caught_by(DECAY, origin="site: loss + l2 * sum(p.norm() for p in model.parameters()), without the square")
class PenalisesTheNorm(Trainer):
    """the penalty is the norm of every parameter, not half of its square: it pulls at p / |p|"""

    def decayed(self, index: int, p: Tensor, g: Tensor) -> Tensor:
        norm = p.norm()
        return g + (self.weight_decay * p / norm if norm > 0 else 0)


@caught_by(DECAY, origin="site: loss + lambda_ * sum(p.abs().sum() for p in model.parameters()) called L2")
class PenalisesMagnitudes(Trainer):
    """the penalty is that of L1, the sign of every weight, not the weight"""

    def decayed(self, index: int, p: Tensor, g: Tensor) -> Tensor:
        return g + self.weight_decay * p.sign()


@caught_by(DECAY, origin="site: p -= lr * g, and then p -= lr * weight_decay * p")
class DecaysWhatItHasMoved(Trainer):
    """weight decay is taken from the weight after the step, not from the one on which the gradient was taken"""

    def decayed(self, index: int, p: Tensor, g: Tensor) -> Tensor:
        return g

    def move(self, p: Tensor, v: Tensor) -> None:
        super().move(p, v)
        super().move(p, self.weight_decay * p)


@caught_by(DECAY, origin="site: no_decay = [...], and a test of the names that is never true",
           subject=partial(subjects.training, spares=True))  # fmt: skip
class DecaysWhatItShouldSpare(Trainer):
    """weight decay acts on the parameters that it should spare, vectors (biases), too"""

    def decayed(self, index: int, p: Tensor, g: Tensor) -> Tensor:
        return g + self.weight_decay * p


@caught_by("equals torch with plain gradient descent", parts=True, origin="site: max_norm=None, which nothing reads")
class ClipsNothing(Trainer):
    """gradients are not clipped"""

    def clip(self) -> None:
        pass
