"""Wrong training functions: gradients, batches, clipping, returned values and side effects. All are one trainer in
which one piece is replaced."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from mlp_core.testing import subjects
from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.training.trainer import COURSE, Trainer, mistakes

PLAIN, MOMENTUM = "equals torch with plain gradient descent", "equals torch with momentum"
LAST, RETURNS = "the last batch counts", "returns the losses of its steps"
ALONE, EVALUATES = "leaves the data and settings alone", "evaluation does not train"
REPEATS = "repeats under one torch seed"

CATALOGUE = Catalogue()

caught_by = mistakes(CATALOGUE)


@caught_by(PLAIN, MOMENTUM, origin="Karpathy, most common neural net mistakes (2018): no .zero_grad()")
class NeverClears(Trainer):
    """the gradient is not zeroed between steps: each step moves by the sum of all earlier gradients"""

    def clear(self) -> None:
        pass


@caught_by(PLAIN, origin="site: zero_grad() in the loop over epochs")
class ClearsOnceAnEpoch(Trainer):
    """the gradient is zeroed only at the beginning of an epoch, and adds up over its steps"""

    def one_epoch(self) -> float:
        super().clear()
        return super().one_epoch()

    def clear(self) -> None:
        pass


@caught_by(PLAIN, LAST, origin="torch.utils.data.DataLoader(drop_last=True)")
class LeavesOutTheLastBatch(Trainer):
    """the last batch of an epoch is left out"""

    def batches(self) -> list[Any]:
        return super().batches()[:-1]


@caught_by(PLAIN, origin="site: loss * len(batch) / batch_size")
class CountsTheShortBatchLess(Trainer):
    """the loss of the short last batch is weighted by its size, as if the epoch were one batch"""

    def divisor(self, index: int, count: int) -> float:
        return self.loader.batch_size / len(self.loader.dataset) * count if index == count - 1 else 1.0


@caught_by(PLAIN, origin="site: range(1, n_epochs)")
class TrainsOneEpochTooFew(Trainer):
    """one epoch is missing"""

    def run(self) -> list[float]:
        self.n_epochs -= 1
        return super().run()


@caught_by(PLAIN, origin="site: p += lr * p.grad")
class Climbs(Trainer):
    """the step has the wrong sign: it increases the loss"""

    def move(self, p: Tensor, v: Tensor) -> None:
        p.add_(self.lr * v)


@caught_by(PLAIN, origin="site: the gradient of a mean, divided by the batch size once more")
class AveragesTwice(Trainer):
    """the gradient is divided by the number of samples, but the loss is already a mean"""

    def divisor(self, index: int, count: int) -> float:
        return float(len(self.batches()[index][0]))


@caught_by(PLAIN, origin="site: only weight.grad, `if 'bias' not in name`")
class LeavesBiasesUntrained(Trainer):
    """biases are not trained"""

    def move(self, p: Tensor, v: Tensor) -> None:
        if p.ndim > 1:
            super().move(p, v)


@caught_by(RETURNS, origin=f"{COURSE}: the model is called again after the update")
class TellsTheLossAfterTheStep(Trainer):
    """the returned losses are those after the step instead of before it"""

    def told(self, loss: Tensor, xb: Tensor, yb: Tensor) -> float:
        with torch.no_grad():
            return self.loss_fn(self.model(xb), yb).item()


@caught_by(RETURNS, origin="site: running_loss = 0.0 above the loop over epochs")
class NeverSetsItsSumBack(Trainer):
    """the sum of losses is not reset between epochs"""

    def run(self) -> list[float]:
        each = super().run()
        return [sum(each[: k + 1]) for k in range(len(each))]


@caught_by(
    RETURNS,
    origin="running_loss / len(train_loader), with a short last batch",
    subject=partial(subjects.training, weighted=True),
)
class AveragesAverages(Trainer):
    """the loss of an epoch is the mean of the batch means: a short batch counts as much as a full one"""

    def one_epoch(self) -> float:
        self.each: list[float] = []
        super().one_epoch()
        return sum(self.each) / len(self.each)

    def told(self, loss: Tensor, xb: Tensor, yb: Tensor) -> float:
        self.each.append(loss.item())
        return loss.item()


@caught_by(PLAIN, parts=True, origin="torch AMP: clip_grad_norm_ before scaler.unscale_")
class ClipsWhileScaled(Trainer):
    """gradients are clipped before they are unscaled: the limit is 1024 times too small"""

    def clip(self) -> None:
        assert self.max_norm is not None
        nn.utils.clip_grad_norm_(self.params, self.max_norm / 1024)


@caught_by(PLAIN, parts=True, origin="site: clip_grad_norm_ in the loop over parameters")
class ClipsEachAlone(Trainer):
    """the gradient of each parameter is clipped by its own norm instead of the norm of all"""

    def clip(self) -> None:
        assert self.max_norm is not None
        for p in self.params:
            nn.utils.clip_grad_norm_([p], self.max_norm)


@caught_by(PLAIN, parts=True, origin="site: torch.nn.utils.clip_grad_value_ instead of clip_grad_norm_")
class ClipsEntries(Trainer):
    """every entry of a gradient is clipped instead of the norm"""

    def clip(self) -> None:
        assert self.max_norm is not None
        nn.utils.clip_grad_value_(self.params, self.max_norm)


@caught_by(PLAIN, parts=True, origin="Hugging Face, Fixing Gradient Accumulation (2024); site: loss / len(loader)")
class DividesByAllBatches(Trainer):
    """accumulated gradients are divided by the number of batches of the epoch instead of those of the step"""

    def divisor(self, index: int, count: int) -> float:
        return count

    def clip(self) -> None:
        pass


@caught_by(EVALUATES, origin="site: the loop over val_loader copied with its backward and step")
class TrainsOnItsValidationSet(Trainer):
    """it also trains on the evaluation data"""

    def evaluate(self) -> None:
        for xb, yb in self.val_loader:
            self.clear()
            self.backward(xb, yb, 0, 1)
            self.step()


@caught_by(ALONE, origin="site: images /= 255 in the loop, which changes the data set")
class ScalesItsDataInPlace(Trainer):
    """it changes the samples in place: a second training gets other data"""

    def run(self) -> list[float]:
        losses = super().run()
        self.loader.dataset.tensors[0].mul_(0.5)
        return losses


@caught_by(ALONE, origin="site: torch.set_grad_enabled(False) before an evaluation, never restored")
class TurnsGradientsOff(Trainer):
    """it leaves gradients disabled"""

    def run(self) -> list[float]:
        losses = super().run()
        torch.set_grad_enabled(False)
        return losses


@caught_by(ALONE, origin="site: p.requires_grad_(False) around the update, never restored")
class FreezesTheModel(Trainer):
    """it leaves the parameters with requires_grad=False, so that they cannot be trained again"""

    def run(self) -> list[float]:
        losses = super().run()
        for p in self.params:
            p.requires_grad_(False)
        return losses


@caught_by(REPEATS, origin="site: a velocity kept as a default argument, velocities=[]")
class GoesOnFromTheLastCall(Trainer):
    """it keeps something from earlier calls: a second identical training ends elsewhere"""

    calls = 0

    def run(self) -> list[float]:
        type(self).calls += 1
        self.lr = self.lr * (1 + type(self).calls)
        return super().run()
