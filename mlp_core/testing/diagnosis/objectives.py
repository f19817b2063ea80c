"""Finds the known mistake of an objective: the relation that its numbers satisfy on all tried examples.

The correct gradient is computed from the loss by difference quotients, the correct hessian from the objective's own
gradient. A mistake is a relation between these and the returned values, for these scores or for others. It is named if
it holds in every entry of the counterexample and of several more examples, and no other relation of its group does.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.diagnosis.objective_mistakes import FACTOR, GROUPS
from mlp_core.testing.diagnosis.objective_relations import Relation, Seen
from mlp_core.testing.engine import guards
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.examples.rows import Rows
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.oracles.entries import U

WITNESSES = 8
"""the number of examples beside the counterexample"""

NAMED = 2
"""the largest number of mistakes that are named together"""

SAME = "; or, which gives the same numbers here: "

NEEDED = 4
"""the number of entries in which a relation must hold, without those in which both sides are 0"""


def diagnose(subject: Any, example: Any, broken: Broken) -> str | None:
    """The mistake in words. None if no known mistake fits, or if several do."""
    if "named" not in subject.memo:
        with guards.globals_kept():
            several = example, *broken.others, *sample(subject.rows, WITNESSES)
            subject.memo["named"] = _named([Seen(subject, at) for at in several if isinstance(at, Rows)])
    named: str | None = subject.memo["named"]
    return named


def _named(seen: list[Seen]) -> str | None:
    for right, relations, factor in GROUPS:
        if _holds(right, seen) or (factor == "hessian" and _admitted(seen)):
            continue  # nothing is wrong on this example
        found = [words for words, relation in relations.items() if _holds(relation, seen)]
        if found:
            return SAME.join(found) if len(found) <= NAMED else None
        common = factor and _factor(right, seen)
        if common:
            return FACTOR[factor].format(common)
    return None


def _admitted(seen: list[Seen]) -> bool:
    """Whether the hessian is of the declared kind, although it is not the derivative of the gradient."""
    subject = seen[0].subject
    if subject.hessian == "told":
        return subject.memo.get("stands for") is not None
    for one in seen:
        sides = _sides(lambda one: one.by_gradient(one.hessian, lambda d: d), one)
        if sides is None or subject.hessian == "exact":
            return False
        least = sides[1] - sides[2] if subject.hessian == "bound" else torch.full_like(sides[0], U)
        if not (sides[0] >= least).all():
            return False
    return True


def _holds(relation: Relation, seen: list[Seen]) -> bool:
    """Whether a relation holds in every informative entry."""
    entries = 0
    for one in seen:
        sides = _sides(relation, one)
        if sides is None:
            continue
        left, right, off = sides
        if not (left.isfinite() & right.isfinite()).all():
            return False
        if not ((left - right).abs() <= off + U ** (3 / 4) * torch.maximum(left.abs(), right.abs())).all():
            return False
        entries += int((left != 0).sum())
    return entries >= NEEDED


def _sides(relation: Relation, one: Seen) -> tuple[Tensor, Tensor, Tensor] | None:
    try:
        sides = relation(one)
    except Broken:  # it raises for these scores: the relation cannot be checked
        return None
    if sides is None:
        return None
    left, right, known, off = torch.broadcast_tensors(*sides)
    known = known.bool()
    return left[known], right[known], off[known]


def _factor(right: Relation, seen: list[Seen]) -> str:
    """The single factor by which all entries are wrong, as a number; empty if there is none."""
    ratios = []
    for one in seen:
        sides = _sides(right, one)
        if sides is not None:
            left, true, off = sides
            clear = true.abs() > off / U ** (1 / 4)
            ratios.append(left[clear] / true[clear])
    every = torch.cat([*ratios, torch.zeros(0, dtype=torch.float64)])
    if len(every) < NEEDED or not every.isfinite().all():
        return ""
    middle = every.median()
    if (every - middle).abs().amax() > U ** (1 / 4) * middle.abs() or middle == 0:
        return ""
    if (middle - 1).abs() <= U ** (1 / 4):  # there is no factor
        return ""
    return f"{middle.item():.4g}"
