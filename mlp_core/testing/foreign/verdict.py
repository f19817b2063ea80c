"""The one-line verdict on a hand-in."""

from __future__ import annotations

from collections.abc import Sequence

from mlp_core.testing.engine.groups import BATCH, CONDUCT
from mlp_core.testing.engine.result import Result
from mlp_core.testing.foreign.told import LOADS
from mlp_core.testing.report.findings import NO_FORMULA, NOTHING, no_formula, not_shown, unproven

WRONG = "wrong"

IN_NEITHER = "the names of two parameters do not show their order, and neither order is correct"


def headline(results: Sequence[Result], *, course: bool, reading: str = "") -> str:
    """Right, wrong or not shown to be right: for one sample, for batches, and separately for side effects. reading: how
    two parameters were assigned if their names leave the order open; it is part of the verdict.

    A single result means that the definition could not be found or loaded.

    >>> one, several = Result("a", "", "f"), Result("b", "", "f", group=BATCH, verdict="FAIL")
    >>> headline([one, several], course=True)
    'right for one sample (what the course asks); wrong for batches'
    """
    broken, untested = ([r for r in results if r.verdict == verdict] for verdict in ("FAIL", "UNTESTED"))
    if len(results) == 1 and (broken or untested):
        (one,) = results
        return one.reason if one.law == LOADS[0] else one.got or one.reason  # the reason of LOADS says what would help
    if not broken and not untested and not any(r.verdict == "PASS" for r in results):
        return NOTHING
    words = _numbers(results, broken, untested, " (what the course asks)" if course else "")
    # a failing call also fails the laws about side effects, which are then not informative
    failed = {(r.where, r.got) for r in broken if r.group != CONDUCT}
    words += [f"not so: {r.law}" for r in broken if r.group == CONDUCT and (r.where, r.got) not in failed]
    words += [NO_FORMULA] if no_formula(results) else []
    words += [IN_NEITHER if course and words[0] == WRONG else reading] if reading else []
    unknown = sum(r.verdict == "SKIP" and r.reason.startswith("not run") for r in results)
    return "; ".join([*words, *([f"{unknown} laws not run"] if unknown else [])])


def _numbers(results: Sequence[Result], broken: list[Result], untested: list[Result], asked: str) -> list[str]:
    """The verdict on the numbers, for one sample and for batches; a single one if no law is about batches, as for
    optimizers and rules.
    """
    groups, alone = {r.group for r in broken}, [r for r in untested if r.group != BATCH]
    if groups - {BATCH, CONDUCT}:
        return [WRONG]
    if BATCH in groups:
        wrong = "wrong for batches"
        return [wrong, f"of one sample {unproven(alone)}"] if alone else [f"right for one sample{asked}", wrong]
    if alone:
        return [unproven(untested)]
    if untested:
        return [f"right for one sample{asked}", f"of batches {unproven(untested)}"]
    if words := not_shown(results):
        return [words]
    if any(r.group == BATCH for r in results):
        return [f"right for one sample{asked}, and for batches"]
    skipped = sum(r.verdict == "SKIP" for r in results)
    return [f"lawful ({skipped} law{'s' * (skipped > 1)} skipped)" if skipped else "lawful"]
