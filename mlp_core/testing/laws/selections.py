"""The laws of a selection: only validation figures choose, and nothing is left to chance."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

from hypothesis import strategies as st

from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.guards import foreign
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.examples.trials import SPOILED, Spoiled, Trials, spoiled, tables

book = LawBook(judges=True)


def several(drawn: Trials) -> bool:
    """Whether there is more than one trial to choose from."""
    return len(drawn.rows) > 1


def chosen(subject: Any, trials: list[SimpleNamespace]) -> Any:
    """The trial that the subject chooses; its number, if it has one."""
    with foreign():
        taken = subject.select(trials)
    if not hasattr(taken, "number"):
        raise Broken("the returned trial", repr(taken), "one of the trials", closing=ONE)
    return taken


ONE = """\
before = copy.deepcopy(trials)
taken = select(trials)
assert any(taken is trial for trial in trials), taken
assert trials == before, "changed the trials or their order\""""


@book.law(lambda subject: tables())
def returns_one_of_the_trials(subject: Any, drawn: Trials) -> Evidence:
    """The function returns one of the trials that it was given. The trials and their order do not change.

    The chosen trial is trained again, saved and reported. If the function returns a number or a copy, or sorts the
    caller's list, that may be another trial.
    """
    trials = drawn.fresh()
    handed = list(trials)
    taken = chosen(subject, trials)
    if not any(taken is trial for trial in handed):
        raise Broken("the returned trial", repr(taken), "one of the trials", closing=ONE)
    if trials != drawn.fresh():
        raise Broken("the trials after the call", "changed", "unchanged, in the same order", closing=ONE)
    return Evidence(entries=1)


HIGHEST = """\
taken, best = select(trials).validation_accuracy, max(trial.validation_accuracy for trial in trials)
assert taken == best, (taken, best)"""


@book.law(lambda subject: tables())
def takes_the_highest_validation_accuracy(subject: Any, drawn: Trials) -> Evidence:
    """No trial has a higher validation accuracy than the chosen one, by however little.

    Only this figure may decide. Accuracies often tie, or differ by one image. A comparison that rounds chooses another
    network.
    """
    got = chosen(subject, drawn.fresh()).validation_accuracy
    best = max(row["validation_accuracy"] for row in drawn.rows)
    if got != best:
        raise Broken("validation accuracy of the chosen trial", got, best, closing=HIGHEST)
    return Evidence(entries=len(drawn.rows), counted=several(drawn))


TIES = """\
order = lambda trial: (-trial.validation_accuracy, trial.validation_loss, trial.number)
taken, first = select(trials), min(trials, key=order)
assert taken.number == first.number, (taken, first)"""


@book.law(lambda subject: tables(), cases=lambda subject: ("decided by loss", "decided by number"))
def breaks_ties_by_loss_then_by_number(subject: Any, drawn: Trials) -> Evidence:
    """Among trials with the highest validation accuracy, the one with the lowest validation loss is chosen; among equal
    losses, the one with the lowest number.

    With two thousand images ties are common. If the order of a list decides them, the same search has another result on
    another machine.
    """
    best = max(row["validation_accuracy"] for row in drawn.rows)
    tied = [row for row in drawn.rows if row["validation_accuracy"] == best]
    lowest = min(row["validation_loss"] for row in tied)
    still = [row for row in tied if row["validation_loss"] == lowest]
    got, first = chosen(subject, drawn.fresh()).number, min(row["number"] for row in still)
    if got != first:
        raise Broken("number of the chosen trial", got, first, closing=TIES)
    seen = {"decided by loss"} if 1 == len(still) < len(tied) else {"decided by number"} if len(still) > 1 else set()
    return Evidence(entries=len(tied), counted=len(tied) > 1, seen=frozenset(seen))


BLIND = """\
others = copy.deepcopy(trials)
for k, trial in enumerate(others):
    for split in ("training", "test"):
        setattr(trial, split + "_accuracy", 1 - k / len(others) if TURNED else k / len(others))
        setattr(trial, split + "_loss", k / 10 if TURNED else 1 - k / 10)
taken, again = select(trials).number, select(others).number
assert taken == again, (taken, again)"""


@book.law(
    lambda subject: tables(),
    beside="it says that the test set decided; the other laws only say that another trial should have been chosen",
)
def selects_by_validation_alone(subject: Any, drawn: Trials) -> Evidence:
    """Other figures for the training and test splits do not change the choice.

    A test accuracy that takes part in the choice is no longer a test accuracy.
    """
    taken = chosen(subject, drawn.fresh()).number
    for turned in (False, True):
        others = drawn.fresh()
        for k, trial in enumerate(others):
            for split in ("training", "test"):
                share = k / len(others)
                setattr(trial, f"{split}_accuracy", 1 - share if turned else share)
                setattr(trial, f"{split}_loss", k / 10 if turned else 1 - k / 10)
        again = chosen(subject, others).number
        if again != taken:
            where = "number of the chosen trial, with other training and test figures"
            raise Broken(where, again, taken, closing=BLIND.replace("TURNED", str(turned)))
    return Evidence(entries=2, counted=several(drawn))


ORDER = """\
taken, again = select(trials).number, select([trials[k] for k in ORDER]).number
assert taken == again, (taken, again)"""


@book.law(lambda subject: tables(), beside="it needs no reference, and says that the position of a trial matters")
def ignores_the_order_of_the_trials(subject: Any, drawn: Trials) -> Evidence:
    """Another order of the trials does not change the choice.

    Workers finish in any order. The result of a search must not depend on which one was faster.
    """
    taken, places = chosen(subject, drawn.fresh()).number, list(range(len(drawn.rows)))
    mixed = random.Random(len(places)).sample(places, len(places))  # noqa: S311  an order, no secret
    for order in (places[::-1], mixed):
        again = chosen(subject, [drawn.fresh()[k] for k in order]).number
        if again != taken:
            closing = ORDER.replace("ORDER", str(order))
            raise Broken("number of the chosen trial, in another order", again, taken, closing=closing)
    return Evidence(entries=2, counted=several(drawn))


REFUSED = """\
try:
    taken = select(trials)
except Exception as error:
    assert isinstance(error, ValueError) and WORD in str(error), error
else:
    raise AssertionError(taken)"""


@book.law(
    lambda subject: st.tuples(tables(), st.integers(0, 4), st.integers(0, 7)).map(spoiled),
    cases=lambda subject: SPOILED,
)
def refuses_what_cannot_be_compared(subject: Any, drawn: Spoiled) -> Evidence:
    """An empty list, or a trial whose validation accuracy or loss is NaN or missing, raises a ValueError that names the
    argument or the figure.

    NaN is neither above nor below any number. With NaN in the list, max() returns whatever came first, so that a
    diverged trial can win.
    """
    closing = REFUSED.replace("WORD", repr(drawn.word))
    try:
        taken = subject.select(drawn.table.fresh())
    except ValueError as error:
        if drawn.word not in str(error):
            raise Broken(f"trials with {drawn.how}", error, f"words about {drawn.word}", closing=closing) from error
        return Evidence(entries=1, seen=frozenset({drawn.how}))
    except Exception as error:
        got = f"{type(error).__name__}: {error}"
        raise Broken(f"trials with {drawn.how}", got, f"a ValueError about {drawn.word}", closing=closing) from error
    raise Broken(f"trials with {drawn.how}", repr(taken), f"a ValueError about {drawn.word}", closing=closing)
