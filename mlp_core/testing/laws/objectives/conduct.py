"""An objective treats every row by itself, and does not change its arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from mlp_core.equality import same_bits
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.guards import foreign, in_words, modes_kept
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.examples.rows import Rows, in_column_order
from mlp_core.testing.oracles.objectives import own_noise
from mlp_core.testing.subjects.doors.objective import APART

book = LawBook()

NAMES = ["gradient", "hessian"]

BY_DESIGN = f'if rows are ranked, and depend on each other by design: subjects.objective(..., waives=["{APART}"])'

ALONE = """\
some = ROWS
whole, alone = both(labels, scores), both(labels[some], scores[some])
k = ("gradient", "hessian").index({name!r})
got, expected = alone[k][{index}], whole[k][some][{index}]
assert abs(got - expected) <= {bound}, (got, expected)"""

ORDER = """\
k = ("gradient", "hessian").index({name!r})
got, expected = (both(labels, s)[k][{index}] for s in (np.asfortranarray(scores), scores))
assert abs(got - expected) <= {bound}, (got, expected)"""

WEIGHED = """\
k = ("gradient", "hessian").index({name!r})
got, plain = both(labels, scores, weights)[k][{index}], both(labels, scores)[k][{index}]
expected = plain * weights[{index}[0]]
assert abs(got - expected) <= {bound}, (got, expected)"""

UNTOUCHED = """\
before = labels.copy(), scores.copy(), weights.copy()
first = both(labels, scores, weights)
assert all(map(np.array_equal, before, (labels, scores, weights))), "changed its arguments"
assert all(map(np.array_equal, first, both(labels, scores, weights))), "gives other numbers when called again\""""


def meets(subject: Any) -> str | None:
    """Why rows may depend on each other."""
    return "it takes groups of rows, which depend on each other by design" if subject.meets else None


def one_score(subject: Any) -> str | None:
    """Why the layout of the scores does not matter."""
    return None if subject.classes else "it has one score per row; to test three pass labels=3"


def no_weights(subject: Any) -> str | None:
    """Why weights are not tested."""
    if subject.meets:
        return "its rows depend on each other by design: a weight is of a group or of a pair"
    return None if subject.weighs else "it takes no weights; to take them give it a third parameter, weight"


@book.law(
    lambda subject: subject.rows, skip=meets, judges=True,
    beside="it says that rows depend on each other; the law of the gradient only says that a number is wrong",
)  # fmt: skip
def rows_do_not_affect_each_other(subject: Any, at: Rows) -> Evidence:
    """A subset of the rows, in another order, gets the same numbers as among all rows, within rounding.

    A boosting library adds up the numbers of the rows. A mean over the rows divides by a count that changes with the
    data. A maximum or a normalisation over all rows mixes one row with the others.
    """
    n = len(at.labels)
    some = list(range(n))[::-2]
    got, whole = subject.both(at.some(some)), subject.both(at)
    expected = [w[some] for w in whole]
    limits = [own_noise(subject, at, k)[some] for k in (0, 1)]
    try:
        evidence = compare(NAMES, list(got), expected, limits, closing=ALONE.replace("ROWS", repr(some)))
    except Broken as broken:
        broken.note = BY_DESIGN
        raise
    evidence.counted = n > 1
    return evidence


@book.law(lambda subject: subject.rows, skip=one_score)
def takes_scores_in_any_memory_order(subject: Any, at: Rows) -> Evidence:
    """Scores of several classes give the same numbers in row-major and in column-major memory order.

    XGBoost passes rows, LightGBM columns. Code that flattens in memory order mixes up the classes in one of them.
    """
    got, expected = subject.both(at, order=in_column_order), subject.both(at)
    limits: list[Tensor | float] = [own_noise(subject, at, k) for k in (0, 1)]
    return compare(NAMES, list(got), list(expected), limits, closing=ORDER)


@book.law(lambda subject: subject.rows, skip=no_weights, judges=True)
def multiplies_each_row_by_its_weight(subject: Any, at: Rows) -> Evidence:
    """Gradient and hessian of a row are its weight times those without weights.

    For a custom objective the library does not multiply by the weights. An objective that reads them must multiply both
    the gradient and the hessian, once.
    """
    plain, got = subject.both(at), subject.both(at, weighted=True)
    expected = [_times(x, at.weights) for x in plain]
    noises = [[own_noise(subject, at, k, weighted=weighted) for weighted in (False, True)] for k in (0, 1)]
    limits = [_times(unweighted, at.weights) + weighted for unweighted, weighted in noises]
    evidence = compare(NAMES, list(got), expected, limits, closing=WEIGHED)
    if subject.memo.get("needs weights"):
        evidence.note = "it raises if weights are None; LightGBM passes None if fit gets no weights"
    return evidence


def _times(x: Tensor, weights: Tensor) -> Tensor:
    """Each row times its weight."""
    return x * weights.view(-1, *[1] * (x.ndim - 1))


@book.law(lambda subject: subject.rows)
def repeats_itself_and_leaves_its_arguments_alone(subject: Any, at: Rows) -> Evidence:
    """A second call gives the same numbers. Labels, scores, weights and torch's global modes, such as the default
    dtype, are unchanged.

    LightGBM passes the very array in which it keeps its scores. A change there changes the model.
    """
    with modes_kept("both(labels, scores)"):
        subject.both(at)  # this finds out how it must be called
    labels, scores, weights = at.arrays()
    before = labels.copy(), scores.copy(), weights.copy()
    with modes_kept("both(labels, scores)") as changed, np.errstate(all="ignore"), foreign():
        found = subject.called(labels, scores, weights if subject.weighs else None)
    for name, value, old in zip(("labels", "scores", "weights"), (labels, scores, weights), before, strict=True):
        if not np.array_equal(value, old):
            raise Broken(name, "changed by the call", "untouched", closing=UNTOUCHED)
    first, again = subject.read(found, at), subject.both(at, weighted=subject.weighs)
    if not all(map(same_bits, first, again)):
        raise Broken(
            "called again", "other numbers", "the same", closing=UNTOUCHED,
            note="it is random, or it keeps something between calls",
        )  # fmt: skip
    return Evidence(entries=sum(x.numel() for x in first), note=in_words(changed))
