"""One trial of a search: a network trained epoch by epoch; each epoch is saved to a file before the next begins."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mlp_core import losses
from mlp_core.experiment import checkpoints
from mlp_core.experiment.checkpoints import Refused
from mlp_core.experiment.data import Known
from mlp_core.experiment.draws import seed_of
from mlp_core.experiment.plan import Plan
from mlp_core.experiment.sealed import Split, check_alike
from mlp_core.experiment.train import digest, network, right, targets
from mlp_core.model import MLP
from mlp_core.training import Gradients, History, Updates, fit


@dataclass(frozen=True)
class Outcome:
    """The outcome of a trial, on the training and validation splits only.

    epoch_losses, validation_accuracies, validation_losses: one per trained epoch; accuracies are 0..1. kept_epoch: the
    epoch, counted from 1, whose weights are kept; digest, validation_accuracy and validation_loss belong to it. The
    trial ends early if the loss becomes NaN or infinite, because the weights cannot recover.
    """

    number: int
    hyperparameters: dict[str, float]
    validation_accuracy: float
    validation_loss: float
    epochs: int
    kept_epoch: int
    epoch_losses: list[float]
    validation_accuracies: list[float]
    validation_losses: list[float]
    digest: str

    @property
    def usable(self) -> bool:
        """Whether it can be selected."""
        return math.isfinite(self.validation_loss)


class Trial:
    """Trial `number` of a plan: `run` it, then `outcome` is its result and `kept` contains the weights.

    gradients, updates: instead of those in the plan. path: the file to which the trial is saved after every epoch, and
    from which it continues. If that file is incomplete or from another trial, it is refused, on_refused is called, and
    the trial starts again. alike: whether the splits must be normalised alike; False is for demonstrating the mistake.
    """

    def __init__(
        self, plan: Plan, known: Known, number: int, *, path: Path | None = None,
        gradients: Gradients | None = None, updates: Updates | None = None, alike: bool = True,
        on_refused: Callable[[str], object] = print,
    ) -> None:  # fmt: skip
        if alike:
            check_alike(known.training.normalisation, known.validation.normalisation, "validation")
        self.plan, self.known, self.number, self.path = plan, known, number, path
        self.gradients, self.updates = gradients or plan.gradients, updates or plan.updates
        self.drawn = plan.drawn(number)
        self._begin()
        if path is not None and path.exists():
            try:
                self._take_up(*checkpoints.read(path))
            except Refused as refused:
                on_refused(f"{refused}; trial {number} begins anew")
                self._begin()

    def _begin(self) -> None:
        seed = seed_of(self.plan.seed, self.number)
        self.model = network(self.known, self.plan.hidden, self.plan.activation, self.plan.dtype, seed)
        self.order = torch.Generator().manual_seed(seed)
        self.start: dict[str, Any] | None = None
        self.kept, self.kept_epoch = self.model.flat.clone(), 0
        self.step_losses: list[float] = []
        self.epoch_losses: list[float] = []
        self.accuracies: list[float] = []
        self.validation_losses: list[float] = []

    @property
    def done(self) -> bool:
        """Whether no epoch remains, or none that could help."""
        lost = bool(self.epoch_losses) and not (
            math.isfinite(self.epoch_losses[-1]) and math.isfinite(self.validation_losses[-1])
        )
        return lost or len(self.epoch_losses) == self.plan.epochs

    def run(self, on_epoch: Callable[[int], object] | None = None) -> None:
        """Train the remaining epochs; on_epoch(epochs done) is called after every epoch, after it is saved."""
        x, y = self._images()
        while not self.done:
            self._epoch(x, y)
            if self.path is not None:
                checkpoints.write(self.path, *self._record())
            if on_epoch is not None:
                on_epoch(len(self.epoch_losses))

    def outcome(self) -> Outcome:
        at = self.kept_epoch - 1
        return Outcome(
            self.number, self.drawn, self.accuracies[at], self.validation_losses[at], len(self.epoch_losses),
            self.kept_epoch, self.epoch_losses, self.accuracies, self.validation_losses, digest(self.kept),
        )  # fmt: skip

    def network(self) -> MLP:
        """The network with the kept weights."""
        with torch.no_grad():
            self.model.flat.copy_(self.kept)
        return self.model

    def _images(self) -> tuple[Tensor, Tensor]:
        """The training images, followed by their mirror images if the plan has them, and all their targets."""
        training = self.known.training
        x, y = training.x, targets(training, self.plan.loss, len(self.known.classes))
        if not self.plan.mirror:
            return x, y
        mirrored = x.view(-1, *self.known.image_shape).flip(-1).reshape(x.shape)
        return torch.cat([x, mirrored]), torch.cat([y, y])

    def _epoch(self, x: Tensor, y: Tensor) -> None:
        n = len(self.known.training)
        rows = torch.randperm(n, generator=self.order)
        if self.plan.mirror:
            rows = rows + n * torch.randint(2, (n,), generator=self.order)  # one of the two, per image
        steps = self.plan.epochs * math.ceil(n / self.plan.batch_size)
        history = fit(
            self.model, x[rows], y[rows], loss=self.plan.loss,
            rule=lambda step: self.plan.rule_at(self.drawn, step / steps), epochs=1, batch_size=self.plan.batch_size,
            gradients=self.gradients, updates=self.updates, generator=self.order, start=self.start,
        )  # fmt: skip
        self._judge(history)

    def _judge(self, history: History) -> None:
        self.start = history.checkpoint
        self.step_losses += history.step_losses.tolist()
        self.epoch_losses += history.epoch_losses.tolist()
        with torch.no_grad():
            output = self.model(self.known.validation.x)
        accuracy, loss = score(output, self.known.validation, self.plan.loss)
        self.accuracies.append(accuracy)
        self.validation_losses.append(loss)
        at = self.kept_epoch - 1
        better = math.isfinite(loss) and (accuracy, -loss) > (self.accuracies[at], -self.validation_losses[at])
        if self.plan.keep == "last" or self.kept_epoch == 0 or better:
            self.kept, self.kept_epoch = self.model.flat.detach().clone(), len(self.epoch_losses)

    def _record(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        assert self.start is not None
        state, rest = checkpoints.flattened(self.start["state"])
        tensors = {"flat": self.start["flat"], "kept": self.kept, "generator": self.start["generator"], **state}
        counts = {name: self.start[name] for name in ("epoch", "step", "sizes", "rule", "updates")}
        return tensors, {
            "identity": self._identity(), "counts": counts, "rest": rest, "kept_epoch": self.kept_epoch,
            "step_losses": self.step_losses, "epoch_losses": self.epoch_losses, "accuracies": self.accuracies,
            "validation_losses": self.validation_losses,
        }  # fmt: skip

    def _take_up(self, tensors: dict[str, Tensor], record: dict[str, Any]) -> None:
        assert self.path is not None
        if record["identity"] != self._identity():
            raise Refused(self.path, "it belongs to another trial or another search")
        state = checkpoints.nested(tensors, record["rest"])
        self.start = {
            **record["counts"], "flat": tensors["flat"], "generator": tensors["generator"], "state": state,
        }  # fmt: skip
        self.order.set_state(tensors["generator"])
        self.kept, self.kept_epoch = tensors["kept"], record["kept_epoch"]
        self.step_losses, self.epoch_losses = record["step_losses"], record["epoch_losses"]
        self.accuracies, self.validation_losses = record["accuracies"], record["validation_losses"]

    def _identity(self) -> dict[str, Any]:
        """The values by which a checkpoint is recognised as one of this trial."""
        plan = self.plan.to_dict() | {"gradients": self.gradients, "updates": self.updates}
        return {"plan": plan, "number": self.number, "images": list(self.known.digests)}


def score(output: Tensor, split: Split, loss: str) -> tuple[float, float]:
    """Accuracy (0..1) and loss of a network's outputs on a split."""
    return right(output, split.y), losses.get(loss).value(output, targets(split, loss, output.shape[1])).item()
