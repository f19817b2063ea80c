"""Which trial of a search is taken: by its validation figures alone.

A figure of the test split that has chosen anything says no longer how well the choice does on images it has not seen
(Hastie, Tibshirani and Friedman, *The Elements of Statistical Learning*, 2nd ed., section 7.2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol, TypeVar

from mlp_core.base.errors import ArgumentError, Described


class Trial(Protocol):
    """What is looked at: the number of a trial, and its accuracy (0..1) and loss on the validation split."""

    @property
    def number(self) -> int: ...
    @property
    def validation_accuracy(self) -> float: ...
    @property
    def validation_loss(self) -> float: ...


T = TypeVar("T", bound=Trial)


def select(trials: Sequence[T]) -> T:
    """The trial with the highest validation accuracy; of those, with the lowest validation loss; of those, the first
    by number. In whatever order they come, and whatever else they carry.

    Raises ArgumentError where there is no trial, two have one number, or one has a figure missing, NaN, or an accuracy
    outside 0..1: a trial that diverged is left out by whoever ran it, not passed over in silence.

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
        raise ArgumentError("trials", Described(f"number {repeated!r} more than once"), "a number of its own each")
    for trial in trials:
        accuracy, _ = _figure(trial, "validation_accuracy"), _figure(trial, "validation_loss")
        if not 0 <= accuracy <= 1:
            raise ArgumentError(f"validation_accuracy of trial {trial.number}", accuracy, "a share of 0..1")
    return min(trials, key=lambda trial: (-trial.validation_accuracy, trial.validation_loss, trial.number))


def _figure(trial: Trial, name: str) -> float:
    value = getattr(trial, name, None)
    where = name if name == "number" else f"{name} of trial {trial.number}"
    if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
        raise ArgumentError(where, Described("nothing") if value is None else value, "a number other than NaN")
    return value
