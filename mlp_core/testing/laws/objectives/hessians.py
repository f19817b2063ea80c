"""The kinds of hessians: the exact one, an upper bound, or any positive one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.bounds import references
from mlp_core.testing.bounds.forwards import largest
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.examples.rows import Rows
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.laws.objectives.shared import held
from mlp_core.testing.oracles.entries import Derivatives
from mlp_core.testing.oracles.objectives import own_derivative, own_noise

POSITIVE = "h = both(labels, scores)[1]\nassert np.isfinite(h).all() and (h > 0).all(), h"

BELOW = """\
row, *rest = {index}
got = both(labels, scores)[1][{index}]
assert got >= {expected} - {bound}, got"""

FLAT = "the hessian is 0 everywhere: LightGBM and XGBoost learn nothing from it, without a warning"

MEANT = "declare an approximation: hessian='bound' if it is nowhere below the exact one, 'any' if it is only above 0"


def positive(got: Tensor) -> Evidence:
    """Above 0 in every row."""
    if (got > 0).all():
        return Evidence(entries=got.numel())
    place = tuple((~(got > 0)).nonzero()[0].tolist())
    note = FLAT if not got.any() else "the value of a leaf is divided by the sum of them"
    raise Broken(f"hessian, entry {place}", repr(got[place].item()), "above 0", note=note, closing=POSITIVE)


def exact(subject: Any, at: Rows, got: Tensor, own: Tensor, closing: str) -> Evidence:
    """The derivative of the gradient."""
    try:
        return held("hessian", got, own_derivative(subject, at, got, own), own, closing)
    except Broken as broken:
        broken.note = broken.note or MEANT
        raise


def bound(subject: Any, at: Rows, got: Tensor, own: Tensor, closing: str) -> Evidence:
    """Nowhere below the derivative of the gradient; at a kink, not below the smaller one-sided slope."""
    u = subject.u(at)
    try:
        return _above(got, own_derivative(subject, at, quick=True), own, u)
    except Broken:
        return _above(got, own_derivative(subject, at), own, u)


def _above(got: Tensor, found: Derivatives, own: Tensor, u: float) -> Evidence:
    """As `bound`. A derivative of 0, as where the gradient of a Huber loss is constant, has no digits; it is known if
    its error is small beside the hessian. u: the unit roundoff of the subject's numbers.
    """
    known = found.value.isfinite() & found.bound.isfinite()
    telling = found.telling | known & references.telling(found.bound, largest(got), u)
    least = torch.where(found.kink, found.low, found.value).nan_to_num()
    limit = torch.where(found.kink, own, found.bound + own)
    spoken = torch.where((telling | found.kink) & (got < least), got, least)
    evidence = compare(["hessian, which must not be below:"], [spoken], [least], [limit], closing=BELOW)
    evidence.skipped = int((~telling).sum())
    evidence.entries -= evidence.skipped
    evidence.counted = evidence.entries > 0
    return evidence


Find = Callable[[], Derivatives]

Stand = tuple[str, Callable[[Tensor, Find, Tensor], bool]]
"""what kind a hessian is, in words, and whether it is so in other rows"""


def told(subject: Any, at: Rows, got: Tensor, own: Tensor, closing: str) -> Evidence:
    """If the user does not say which kind is meant: the exact hessian, or one that libraries use instead, which is then
    reported."""
    stand: Stand | None = subject.memo.get("stands for")
    if stand and stand[1](got, lambda: own_derivative(subject, at, quick=True), own):
        return Evidence(entries=got.numel(), note=stand[0])
    found = own_derivative(subject, at, got, own)
    try:
        return held("hessian", got, found, own, closing)
    except Broken as broken:
        if "stands for" not in subject.memo:
            stand = subject.memo["stands for"] = _stands_for(subject, at)
        if stand is None or not stand[1](got, lambda: found, own):
            broken.note = broken.note or MEANT
            raise
        return Evidence(entries=got.numel(), note=stand[0])


SHIFTS = (0.0217, 0.713, -1.309, 0.3131)
"""how far scores are moved to get more rows: with one row the kind may be a coincidence"""


def _stands_for(subject: Any, at: Rows) -> Stand | None:
    """The name of a hessian that is not exact but is used by libraries; None if there is none."""
    pattern = torch.linspace(1, 2, at.scores.numel(), dtype=torch.float64).view(at.scores.shape)  # not constant
    more = at.some(list(range(len(at.labels))) * len(SHIFTS))
    more = more.at(torch.cat([at.scores + shift * pattern for shift in SHIFTS]))
    got, own = subject.both(more)[1], own_noise(subject, more, 1)
    found = own_derivative(subject, more, got, own, quick=True)
    known = found.telling & ~found.kink
    near = found.bound.nan_to_num(posinf=0.0) + own
    if not (got > 0).all() or not known.any():
        return None
    if bool((got == got.flatten()[0]).all()):
        words = f"the hessian is {got.flatten()[0].item()} everywhere: trees then follow the gradient alone"
        return words, lambda g, f, o: bool((g == got.flatten()[0]).all())
    for words, factor in factors(subject.classes):
        stand = f"the hessian is {words} times the second derivative, as in some libraries", _times(factor)
        if stand[1](got, lambda: found, own):
            return stand
    apart = known & (found.value.abs() > near)
    ratio = got[apart] / found.value[apart]
    if not len(ratio) or bool((ratio - ratio[0]).abs().amax() <= 2.0**-10 * ratio[0].abs()):
        return None  # a constant factor that is not a known one: it is missing on one side
    if (found.value < -near)[known].any():
        words = "the hessian is above 0 although the second derivative is not: an approximation"
        return words, lambda g, f, o: bool((g > 0).all())
    if _free_of_labels(subject, more, got, found, known):
        words = "the hessian does not depend on the labels, the second derivative does: it is the expected hessian"
        return words, lambda g, f, o: bool((g > 0).all())
    if (got >= found.value - near)[known].all():
        words = "the hessian is nowhere below the second derivative: an upper bound"
        return words, _not_below
    return None


def _not_below(got: Tensor, find: Find, own: Tensor) -> bool:
    found = find()
    return bool((got >= found.value - found.bound - own)[found.telling & ~found.kink].all())


def _times(factor: float) -> Callable[[Tensor, Find, Tensor], bool]:
    def times(got: Tensor, find: Find, own: Tensor) -> bool:
        found = find()
        off = (got - factor * found.value).abs() <= factor * found.bound + own
        return bool(off[found.telling & ~found.kink].all())

    return times


def _free_of_labels(subject: Any, at: Rows, got: Tensor, found: Derivatives, known: Tensor) -> bool:
    """Whether other labels change the second derivative but not the hessian. Then it is the expected hessian (Fisher's,
    or Gauss-Newton's)."""
    other = Rows(at.labels.flip(0), at.scores, at.weights)
    if torch.equal(other.labels, at.labels):  # if rows are equal, use the labels of other rows
        label = sample(subject.rows, 24)[-1].labels[0]
        other = Rows(label.expand(at.labels.shape).clone(), at.scores, at.weights)
    if not torch.equal(subject.both(other)[1], got):
        return False
    theirs = own_derivative(subject, other, got, torch.zeros_like(got))
    apart = (theirs.value - found.value).abs() > theirs.bound + found.bound
    return bool(apart[known & theirs.telling].any())


def factors(classes: int) -> list[tuple[str, float]]:
    """Factors by which libraries multiply the second derivative."""
    several = [("2", 2.0)]
    if classes > 2:
        several.append((f"{classes}/{classes - 1}", classes / (classes - 1)))
    return several if classes else [("exp(0.7)", math.exp(0.7))]
