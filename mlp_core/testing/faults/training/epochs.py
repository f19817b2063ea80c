"""Wrong training loops: the order of the samples, the losses of epochs, side effects. All are one loop in which one
piece is replaced."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mlp_core import MLP
from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.training.loop import Loop, mistakes

ONCE, WEIGHS, REPEATS = "uses every sample once per epoch", "weighs epoch losses by samples", "repeats under a seed"

CATALOGUE = Catalogue()

caught_by = mistakes(CATALOGUE)


@caught_by(REPEATS, origin="PyTorch, FAQ: don't accumulate history across your training loop")
class KeepsTheGraphOfItsLosses(Loop):
    """the step losses are stored with their graphs, which keep the memory of every step: store loss.item()"""

    def step(self, xb: Tensor, yb: Tensor) -> Tensor:
        self.clear()
        value = self.backward(xb, yb)
        self.move()
        return value


@caught_by(ONCE, origin="numpy.random.choice, documentation: replace=True by default")
class DrawsSamplesWithReplacement(Loop):
    """samples are drawn with replacement: an epoch uses some twice and others not at all"""

    def order(self) -> Tensor:
        n = len(self.x)
        return torch.randint(n, (n,), generator=self.generator) if self.shuffle else torch.arange(n)


@caught_by(ONCE, origin="stackoverflow.com/questions/4601373: shuffling two arrays in unison; site: two permutations")
class ShufflesTheLabelsApart(Loop):
    """images and labels are shuffled by two different permutations"""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.y = self.y[torch.randperm(len(self.y), generator=self.generator)] if self.shuffle else self.y


@caught_by(ONCE, origin="torch.utils.data.DistributedSampler, documentation: without set_epoch always the same order")
class DrawsOneOrderForAllEpochs(Loop):
    """the order is drawn once, and is the same in every epoch"""

    def order(self) -> Tensor:
        self.generator.manual_seed(7)
        return super().order()


@caught_by(ONCE, origin="torch.utils.data.DataLoader, documentation: shuffle=False by default")
class DoesNotShuffle(Loop):
    """the samples are not shuffled"""

    def order(self) -> Tensor:
        return torch.arange(len(self.x))


@caught_by(WEIGHS, origin="site: the mean of the step losses, without weights")
class TakesThePlainMeanOfStepLosses(Loop):
    """the loss of an epoch is the plain mean of its step losses: a short batch counts as much as a full one"""

    def mean(self, own: Tensor, sizes: Tensor) -> Tensor:
        return own.mean()


@caught_by(WEIGHS, origin="site: running_loss += loss * batch_size instead of the actual batch's size")
class WeighsEveryLossByTheFullBatch(Loop):
    """every step loss is multiplied by the full batch size, also that of the short last batch"""

    def mean(self, own: Tensor, sizes: Tensor) -> Tensor:
        return own.sum() * self.batch_size / len(self.x)


@caught_by(WEIGHS, origin="site: running_loss / len(dataset), for a sum of mean losses")
class DividesTheSumOfMeansBySamples(Loop):
    """the sum of step losses, which are means, is divided by the number of samples"""

    def mean(self, own: Tensor, sizes: Tensor) -> Tensor:
        return own.sum() / len(self.x)


@caught_by(WEIGHS, origin="site: running_loss = 0, above the loop over the epochs")
class NeverResetsTheRunningLoss(Loop):
    """the loss of an epoch is the mean over all epochs so far"""

    total = torch.tensor(0.0)

    def mean(self, own: Tensor, sizes: Tensor) -> Tensor:
        self.total = self.total + super().mean(own, sizes)
        return self.total


@caught_by(WEIGHS, origin="site: the variable `loss`, read after the loop over the batches")
class TakesTheLastLossForTheEpochs(Loop):
    """the loss of an epoch is that of its last step"""

    def mean(self, own: Tensor, sizes: Tensor) -> Tensor:
        return own[-1]


@caught_by(REPEATS, origin="site: torch.randperm without generator=")
class ShufflesByTheGlobalRandomState(Loop):
    """the order is drawn from torch's global random state instead of the generator"""

    def order(self) -> Tensor:
        return torch.randperm(len(self.x)) if self.shuffle else torch.arange(len(self.x))


@caught_by(REPEATS, origin="site: torch.manual_seed(0), at the beginning of the loop")
class SeedsTheGlobalRandomState(Loop):
    """torch's global random state is seeded, which affects all other code"""

    def order(self) -> Tensor:
        torch.manual_seed(0)
        return super().order()


@caught_by(REPEATS, origin="site: x -= mean, in the caller's tensor")
class CentresItsDataInPlace(Loop):
    """the caller's data are centred in place, again in every call"""

    def __init__(self, model: MLP, x: Tensor, y: Tensor, **options: Any) -> None:
        super().__init__(model, x.sub_(x.mean(0) / 2), y, **options)
