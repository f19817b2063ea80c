"""A hand-written gradient is the derivative of the forward that belongs to it."""

from __future__ import annotations

from typing import Any

import torch
from hypothesis import strategies as st

from mlp_core.testing.bounds.forwards import cancelled, unit_of
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.examples.arguments import Arguments, written
from mlp_core.testing.examples.farther import farther
from mlp_core.testing.examples.foreign_arrays import tensor_of
from mlp_core.testing.laws.doors.by_design import by_design
from mlp_core.testing.laws.doors.shared import (
    EXTRAPOLATED,
    NO_NUMBER,
    NOT_FINITE,
    RANDOM,
    SEEDED,
    repeats,
    said,
    scattered,
)  # fmt: skip
from mlp_core.testing.laws.functions.quotients import held_to_quotients
from mlp_core.testing.oracles.doors import looked_at, values_of
from mlp_core.testing.subjects.doors.pulled import Pulled, finite, pulled, wide

book = LawBook(judges=True)

QUOTIENT = (
    """\
outs, pull = run(copy.deepcopy(args))
ABOVE
got = float(pull(copy.deepcopy(above))PLACE[{index}])
def value(h):
    moved = copy.deepcopy(args)
    moved[INDEX]INNER[{index}] += h
    return sum((c * o).sum().item() for c, o in zip(above, run(moved)[0]))
"""
    + EXTRAPOLATED
)
"""the law fills in ABOVE, PLACE, INDEX and INNER; the comparison with a quotient fills in STEP"""

FIRST = "its first forward takes numbers from its data; they are constants for the gradient, and in later forwards"

def reaching(subject: Any) -> st.SearchStrategy[Arguments]:
    """Examples of which some reach farther from 0. Not if the output is a single number, which is a loss: far from 0 it
    is often clipped, as in log(max(p, 1e-12)), and its gradient is not meant to be 0 there.
    """
    return farther(subject.inputs, subject.values, least=2)


@book.law(
    reaching,
    beside="it checks every entry alone; the law of equal entries checks only sums of several entries",
)
def is_the_derivative_of_its_own_forward(subject: Any, example: Arguments) -> Evidence:
    """For random upstream gradients on every output, each gradient is the derivative of the sum of outputs times
    upstream gradients. Difference quotients of the forward confirm it, within their truncation and rounding.

    A test with ones as upstream gradients, or with the first output only, misses most wrong backward passes.
    """
    example = wide(example)
    got = pulled(subject, example)
    if not finite(got.outs):
        return Evidence(counted=False, note=NOT_FINITE if got.outs else NO_NUMBER)
    try:
        evidence = held_to_own_forward(subject, example, got)
    except Broken:
        evidence = _held_afterwards(subject, example, got)
        if not evidence.counted:
            raise
    evidence.untested, told = subject.left_out(example)
    evidence.note = evidence.note or told or (SEEDED if any(subject.random) else "")
    return evidence


def afterwards(subject: Any, example: Arguments, got: Pulled) -> Any:
    """The subject as it is from the second run on, if its outputs are those of the first run; None if not, or if it
    makes no object. A layer may take its shift and its scale from the first batch: they are constants afterwards, and
    for the gradient of the first run too.
    """
    if subject.again is None or not any(bool(one.any()) for one in got.tensors()):  # 0 fits a forward kept for ever
        return None
    used = subject.used(example.fresh())
    try:
        outs = pulled(used, example).outs
    except Broken:
        return None
    pairs = zip(map(tensor_of, got.outs), map(tensor_of, outs), strict=True)
    return used if len(outs) == len(got.outs) and all(torch.equal(a, b) for a, b in pairs) else None


def _held_afterwards(subject: Any, example: Arguments, got: Pulled) -> Evidence:
    """Compare the gradients of the first run with quotients of the forward as it is afterwards."""
    used = afterwards(subject, example, got)
    try:
        evidence = Evidence(counted=False) if used is None else held_to_own_forward(used, example, got)
    except Broken:
        return Evidence(counted=False)
    evidence.note = evidence.note or FIRST
    return evidence


def held_to_own_forward(subject: Any, example: Arguments, got: Pulled, before: str = "") -> Evidence:
    """Compare the gradients of a run with quotients of the forward. before: lines of the snippet before the run."""
    values = values_of(
        subject.values, example, [g.path for g in got.gradients], [g.name for g in got.gradients], got.cut(),
        unit_of(got.outs),
    )  # fmt: skip
    evidence = Evidence()
    noise = 0.0 if subject.upstream else cancelled(tensor_of(example.at(path)) for path in example.paths())
    try:
        for k, g in enumerate(got.gradients):
            mine = looked_at(values, k, tensor_of(g.value))
            closing, alone = before + closing_of(got, k), subject.elementwise
            try:
                held_to_quotients(values, k, mine, evidence, closing, alone=alone, noise=noise)
            except Broken:
                if not single(got, g.value):
                    raise
                coarse = looked_at(values, k, scattered(subject, example, got)[k])
                held_to_quotients(values, k, mine, evidence, closing, alone=alone, coarse=coarse, noise=noise)
    except Broken as broken:
        if not repeats(subject, example, got):
            return Evidence(counted=False, note=RANDOM)
        broken.numbers = subject.upstream_words(got.above)
        broken.note = broken.note or by_design(subject, example, got) or narrower(example, got)
        raise
    evidence.counted = evidence.entries > 0
    return evidence


def closing_of(got: Pulled, k: int) -> str:
    """The lines that compare one gradient with a difference quotient."""
    path, place = got.gradients[k].path, got.gradients[k].place
    fixed = {"ABOVE": said(got.above), "PLACE": place, "[INDEX]": f"[{path[0]}]", "INNER": written(path[1:], "")}
    closing = QUOTIENT
    for word, text in fixed.items():
        closing = closing.replace(word, text.replace("{", "{{").replace("}", "}}"))
    return closing


def single(got: Pulled, gradient: Any) -> bool:
    """Whether a gradient and all outputs have fewer digits than float64, because everything is computed so."""
    return all("float64" not in str(getattr(v, "dtype", "float64")) for v in (gradient, *got.outs))


def narrower(example: Arguments, got: Pulled) -> str:
    """The first gradient with another dtype than its argument, in words: its numbers are rounded to that dtype."""
    for one in got.gradients:
        dtype, wanted = (str(getattr(v, "dtype", "")).removeprefix("torch.") for v in (one.value, example.at(one.path)))
        if dtype and wanted and dtype != wanted:
            return f"the gradient of {one.name} is {dtype}, and {one.name} is {wanted}"
    return ""
