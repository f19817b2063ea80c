"""Whether a law was tested enough: with too few examples, entries or cases it has not passed, it is untested."""

from __future__ import annotations

from math import ceil

from mlp_core.testing.engine.law import Law
from mlp_core.testing.engine.result import EXAMPLES, Result

MIN_DISTINCT = 0.1
"""the least share of the counted examples that must differ in their numbers. Hypothesis also varies other parts of an
example. The core's laws reach a quarter (measured); a strategy of zeros has one or two distinct examples"""

MAX_SKIPPED = 0.1
"""the largest share of entries, over all examples of a law, that may be skipped"""

MAX_SKIPPED_OF_FEW = 0.5
"""the same for fewer than ENOUGH examples, because a single example at a kink is then a large share"""

MAX_BY_BOUND = 0.5
"""the largest share of tensors that the rounding bound decides, because their relative error is meaningless"""

ENOUGH = 50
"""the number of examples from which on a law is untested if too few counted or a case was missed; with fewer, it may be
chance"""

SOME = 16
"""the number of examples from which on a law is untested if a case was missed that every right subject shows in most
examples"""

OTHERS = "draw other examples: the law cannot check these"
UNFILTERED = "relax the filters of the strategy"
FARTHER = "draw inputs farther from kinks, or scale them"


def hold(result: Result, law: Law, wanted: int, *, distinct: int) -> None:
    """A law that was hardly tested has not passed: it is untested. If every example that exists was tried, the required
    numbers are relative to that. distinct: how many examples differ; only if they do are missing cases the subject's
    doing.
    """
    varied = distinct >= MIN_DISTINCT * result.examples
    there, enough = result.examples if result.exhausted else wanted, ceil(law.share * ENOUGH)
    need, few = ceil(law.floor * there), there < enough and not result.exhausted
    most = MAX_SKIPPED_OF_FEW if few else MAX_SKIPPED
    missing = [case for case in law.cases(law.subject) if case not in result.seen]
    touched = result.entries + result.skipped
    if missing and law.owed and varied and there >= enough and not result.exhausted:
        by = getattr(law.subject, "waives_by", "")
        waived = f'; if it is so by design: {by}(..., waives=["{law.name}"])' if by else ""
        result.fail(f"none of {result.examples} examples showed: {', '.join(missing)}{waived}")
        result.diagnosis = law.owed.format(", ".join(missing))
    elif result.left_out:
        result.untested(result.left_out)
    elif result.disputed and not result.entries:
        result.verdict, result.reason = "SKIP", result.note
    elif not result.counted:
        more = f"run more: examples={EXAMPLES}" if few else OTHERS
        why = f" ({result.note})" if result.note else ""
        result.untested(f"none of {result.examples} examples counted{why}; {more}")
    elif touched and not result.entries:
        result.untested(f"all {touched} entries skipped; {FARTHER}")
    elif few and missing and law.owed and varied and there >= SOME:
        words = f"none of {result.examples} examples showed: {', '.join(missing)}"
        result.untested(f"{words}; run more: examples={EXAMPLES}")
    elif few and result.skipped <= most * touched:
        result.reason = result.note
    elif missing and not result.exhausted:
        words = f"none of {result.examples} examples showed: {', '.join(missing)}"
        result.untested(f"{words}; run more: examples={4 * wanted}")
    elif result.counted < need:
        words = f"only {result.counted} of {result.examples} examples counted, at least {need} are needed"
        result.untested(f"{words}; {OTHERS if result.examples == there else UNFILTERED}")
    elif result.distinct < MIN_DISTINCT * result.counted:
        words = f"{result.counted} examples counted, but only {result.distinct} differ in their numbers"
        result.untested(f"{words}; draw inputs that differ")
    elif result.skipped > most * touched:
        result.untested(f"{result.skipped} of {touched} entries skipped, more than {most:.0%}; {FARTHER}")
    elif result.by_bound > MAX_BY_BOUND * result.tensors:
        words = f"{result.by_bound} of {result.tensors} tensors judged by the bound, more than {MAX_BY_BOUND:.0%}"
        result.untested(f"{words}; scale the inputs")
    elif result.exhausted:
        tried = f"exhausted: all {there} examples that exist were" if there > 1 else "exhausted: the only example was"
        unseen = f"; never among them: {', '.join(missing)}" if missing else ""
        result.reason = f"{tried} tried{unseen}" + (f"; {result.note}" if result.note else "")
    else:
        result.reason = result.note
