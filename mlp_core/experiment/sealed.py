"""The sealed test split: its images can be counted, and opened once, for a final selection."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import torch
from torch import Tensor

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.normalise import Normalisation


@dataclass(frozen=True, eq=False)
class Split:
    """Images and their classes: x (N, C H W) normalised, y (N,) int64, and how x was normalised."""

    x: Tensor
    y: Tensor
    normalisation: Normalisation

    def __len__(self) -> int:
        return len(self.y)

    def digest(self) -> str:
        """A fingerprint of the images and classes."""
        kept = hashlib.blake2b(repr((tuple(self.x.shape), self.x.dtype)).encode(), digest_size=16)
        for tensor in (self.x, self.y):
            kept.update(tensor.contiguous().numpy().data)
        return kept.hexdigest()


class Sealed:
    """A split that reveals the number of its images and their fingerprint, and its content only once.

    A test figure that was used for a selection no longer estimates the accuracy on unseen images (Hastie, Tibshirani
    and Friedman, *The Elements of Statistical Learning*, 2nd ed., section 7.2).

    >>> split = Split(torch.zeros(3, 2), torch.tensor([0, 1, 0]), Normalisation(torch.zeros(1), torch.ones(1)))
    >>> sealed = Sealed(split)
    >>> len(sealed), sealed.open("trial 4 is selected") is split
    (3, True)
    >>> sealed.open("trial 5 might be better")
    Traceback (most recent call last):
    mlp_core.base.errors.ArgumentError: test split: got opened before (trial 4 is selected), expected one opening: \
a second look would choose by it
    """

    def __init__(self, split: Split) -> None:
        self._split = split
        self._why: str | None = None

    def __len__(self) -> int:
        return len(self._split)

    def digest(self) -> str:
        """The fingerprint of the split, which reveals nothing about a network's accuracy on it."""
        return self._split.digest()

    def open(self, why: str) -> Split:
        """The split; `why`: the final selection, for the record. Raises ArgumentError if it was opened before."""
        if self._why is not None:
            value = Described(f"opened before ({self._why})")
            raise ArgumentError("test split", value, "one opening: a second look would choose by it")
        self._why = why
        return self._split


def check_alike(training: Normalisation, other: Normalisation, what: str) -> None:
    """Raises ArgumentError unless the split called `what` was normalised like the training split."""
    if not (torch.equal(training.mean, other.mean) and torch.equal(training.std, other.std)):
        expected = f"{_shown(training)}, as the training split was"
        raise ArgumentError(f"{what} split", Described(f"normalised by {_shown(other)}"), expected)


def _shown(normalisation: Normalisation) -> str:
    mean, std = ([round(value, 4) for value in part.tolist()] for part in (normalisation.mean, normalisation.std))
    return f"mean {mean}, std {std}"
