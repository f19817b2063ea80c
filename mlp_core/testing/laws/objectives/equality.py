"""Gradient and hessian of an objective are the derivatives of its loss by the raw score."""

from __future__ import annotations

from math import isfinite
from typing import Any

from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.examples.rows import Rows
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.laws.objectives import hessians
from mlp_core.testing.laws.objectives.shared import held
from mlp_core.testing.oracles.entries import U
from mlp_core.testing.oracles.objectives import gradient_of_the_loss, own_noise

book = LawBook(judges=True)

GRADIENT = """\
row, *rest = {index}
def at(h):
    own = scores[row : row + 1].copy()
    own[(0, *rest)] += h
    return value(labels[row : row + 1], own)
h = 2.0**-17
quotient = (at(h) - at(-h)) / (2 * h)  # of the loss of that row alone
got = both(labels, scores)[0][{index}]
assert abs(got - {expected}) <= {bound}, (got, quotient)"""

HESSIAN = """\
row, *rest = {index}
def at(h):
    own = scores[row : row + 1].copy()
    own[(0, *rest[-1:])] += h
    return both(labels[row : row + 1], own)[0][(0, *rest[:1])]
h = 2.0**-17
quotient = (at(h) - at(-h)) / (2 * h)  # of its own gradient
got = both(labels, scores)[1][{index}]
assert abs(got - quotient) <= {bound} + 2.0**-30 * abs(quotient), (got, quotient)"""

OF_ALL = """\
def at(h):
    own = scores.copy()
    own[{index}] += h
    return value(labels, own)
h = 2.0**-17
quotient = (at(h) - at(-h)) / (2 * h)  # of the loss of all rows
got = both(labels, scores)[0][{index}]
assert abs(got - {expected}) <= {bound}, (got, quotient)"""

HESSIAN_OF_ALL = """\
def at(h):
    own = scores.copy()
    own[{index}] += h
    return both(labels, own)[0][{index}]
h = 2.0**-17
quotient = (at(h) - at(-h)) / (2 * h)  # of its own gradient
got = both(labels, scores)[1][{index}]
assert abs(got - quotient) <= {bound} + 2.0**-30 * abs(quotient), (got, quotient)"""

NO_SUM = (
    "the loss of several rows is neither the sum nor the mean of their losses (a root mean square is an example): give "
    "the loss whose derivative the objective computes"
)

LOOKED = 8
"""examples, of which one at least must have a loss with a slope"""

FLAT = "the loss has no slope anywhere (an error rate has none): give the loss whose derivative the objective computes"


@book.law(lambda subject: subject.rows)
def the_gradient_is_the_derivative_by_the_raw_score(subject: Any, at: Rows) -> Evidence:
    """The gradient of every row is the derivative of that row's loss by its raw score, before any sigmoid, softmax or
    exponential. Difference quotients of the loss confirm it, within their truncation and rounding.

    A boosting library adds trees to raw scores. A derivative by the probability, or one with the wrong sign, trains
    something else or nothing, without an error.
    """
    got, _ = subject.both(at)
    if not (subject.meets or adds_up(subject)):
        return Evidence(counted=False, note=NO_SUM)
    own = own_noise(subject, at, 0)
    found = gradient_of_the_loss(subject, at, got, own)
    try:
        return held("gradient", got, found, own, OF_ALL if subject.meets else GRADIENT)
    except Broken:
        if is_flat(subject):
            return Evidence(counted=False, note=FLAT)
        raise


def is_flat(subject: Any) -> bool:
    """Whether the loss has no slope in any of several examples."""
    if "flat" not in subject.memo:
        found = [gradient_of_the_loss(subject, at) for at in sample(subject.rows, LOOKED)]
        subject.memo["flat"] = not any((d.telling & ~d.kink & (d.value.abs() > d.bound)).any() for d in found)
    return bool(subject.memo["flat"])


def adds_up(subject: Any) -> bool:
    """Whether the loss of several rows is the sum or the mean of their losses. If so, the loss of a single row is
    differentiated."""
    if "adds up" not in subject.memo:
        several = [at for at in sample(subject.rows, LOOKED) if len(at.labels) > 1]
        subject.memo["adds up"] = all(_adds_up(subject, at) for at in several)
    return bool(subject.memo["adds up"])


def _adds_up(subject: Any, at: Rows) -> bool:
    """Compare half of the digits; if a number is not finite, nothing is known."""
    n = len(at.labels)
    alone = [subject.value(one.labels, one.scores) for one in map(at.one, range(n))]
    whole, total = subject.value(at.labels, at.scores), sum(alone)
    near = U**0.5 * sum(map(abs, alone))
    return not isfinite(whole - total) or min(abs(whole - total), abs(whole - total / n) * n) <= near


@book.law(lambda subject: subject.rows)
def the_hessian_is_as_declared(subject: Any, at: Rows) -> Evidence:
    """hessian="exact": each entry is the derivative of the gradient by its own raw score. "bound": no entry is below
    that. "any": every entry is finite and above 0.

    The value of a leaf is the sum of its gradients divided by the sum of its hessians. A factor that one of them lacks
    changes the learning rate. If the sum of hessians is 0, nothing is learnt, and no library reports it.
    """
    _, got = subject.both(at)
    if not got.isfinite().all():
        place = tuple((~got.isfinite()).nonzero()[0].tolist())
        raise Broken(
            f"hessian, entry {place}", repr(got[place].item()), "a number",
            closing="assert np.isfinite(both(labels, scores)[1]).all()",
        )  # fmt: skip
    if subject.hessian == "any":
        return hessians.positive(got)
    own = own_noise(subject, at, 1)
    judged = {"exact": hessians.exact, "bound": hessians.bound, "told": hessians.told}[subject.hessian]
    return judged(subject, at, got, own, HESSIAN_OF_ALL if subject.meets else HESSIAN)
