"""Shared by these laws: the comparison of entries with autograd, and whether it or the gradient is right."""

from __future__ import annotations

from itertools import islice
from typing import Any

import torch
from torch import Tensor

from mlp_core.equality import same
from mlp_core.testing.bounds import references
from mlp_core.testing.bounds.envelopes import Envelope
from mlp_core.testing.bounds.functions import gradient_envelopes, widened
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Evidence
from mlp_core.testing.engine.guards import random_states
from mlp_core.testing.examples.inputs import Inputs
from mlp_core.testing.oracles.functions import Values
from mlp_core.testing.oracles.slopes import Slope
from mlp_core.testing.oracles.steps import largest, places
from mlp_core.testing.oracles.ties import conventional

AUTOGRAD = """\
own = [p.clone().requires_grad_() for p in params]
expected = torch.autograd.grad(loss(own, *data), own, allow_unused=True, materialize_grads=True)
which = {name!r}
k = int(which[len("params["):-1])
got, expected = gradient(params, *data)[k][{index}].item(), expected[k][{index}].item()
assert abs(got - expected) <= {bound}, (which, got, expected)"""

Marks = list[Tensor]
"""one truth value per entry"""

LOOKED = 64
"""entries per example that are examined more closely; all others are skipped and counted"""

DISPUTED = (
    "skipped because autograd and difference quotients disagree here: at {name}, entry {place}, autograd gives "
    "{theirs!r}, the quotient {value!r} (within {bound:.2g}), and your gradient {mine!r}"
)

KINK = (
    "skipped because the function has a kink there, and both slopes are allowed: at {name}, entry {place}, torch gives "
    "{theirs!r}, and your gradient {mine!r}"
)


def within(
    inputs: Inputs, got: list[Tensor], found: Envelope, excused: Marks | None = None, vouched: Marks | None = None
) -> Evidence:
    """Compare every entry with its finite tolerance, except for excused entries. Entries whose tolerance is too large
    to be useful are not counted, unless they are equal and that proves something, or confirmed by values of the
    function."""
    excused, vouched = excused or unmarked(got), vouched or unmarked(got)
    left = [~t.isfinite() | x for t, x in zip(found.tolerance, excused, strict=True)]
    spoken = [torch.where(n, e, g) for g, e, n in zip(got, found.expected, left, strict=True)]
    limits = [torch.where(n, 0.0, t) for t, n in zip(found.tolerance, left, strict=True)]
    evidence = compare(inputs.names(), spoken, found.expected, limits, closing=AUTOGRAD)
    evidence.disputed = int(sum(x.sum() for x in excused))
    three = zip(left_open(got, found), excused, vouched, strict=True)
    evidence.skipped = int(sum((o & ~x & ~v).sum() for o, x, v in three))
    evidence.entries -= evidence.disputed + evidence.skipped
    evidence.counted = evidence.entries > 0
    return evidence


def left_open(got: list[Tensor], found: Envelope) -> Marks:
    """The entries whose tolerance is too large to be useful, and whose equality proves nothing: two numbers that
    differ, two NaN, or two zeros of a gradient that is zero because a number on the way overflowed."""
    four = zip(got, found.expected, found.tolerance, found.silent, strict=True)
    return [
        s & (~same(g, e) | e.isnan() | (t > 0) & (found.overflown and largest(e) == 0)) for g, e, t, s in four
    ]  # fmt: skip


def unmarked(got: list[Tensor]) -> Marks:
    return [torch.zeros_like(g, dtype=torch.bool) for g in got]


def arbitrated(values: Values, got: list[Tensor], found: Envelope) -> Evidence:
    """Let values of the function decide about entries that differ from autograd's, the worst first, and then about
    entries that autograd's tolerance leaves open.

    An entry that the values confirm against autograd is disputed. Once autograd is refuted in this way, an entry is
    disputed too if the values confirm it but are not sharp enough to refute autograd. Raises Broken at the worst of the
    other entries. For an entry that was left open, the values may confirm both results, or dispute autograd's. They do
    not confirm one that only the rounding of your gradient explains: values are too coarse to separate both.
    """
    lost = [~((g - e).abs() <= t) for g, e, t in zip(got, found.expected, found.tolerance, strict=True)]
    if any(bool(x.any()) for x in lost) and values.own is not None:
        found = widened(found, got, values.own)
    excused, vouched, note = unmarked(got), unmarked(got), ""
    undecided = list[tuple[int, tuple[int, ...], bool]]()
    three = zip(got, found.expected, found.tolerance, strict=True)
    errors = [torch.where(same(g, e), 0.0, (g - e).abs() / t.nan_to_num(nan=torch.inf)) for g, e, t in three]
    open_ = [torch.where(o & (r <= 1), 2.0, 0.0) for o, r in zip(left_open(got, found), errors, strict=True)]
    near = _near(values, got) if any(bool(o.any()) for o in open_) else unmarked(got)
    for k, place in (*worst_first(errors), *worst_first(open_)):
        mine, theirs, one = got[k][place].item(), found.expected[k][place].item(), values.closer(k, place)
        bound, u = torch.tensor(one.bound, dtype=torch.float64), values.rounding.u
        beside = max(largest(found.expected[k]), abs(one.value))
        clear = bool(references.telling(bound, beside, u) or references.telling(bound, values.scale(k), u))
        confirmed = clear and one.sides is None and one.confirms(mine)
        refuted = confirmed and _refutes(values, k, place, one, theirs)
        tied = errors[k][place] > 1 and not refuted and conventional(values, k, place, got[k], theirs)
        if refuted or tied or (one.allows(mine) and one.allows(theirs)):
            excused[k][place] = True
            note = note or (KINK if one.sides or tied else DISPUTED).format(
                name=values.inputs.names()[k], place=place, mine=mine, theirs=theirs, value=one.value, bound=one.bound
            )
        elif errors[k][place] <= 1:
            extra = values.surer(k, place, one, theirs)
            vouched[k][place] = (
                not lost[k][place] and confirmed and one.confirms(theirs, extra)
                and bool(references.telling(bound + extra, beside, u))
            ) or bool(near[k][place])
        else:
            undecided.append((k, place, confirmed))
    for k, place, confirmed in undecided:
        if confirmed and note:
            excused[k][place] = True
        else:
            others = [torch.ones_like(x) for x in excused]
            others[k][place] = False
            within(values.inputs, got, found, others)  # raises
    evidence = within(values.inputs, got, found, excused, vouched)
    evidence.note = note
    return evidence


def _near(values: Values, got: list[Tensor]) -> Marks:
    """The entries that agree with autograd's within a sharp tolerance, if the parameters are left as they are."""
    found = next(islice(gradient_envelopes(values.subject.value, *values.inputs.fresh(), still=True), 2, None))
    four = zip(got, found.expected, found.tolerance, found.silent, strict=True)
    return [((g - e).abs() <= t) & ~s for g, e, t, s in four]


def worst_first(ratios: list[Tensor]) -> list[tuple[int, tuple[int, ...]]]:
    """The entries whose error exceeds the tolerance, the worst first, at most LOOKED of them. NaN counts as the
    worst."""
    over = [
        (ratio, k, place)
        for k, tensor in enumerate(ratios)
        for place, ratio in zip(places(tensor), tensor.nan_to_num(nan=float("inf")).flatten().tolist(), strict=True)
        if ratio > 1
    ]
    return [(k, place) for _, k, place in sorted(over, key=lambda one: -one[0])[:LOOKED]]


def _refutes(values: Values, k: int, place: tuple[int, ...], found: Slope, theirs: float) -> bool:
    """Whether a slope refutes a number, even with rounding measured at its own points, and shorter steps agree."""
    extra = values.surer(k, place, found, theirs)
    return not found.confirms(theirs, extra) and values.resolved(k, place, found, extra, theirs, values.autograd)


CALLS = 16
"""how often a gradient that draws random numbers is called again: all agree by chance in one of 2^16 cases"""


def is_random(subject: Any, inputs: Inputs, got: list[Tensor]) -> bool:
    """Whether another call of the gradient, or of the function, gives other numbers. A gradient that draws random
    numbers is called several times: if one draw decides its sign, a second call is often the same.
    """
    before = random_states()
    for _ in range(CALLS):
        again = subject.by_hand(inputs)
        if not all(same(a, g).all() for a, g in zip(again, got, strict=True)):
            return True
        if random_states() == before:
            break
    return not repeats(subject, inputs)[2]


def repeats(subject: Any, inputs: Inputs) -> tuple[float, float, bool]:
    """The value of the function, the value of a second call, and whether rounding explains the difference."""
    one, other = (Values(subject, inputs).here() for _ in range(2))
    return one, other, one == other or one != one or abs(one - other) <= references.last_bits(one)
