"""Compares two runs from the same weights in the same batch order: bit-identical, or where they first differ."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from mlp_core.equality import place_of, same
from mlp_core.experiment.train import Run


@dataclass(frozen=True)
class LossDifference:
    """The first step whose losses differ: epoch and step counted from 1, index from 0 over the whole run."""

    epoch: int
    step: int
    index: int
    got: float
    reference: float


@dataclass(frozen=True)
class Entry:
    """One entry of a tensor, in both runs."""

    index: tuple[int, ...]
    got: float
    reference: float


@dataclass(frozen=True)
class TensorDifference:
    """The difference of a parameter at the end: the number of different entries, the first and the worst of them."""

    name: str
    entries: int
    of: int
    first: Entry
    worst: Entry


@dataclass(frozen=True)
class Comparison:
    """The result of `compare`; None, and no tensors, mean no difference. weights_epoch: the first epoch, counted from
    1, after which the weights differ.
    """

    gradients: str
    updates: str
    steps: int
    loss: LossDifference | None
    weights_epoch: int | None
    tensors: tuple[TensorDifference, ...]

    @property
    def identical(self) -> bool:
        """Whether every step loss, and every weight after every epoch, is bit-identical."""
        return self.loss is None and self.weights_epoch is None and not self.tensors

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the fields, and `identical` first."""
        return {"identical": self.identical, **asdict(self)}

    def lines(self) -> list[str]:
        """Lines for the user."""
        against = f"gradients {self.gradients}, updates {self.updates}"
        if self.identical:
            return [f"identical to the bit with {against}: all {self.steps} step losses and all weights"]
        lines = [f"NOT identical with {against}"]
        if self.loss is None:
            lines.append(f"all {self.steps} step losses are identical")
        else:
            where = f"epoch {self.loss.epoch}, step {self.loss.step} (step_losses[{self.loss.index}])"
            lines.append(f"losses first part at {where}: {self.loss.got!r} against {self.loss.reference!r}")
        if self.weights_epoch is not None:
            lines.append(f"weights first part in epoch {self.weights_epoch}")
        for t in self.tensors:
            lines.append(f"{t.name}: {t.entries} of {t.of} entries differ at the end")
            for what, entry in (("first", t.first), ("worst", t.worst)):
                lines.append(f"  {what} {list(entry.index)}: {entry.got!r} against {entry.reference!r}")
        return lines


def compare(run: Run, reference: Run) -> Comparison:
    """Compare a run with a reference that trained from the same weights on the same batches."""
    got, expected = run.history.step_losses, reference.history.step_losses
    index = _first(~same(got, expected))
    loss = None
    if index is not None:
        epoch, step = divmod(index, len(got) // len(run.digests))
        loss = LossDifference(epoch + 1, step + 1, index, got[index].item(), expected[index].item())
    epochs = [epoch for epoch, (a, b) in enumerate(zip(run.digests, reference.digests, strict=True), 1) if a != b]
    pairs = zip(run.model.named_parameters(), reference.model.parameters(), strict=True)
    found = (tensor_difference(name, p.detach(), q.detach()) for (name, p), q in pairs)
    tensors = tuple(difference for difference in found if difference is not None)
    return Comparison(
        reference.gradients, reference.updates, len(got), loss, epochs[0] if epochs else None, tensors
    )  # fmt: skip


def tensor_difference(name: str, got: Tensor, reference: Tensor) -> TensorDifference | None:
    """The difference of two tensors of one shape, or None if they are equal; an entry that is NaN in only one is the
    worst.

    >>> tensor_difference("b1", torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 2.5, 5.0])).worst
    Entry(index=(2,), got=3.0, reference=5.0)
    """
    differs = ~same(got, reference)
    first = _first(differs.flatten())
    if first is None:
        return None
    distance = (got.double() - reference.double()).abs().nan_to_num(nan=torch.inf).masked_fill(~differs, -1.0)
    worst = int(distance.flatten().argmax())

    def entry(index: int) -> Entry:
        where = place_of(index, got.shape)
        return Entry(where, got[where].item(), reference[where].item())

    return TensorDifference(name, int(differs.sum()), got.numel(), entry(first), entry(worst))


def _first(differs: Tensor) -> int | None:
    where = differs.nonzero()
    return int(where[0]) if len(where) else None
