"""A hand-written gradient is the derivative of the forward that belongs to it."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.examples.arguments import Arguments, written
from mlp_core.testing.examples.farther import farther
from mlp_core.testing.examples.foreign_arrays import tensor_of
from mlp_core.testing.laws.doors.by_design import by_design
from mlp_core.testing.laws.doors.shared import EXTRAPOLATED, NO_NUMBER, NOT_FINITE, RANDOM, SEEDED, repeats, said
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
    evidence = held_to_own_forward(subject, example, got)
    evidence.untested, told = subject.left_out(example)
    evidence.note = evidence.note or told or (SEEDED if any(subject.random) else "")
    return evidence


def held_to_own_forward(subject: Any, example: Arguments, got: Pulled, before: str = "") -> Evidence:
    """Compare the gradients of a run with quotients of the forward. before: lines of the snippet before the run."""
    values = values_of(
        subject.values, example, [g.path for g in got.gradients], [g.name for g in got.gradients], got.cut(),
    )  # fmt: skip
    evidence = Evidence()
    try:
        for k, g in enumerate(got.gradients):
            mine = looked_at(values, k, tensor_of(g.value))
            held_to_quotients(values, k, mine, evidence, before + closing_of(got, k), alone=subject.elementwise)
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


def narrower(example: Arguments, got: Pulled) -> str:
    """The first gradient with another dtype than its argument, in words: its numbers are rounded to that dtype."""
    for one in got.gradients:
        dtype, wanted = (str(getattr(v, "dtype", "")).removeprefix("torch.") for v in (one.value, example.at(one.path)))
        if dtype and wanted and dtype != wanted:
            return f"the gradient of {one.name} is {dtype}, and {one.name} is {wanted}"
    return ""
