"""The test split, sealed: it can be counted, and opened once, for a selection that is final."""

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
        """A fingerprint of images and classes, as they are."""
        kept = hashlib.blake2b(repr((tuple(self.x.shape), self.x.dtype)).encode(), digest_size=16)
        for tensor in (self.x, self.y):
            kept.update(tensor.contiguous().numpy().data)
        return kept.hexdigest()


class Sealed:
    """A split that says how many images it has, and which by a fingerprint, and shows them once.

    A figure of the test split that has chosen anything says no longer how well the choice does on images it has not
    seen (Hastie, Tibshirani and Friedman, *The Elements of Statistical Learning*, 2nd ed., section 7.2).

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
        """The fingerprint of the split, which tells nothing of what a network makes of it."""
        return self._split.digest()

    def open(self, why: str) -> Split:
        """The split; `why`: what is final, for the record. Raises ArgumentError when it has been opened before."""
        if self._why is not None:
            value = Described(f"opened before ({self._why})")
            raise ArgumentError("test split", value, "one opening: a second look would choose by it")
        self._why = why
        return self._split


def check_alike(training: Normalisation, other: Normalisation, what: str) -> None:
    """Raises ArgumentError where a split, `what`, was not normalised as the training split was."""
    if not (torch.equal(training.mean, other.mean) and torch.equal(training.std, other.std)):
        expected = f"{_shown(training)}, as the training split was"
        raise ArgumentError(f"{what} split", Described(f"normalised by {_shown(other)}"), expected)


def _shown(normalisation: Normalisation) -> str:
    mean, std = ([round(value, 4) for value in part.tolist()] for part in (normalisation.mean, normalisation.std))
    return f"mean {mean}, std {std}"
