"""Selecting a trial: what is refused, and in what words."""

from __future__ import annotations

from math import inf, nan
from types import SimpleNamespace
from typing import Any

import pytest

from mlp_core.base.errors import ArgumentError
from mlp_core.select import select


def trial(number: Any = 0, accuracy: Any = 0.5, loss: Any = 1.0) -> Any:
    return SimpleNamespace(number=number, validation_accuracy=accuracy, validation_loss=loss)


@pytest.mark.parametrize(("trials", "message"), [
    ([], "trials: got none, expected at least one"),
    ([trial(3), trial(3)], "trials: got number 3 more than once, expected a number only once"),
    ([trial(0), trial(4, nan)], "validation_accuracy of trial 4: got nan, expected a number other than NaN"),
    ([trial(4, loss=nan)], "validation_loss of trial 4: got nan, expected a number other than NaN"),
    ([trial(4, None)], "validation_accuracy of trial 4: got nothing, expected a number other than NaN"),
    ([trial(4, "0.5")], "validation_accuracy of trial 4: got '0.5', expected a number other than NaN"),
    ([trial(4, 83.0)], "validation_accuracy of trial 4: got 83.0, expected a number from 0 to 1"),
    ([trial(None)], "number: got nothing, expected a number other than NaN"),
    ([SimpleNamespace(number=1, validation_accuracy=0.5)],
     "validation_loss of trial 1: got nothing, expected a number other than NaN"),
])  # fmt: skip
def test_trials_that_cannot_be_compared_are_refused(trials: list[Any], message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        select(trials)
    assert str(caught.value) == message


def test_an_infinite_loss_is_the_worst_of_ties_and_no_more() -> None:
    assert select([trial(0, 0.6, inf), trial(1, 0.6), trial(2)]).number == 1
    assert select([trial(0, 0.6, inf), trial(1)]).number == 0
