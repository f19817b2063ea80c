"""What is said of a hand-in in one line."""

from __future__ import annotations

from collections.abc import Sequence

from mlp_core.testing.engine.result import Result
from mlp_core.testing.report.findings import NO_FORMULA, no_formula, not_shown
from mlp_core.testing.subjects.gradients import BATCH, CONDUCT


def headline(results: Sequence[Result], *, course: bool) -> str:
    """Right or wrong: for one sample, for batches, and, apart from the numbers, in its conduct.

    One result alone is that of what could not be found or loaded.

    >>> one, several = Result("a", "", "f"), Result("b", "", "f", group=BATCH, verdict="FAIL")
    >>> headline([one, several], course=True)
    'right for one sample (what the course asks); wrong for batches'
    """
    broken = [r for r in results if r.verdict == "FAIL"]
    if len(results) == 1:
        return broken[0].got if broken else results[0].reason or "nothing was checked"
    if not any(r.asked for r in broken) and (why := not_shown(results)):
        return why
    groups = {r.group for r in broken}
    asked = " (what the course asks)" if course else ""
    if groups - {BATCH, CONDUCT}:
        words = ["wrong"]
    elif not any(r.group == BATCH for r in results):  # an optimizer, a rule
        skipped = sum(r.verdict == "SKIP" for r in results)
        words = [f"lawful ({skipped} law{'s' * (skipped > 1)} skipped)" if skipped else "lawful"]
        words += [NO_FORMULA] if no_formula(results) else []
    elif BATCH in groups:
        words = [f"right for one sample{asked}; wrong for batches"]
    else:
        words = [f"right for one sample{asked}, and for batches"]
    # a call that fails fails in the laws of conduct too, which then say nothing of it
    failed = {(r.where, r.got) for r in broken if r.group != CONDUCT}
    words += [f"not so: {r.law}" for r in broken if r.group == CONDUCT and (r.where, r.got) not in failed]
    unknown = sum(r.verdict == "SKIP" and r.reason.startswith("not run") for r in results)
    return "; ".join([*words, *([f"{unknown} laws not run"] if unknown else [])])
