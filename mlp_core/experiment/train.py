"""One training run on images, as requested on the command line: options, network, fit, accuracies."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from mlp_core import activations, losses, rules
from mlp_core.base.errors import ArgumentError, unknown
from mlp_core.experiment.data import Known
from mlp_core.experiment.sealed import Split, check_alike
from mlp_core.model import MLP
from mlp_core.rules import UpdateRule
from mlp_core.training import Gradients, History, Updates, fit

DTYPES = {"float32": torch.float32, "float64": torch.float64}


@dataclass(frozen=True)
class Options:
    """The options of a training run. The constructor raises ArgumentError for an invalid value.

    hidden: the widths between input and output. seed: of the initial weights and of the order of every epoch, each
    drawn by a separate generator.

    >>> Options(lr=-1.0)
    Traceback (most recent call last):
    mlp_core.base.errors.ArgumentError: lr: got -1.0, expected a finite number >= 0
    """

    gradients: Gradients = "manual"
    updates: Updates = "manual"
    epochs: int = 30
    batch_size: int = 256
    lr: float = 0.01
    momentum: float = 0.0
    weight_decay: float = 0.0
    hidden: tuple[int, ...] = (512, 128, 32)
    activation: str = "relu"
    loss: str = "cross_entropy"
    dtype: str = "float32"
    seed: int = 0

    def __post_init__(self) -> None:
        check_common(self)
        self.rule()

    def rule(self) -> UpdateRule:
        """The update rule: sgd with these hyperparameters."""
        return rules.get("sgd")(lr=self.lr, momentum=self.momentum, weight_decay=self.weight_decay)  # type: ignore[call-arg]

    def model(self, data: Known) -> MLP:
        """The network for these images, with weights drawn from the seed."""
        return network(data, self.hidden, self.activation, self.dtype, self.seed)


@dataclass(frozen=True, eq=False)
class Run:
    """A finished run. validation_accuracy: after every epoch; training_accuracy: at the end; both 0..1. digests: of all
    weights after every epoch; equal digests mean equal weights.
    """

    gradients: Gradients
    updates: Updates
    model: MLP
    history: History
    validation_accuracy: list[float]
    training_accuracy: float
    digests: list[str]


def train(
    options: Options, data: Known, *, gradients: Gradients | None = None, updates: Updates | None = None,
    on_epoch: Callable[[int, float, float], object] | None = None,
) -> Run:  # fmt: skip
    """Train a fresh network on the training split, in an order drawn from the seed; the test split is not used.

    gradients, updates: instead of those in `options`. on_epoch(epoch, epoch_loss, validation_accuracy) is called after
    every epoch. Two calls with one `options` start from the same weights and use the same batches.
    """
    gradients, updates = gradients or options.gradients, updates or options.updates
    check_alike(data.training.normalisation, data.validation.normalisation, "validation")
    model, accuracies, digests = options.model(data), [], []

    def after_epoch(epoch: int, epoch_loss: float) -> None:
        accuracies.append(accuracy(model, data.validation))
        digests.append(digest(model.flat))
        if on_epoch is not None:
            on_epoch(epoch, epoch_loss, accuracies[-1])

    history = fit(
        model, data.training.x, targets(data.training, options.loss, len(data.classes)), loss=options.loss,
        rule=options.rule(), epochs=options.epochs, batch_size=options.batch_size, gradients=gradients,
        updates=updates, shuffle=True, generator=torch.Generator().manual_seed(options.seed), on_epoch=after_epoch,
    )  # fmt: skip
    return Run(gradients, updates, model, history, accuracies, accuracy(model, data.training), digests)


def network(data: Known, hidden: tuple[int, ...], activation: str, dtype: str, seed: int) -> MLP:
    """A network from the pixels of these images to their classes, with weights drawn from the seed."""
    sizes = [data.training.x.shape[1], *hidden, len(data.classes)]
    return MLP(sizes, activation=activation, dtype=DTYPES[dtype], generator=torch.Generator().manual_seed(seed))


def check_common(chosen: Any) -> None:
    """Raises ArgumentError for values that are invalid in both a run (Options) and a search (Plan)."""
    check_choices(chosen, gradients=("manual", "autograd"), updates=("manual", "torch"), dtype=tuple(DTYPES))
    for name, low, high in (("epochs", 1, None), ("batch_size", 1, None), ("seed", 0, 2**63 - 1)):
        check_whole(name, getattr(chosen, name), low, high)
    if any(isinstance(n, bool) or not isinstance(n, int) or n < 1 for n in chosen.hidden):
        raise ArgumentError("hidden", chosen.hidden, "positive integers")
    activations.get(chosen.activation)
    losses.get(chosen.loss)


def check_choices(chosen: Any, **known: tuple[str, ...]) -> None:
    """Raises ArgumentError if a field is not one of its allowed words."""
    for name, words in known.items():
        if getattr(chosen, name) not in words:
            raise unknown(name, getattr(chosen, name), words)


def check_whole(name: str, value: object, low: int, high: int | None = None) -> None:
    """Raises ArgumentError unless `value` is an integer of low..high."""
    if isinstance(value, bool) or not isinstance(value, int) or value < low or (high is not None and value > high):
        raise ArgumentError(name, value, f"an integer >= {low}" + ("" if high is None else f" and <= {high}"))


def other_pair(gradients: Gradients, updates: Updates) -> tuple[Gradients, Updates]:
    """The kinds of gradients and updates that a run is compared with: autograd and torch; both by hand if the run
    itself uses autograd and torch.

    >>> other_pair("manual", "manual"), other_pair("autograd", "torch")
    (('autograd', 'torch'), ('manual', 'manual'))
    """
    return ("manual", "manual") if (gradients, updates) == ("autograd", "torch") else ("autograd", "torch")


def targets(split: Split, loss: str, classes: int) -> Tensor:
    """y in the form that the loss takes: class labels (N,), or one-hot (N, classes) in the dtype of x."""
    return split.y if losses.get(loss).classes else F.one_hot(split.y, classes).to(split.x.dtype)


def accuracy(model: MLP, split: Split) -> float:
    """The fraction of images whose largest output is that of their class."""
    with torch.no_grad():
        return right(model(split.x), split.y)


def right(output: Tensor, y: Tensor) -> float:
    """The fraction of rows whose largest output is that of their class."""
    return (output.argmax(dim=1) == y).double().mean().item()


def digest(flat: Tensor) -> str:
    """A fingerprint of a tensor's values: all NaN are equal, and -0 equals 0."""
    values = torch.where(flat.isnan(), torch.nan, flat.detach() + 0.0)  # -0 + 0 is 0
    return hashlib.blake2b(values.cpu().contiguous().numpy().data, digest_size=16).hexdigest()
