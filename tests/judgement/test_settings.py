"""Settings that decide what is warned of, and seeds, are no part of a gradient. Code that leaves them changed passes,
and a note says so. They are as before for whatever runs next."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from judging import assert_lawful, assert_not_accused
from optimizing import Momentum, as_sgd
from test_global_modes import MAKE, of_a_check, of_a_function, of_a_network

from mlp_core.testing import Report, laws, subjects, verify
from mlp_core.testing.engine.guards import random_states

Switch = Callable[[], object]

SETTINGS: dict[str, Switch] = {
    "numpy's error handling": lambda: np.seterr(all="raise"),
    "Python's warning filters": lambda: warnings.filterwarnings("error", "a text of the subject"),
}

SEEDS: dict[str, Switch] = {
    "torch": lambda: torch.manual_seed(7),
    "Python": lambda: random.seed(7),
    "numpy": lambda: np.random.seed(7),  # noqa: NPY002  (what is seeded here is asked)
}

HIDDEN = "numpy's error handling"
"""numpy is set by the battery wherever it runs code in numpy, and reset behind it"""


def notes(report: Report) -> str:
    return "; ".join(result.reason for result in report.results)


@pytest.mark.parametrize("make", MAKE)
@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_that_is_left_is_put_back_and_accuses_nobody(setting: str, make: Callable[[Switch], Any]) -> None:
    before = np.geterr(), list(warnings.filters)
    report = verify(make(SETTINGS[setting]), examples=4)
    assert_lawful(report)
    assert (np.geterr(), list(warnings.filters)) == before
    if make is not of_a_check and (setting != HIDDEN or make in (of_a_function, of_a_network)):
        assert f"it leaves {setting} changed" in notes(report), notes(report)


@pytest.mark.parametrize("whose", SEEDS)
def test_a_gradient_that_seeds_is_not_accused_and_the_next_numbers_are_those_of_before(whose: str) -> None:
    before = random_states()
    report = verify(of_a_function(SEEDS[whose]), examples=4)
    assert_lawful(report)
    assert random_states() == before
    assert f"it draws from {whose}'s global generator" in notes(report), notes(report)


class Seeding(Momentum):
    """Seeds a global generator in every step."""

    switch: Switch

    def begin(self) -> None:
        self.switch()


@pytest.mark.parametrize("whose", SEEDS)
def test_an_optimizer_that_seeds_a_generator_of_everybody_is_told_which(whose: str) -> None:
    made = type("Own", (Seeding,), {"switch": staticmethod(SEEDS[whose])})
    (law,) = (one for one in laws(subjects.optimizer(made, as_sgd, {"lr": 0.1})) if one.name.startswith("repeats"))
    with pytest.raises(AssertionError, match=f"the generator of {whose}"):
        law.check(examples=4)


@pytest.mark.parametrize("setting", SETTINGS)
def test_an_optimizer_that_leaves_a_setting_is_told_so(setting: str) -> None:
    made = type("Own", (Seeding,), {"switch": staticmethod(SETTINGS[setting])})
    report = verify(subjects.optimizer(made, as_sgd, {"lr": 0.1}), examples=4)
    assert_not_accused(report)
    assert f"it leaves {setting} changed" in notes(report), notes(report)
