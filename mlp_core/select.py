"""The choice of the best trial of a search, by its validation figures only.

If the test split takes part in a choice, its figures no longer show how well the choice works on unseen images. Source:
Hastie, Tibshirani and Friedman, *The Elements of Statistical Learning*, 2nd ed., section 7.2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol, TypeVar

from mlp_core.base.errors import ArgumentError, Described


class Trial(Protocol):
    """The figures of a trial that decide: its number, and its accuracy (0..1) and loss on the validation split."""

    @property
    def number(self) -> int: ...
    @property
    def validation_accuracy(self) -> float: ...
    @property
    def validation_loss(self) -> float: ...


T = TypeVar("T", bound=Trial)


def select(trials: Sequence[T]) -> T:
    """The trial with the highest validation accuracy; of those, with the lowest validation loss; of those, the first by
    number. Their order and other attributes do not matter. Raises ArgumentError if there is no trial, two have the same
    number, or a figure is missing, NaN, or an accuracy outside 0..1. The caller must remove diverged trials: they are
    not skipped silently.

    >>> from types import SimpleNamespace as Run
    >>> runs = [Run(number=k, validation_accuracy=a, validation_loss=0.5) for k, a in enumerate([0.7, 0.8, 0.8])]
    >>> select(runs).number
    1
    """
    if not trials:
        raise ArgumentError("trials", Described("none"), "at least one")
    numbers = [_figure(trial, "number") for trial in trials]
    repeated = next((number for number in numbers if numbers.count(number) > 1), None)
    if repeated is not None:
        raise ArgumentError("trials", Described(f"number {repeated!r} more than once"), "a number only once")
    for trial in trials:
        accuracy, _ = _figure(trial, "validation_accuracy"), _figure(trial, "validation_loss")
        if not 0 <= accuracy <= 1:
            raise ArgumentError(f"validation_accuracy of trial {trial.number}", accuracy, "a number from 0 to 1")
    return min(trials, key=lambda trial: (-trial.validation_accuracy, trial.validation_loss, trial.number))


def _figure(trial: Trial, name: str) -> float:
    value = getattr(trial, name, None)
    where = name if name == "number" else f"{name} of trial {trial.number}"
    if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
        raise ArgumentError(where, Described("nothing") if value is None else value, "a number other than NaN")
    return value
