"""Wrong training loops: gradients, batches, steps. All are one loop in which one piece is replaced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.training.loop import Loop, mistakes
from mlp_core.testing.subjects.training import TrainingSubject
from mlp_core.training import History
from mlp_core.updater import Updater

TORCH, STEPWISE = "equals torch to the bit", "follows torch step by step"

ONCE, WEIGHS = "uses every sample once per epoch", "weighs epoch losses by samples"

EXACT = "trains as exact rational arithmetic does"

KARPATHY = "Karpathy, most common neural net mistakes (2018)"

CATALOGUE = Catalogue()

caught_by = mistakes(CATALOGUE)


@caught_by(TORCH, origin=f"{KARPATHY}: you forgot to .zero_grad() before .backward()")
class NeverClearsGradients(Loop):
    """the gradient is not zeroed between steps: each step moves by the sum of all earlier gradients"""

    def clear(self) -> None:
        pass


@caught_by(TORCH, origin="site: zero_grad() at the beginning of the epoch instead of the step")
class ClearsGradientsOnceAnEpoch(Loop):
    """the gradient is zeroed only at the beginning of an epoch, and adds up over its steps"""

    def clear(self) -> None:
        if self.steps * self.batch_size % len(self.x) < self.batch_size:
            super().clear()


@caught_by(TORCH, origin="site: optimizer.step(), before loss.backward()")
class StepsBeforeItLooks(Loop):
    """the update is made before the gradient is computed: each step uses the gradient of the previous batch"""

    def step(self, xb: Tensor, yb: Tensor) -> Tensor:
        if self.steps:
            self.move()
        else:
            self.steps += 1
        self.clear()
        return self.backward(xb, yb).detach()


@caught_by(TORCH, origin="Hugging Face, Fixing Gradient Accumulation (2024): sums divided by another batch's count")
class WeighsTheShortBatchAsIfItWereFull(Loop):
    """the gradient of the short last batch is divided by the size of a full one"""

    def backward(self, xb: Tensor, yb: Tensor) -> Tensor:
        value = super().backward(xb, yb)
        self.model.flat_grad.mul_(len(xb) / self.batch_size)
        return value


@caught_by(TORCH, WEIGHS, EXACT, origin="torch.utils.data.DataLoader(drop_last=True)")
class DropsTheShortBatch(Loop):
    """the short last batch is left out"""

    def order(self) -> Tensor:
        n = len(self.x)
        return super().order()[: max(n // self.batch_size * self.batch_size, min(n, self.batch_size))]


@caught_by(TORCH, origin="torch.utils.data.DistributedSampler: pads with samples from the beginning")
class FillsUpTheShortBatch(Loop):
    """the short last batch is filled up with the first samples, which then count twice"""

    def batches(self) -> Iterator[Any]:
        order = self.order()
        for begin in range(0, len(order), self.batch_size):
            yield order[(begin + torch.arange(self.batch_size)) % len(order)]


@caught_by(TORCH, origin="site: the end of a slice, begin + B + 1")
class TakesOneSampleTooMany(Loop):
    """every batch also contains the first sample of the next one"""

    def batches(self) -> Iterator[Any]:
        order = self.order()
        for begin in range(0, len(order), self.batch_size):
            yield order[begin : begin + self.batch_size + 1]


@caught_by(TORCH, origin="Karpathy, A Recipe for Training Neural Networks (2019): overfit one batch; site: left in")
class TrainsOnTheFirstBatch(Loop):
    """every step of an epoch uses the first batch"""

    def batches(self) -> Iterator[Any]:
        first, *others = super().batches()
        return iter([first, *[first for _ in others]])


@caught_by(TORCH, origin="site: range(1, epochs) instead of range(epochs)")
class RunsOneEpochTooFew(Loop):
    """one epoch is missing"""

    def numbers(self) -> range:
        return range(self.epoch, self.epoch + max(1, self.epochs - 1))


@caught_by(TORCH, origin="site: the trained model: the given one or a copy of it")
class TrainsACopy(Loop):
    """a copy of the model is trained, and the model itself does not change"""

    def run(self) -> History:
        before = self.model.flat.clone()
        history = super().run()
        self.model.flat.copy_(before)
        return history


@caught_by(TORCH, origin="site: the optimizer, made inside the loop over the epochs")
class ForgetsMomentumBetweenEpochs(Loop):
    """a new optimizer is created for every epoch, and the momentum is lost"""

    def order(self) -> Tensor:
        self.engine = Updater(self.model, self.engine.rule, self.engine.updates)
        return super().order()


@caught_by(
    STEPWISE,
    EXACT,
    origin="Goyal et al., Accurate, Large Minibatch SGD (2017), section 2.1: the rate and the batch size",
)
class DividesTheRateByTheBatch(Loop):
    """the learning rate is divided by the batch size, but the loss is already a mean"""

    def move(self) -> None:
        self.model.flat_grad.div_(self.batch_size)
        super().move()


@caught_by(STEPWISE, TORCH, origin="site: loss.item(), read after optimizer.step()")
class RecordsTheLossAfterTheStep(Loop):
    """the loss of a step is evaluated after the step"""

    def step(self, xb: Tensor, yb: Tensor) -> Tensor:
        super().step(xb, yb)
        return self.loss.value(self.model(xb), yb).detach()


@caught_by(ONCE, STEPWISE, origin="site: the whole function; it is not implemented, and raises")
class IsNotWrittenYet(Loop):
    """it raises an exception"""

    def run(self) -> History:
        raise NotImplementedError("to be done")


def as_our_own(fit: Any) -> Any:
    """Compared bit for bit, as only the core's own loop is."""
    return TrainingSubject(fit, fit.__name__, to_the_bit=True)


@caught_by(TORCH, STEPWISE, origin="site: the loss of a step, one unit in its last place", subject=as_our_own)
class LosesTheLastBitOfALoss(Loop):
    """the loss of a step has a wrong last bit"""

    def step(self, xb: Tensor, yb: Tensor) -> Tensor:
        value = super().step(xb, yb)
        return torch.nextafter(value, torch.zeros_like(value))


@caught_by(TORCH, origin="site: one weight at the end, one unit in its last place", subject=as_our_own)
class LosesTheLastBitOfAWeight(Loop):
    """one final weight has a wrong last bit"""

    def run(self) -> History:
        history = super().run()
        first = self.model.flat[0]
        self.model.flat[0] = torch.nextafter(first, first + 9)
        return history


@caught_by(TORCH, STEPWISE, origin="site: one weight at the end; compared within rounding, as for foreign loops")
class IsOffByOneInTenBillionInOneWeight(Loop):
    """one final weight has a relative error of 1e-10"""

    def run(self) -> History:
        history = super().run()
        self.model.flat[0] *= 1 + 1e-10
        return history
