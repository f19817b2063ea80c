"""Wrong selections of a trial."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlp_core.select import select
from mlp_core.testing import subjects
from mlp_core.testing.faults.catalogue import Catalogue

CATALOGUE = Catalogue()

ALONE, HIGHEST, TIES = (
    "selects by validation alone", "takes the highest validation accuracy", "breaks ties by loss then by number"
)  # fmt: skip

ORDER, ONE, REFUSES = "ignores the order of the trials", "returns one of the trials", "refuses what cannot be compared"


def caught_by(*laws: str, origin: str) -> Callable[[Any], Any]:
    return CATALOGUE.caught_by(*laws, right=select, origin=origin, subject=subjects.selection, examples=60)


def checked(trials: list[Any]) -> list[Any]:
    """The trials; invalid ones are refused as in `select`."""
    select(trials)
    return trials


def first_by(trials: list[Any], *names: str) -> Any:
    """The trial with the lowest values of these attributes; a minus before a name means the highest."""

    def key(trial: Any) -> list[float]:
        return [-getattr(trial, name[1:]) if name[0] == "-" else getattr(trial, name) for name in names]

    return min(checked(trials), key=key)


@caught_by(
    ALONE, HIGHEST, origin="Musgrave, Belongie and Lim, A Metric Learning Reality Check (2020): test set feedback"
)
def selects_on_the_test_accuracy(trials: list[Any]) -> Any:
    """the trial with the best test accuracy is chosen: use the validation accuracy"""
    return first_by(trials, "-test_accuracy", "validation_loss", "number")


@caught_by(ALONE, HIGHEST, origin="Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, section 7.2")
def selects_on_the_training_accuracy(trials: list[Any]) -> Any:
    """the trial with the best training accuracy is chosen: use the validation accuracy"""
    return first_by(trials, "-training_accuracy", "validation_loss", "number")


@caught_by(ALONE, origin="site: the second key: only ties depend on the test figures")
def breaks_ties_on_the_test_accuracy(trials: list[Any]) -> Any:
    """ties of the validation accuracy are broken by the test accuracy instead of the validation loss"""
    return first_by(trials, "-validation_accuracy", "-test_accuracy", "validation_loss", "number")


@caught_by(
    HIGHEST, origin="Keras, ModelCheckpoint(save_best_only=True): monitor is val_loss by default"
)
def selects_on_the_loss_alone(trials: list[Any]) -> Any:
    """the trial with the lowest validation loss is chosen, which may not have the highest accuracy"""
    return first_by(trials, "validation_loss", "number")


@caught_by(HIGHEST, origin="Keras, ModelCheckpoint(mode='min') on an accuracy; site: the sign of the first key")
def takes_the_lowest_accuracy(trials: list[Any]) -> Any:
    """the trial with the lowest accuracy is chosen, as if it were a loss"""
    return first_by(trials, "validation_accuracy", "validation_loss", "number")


@caught_by(HIGHEST, origin="site: the figures as printed in a table, to two digits")
def rounds_the_accuracy(trials: list[Any]) -> Any:
    """accuracies are rounded to two digits before they are compared, so that a worse trial can win"""
    return min(checked(trials), key=lambda t: (-round(t.validation_accuracy, 2), t.validation_loss, t.number))


@caught_by(TIES, origin="site: the sign of the second key")
def takes_the_highest_loss_of_ties(trials: list[Any]) -> Any:
    """among trials with the same accuracy, the one with the highest loss is chosen instead of the lowest"""
    return first_by(trials, "-validation_accuracy", "-validation_loss", "number")


@caught_by(TIES, origin="site: >= instead of > in the loop that keeps the best")
def takes_the_last_number_of_ties(trials: list[Any]) -> Any:
    """among trials with the same accuracy and loss, the last number is chosen instead of the first"""
    return first_by(trials, "-validation_accuracy", "validation_loss", "-number")


@caught_by(TIES, origin="site: the second key, left out")
def breaks_ties_by_number_alone(trials: list[Any]) -> Any:
    """among trials with the same accuracy, the first number is chosen without comparing losses"""
    return first_by(trials, "-validation_accuracy", "number")


@caught_by(ORDER, origin="numpy.argmax, documentation: the first occurrence; site: the third key, left out")
def takes_the_first_of_the_list(trials: list[Any]) -> Any:
    """among trials with the same accuracy and loss, the first in the list is chosen, whose order is arbitrary"""
    return first_by(trials, "-validation_accuracy", "validation_loss")


@caught_by(ORDER, origin="site: the comparison with the best so far, replaced by the last one")
def compares_with_the_one_before(trials: list[Any]) -> Any:
    """each trial is compared with the previous one in the list instead of the best so far"""
    taken, before = checked(trials)[0], trials[0]
    for trial in trials[1:]:
        taken = trial if trial.validation_accuracy > before.validation_accuracy else taken
        before = trial
    return taken


@caught_by(ONE, origin="numpy.argmax returns an index, not the element")
def returns_its_number(trials: list[Any]) -> Any:
    """the number of the trial is returned instead of the trial"""
    return select(trials).number


@caught_by(ONE, origin="Python, list.sort: in place; site: sorted(trials)")
def sorts_the_callers_list(trials: list[Any]) -> Any:
    """the caller's list is sorted in place"""
    checked(trials).sort(key=lambda t: (-t.validation_accuracy, t.validation_loss, t.number))
    return trials[0]


@caught_by(REFUSES, origin="Python, max() of floats with NaN: depends on their order")
def lets_nan_compete(trials: list[Any]) -> Any:
    """NaN is compared like a number, so that the result depends on its position in the list"""
    if not trials or any(t.validation_accuracy is None or t.validation_loss is None for t in trials):
        return select(trials)
    taken = trials[0]
    for trial in trials[1:]:
        taken = trial if trial.validation_accuracy > taken.validation_accuracy else taken
    return taken


@caught_by(REFUSES, origin="site: a missing figure, replaced by a default of 0 or infinity")
def passes_over_what_is_missing(trials: list[Any]) -> Any:
    """trials without figures are skipped without an error"""
    return select([t for t in trials if t.validation_accuracy is not None and t.validation_loss is not None])
