"""Runs a law on generated examples, outside pytest: Hypothesis finds and shrinks failures, and this module counts and
reports."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from math import ceil, inf
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.database import ExampleDatabase
from hypothesis.errors import Flaky, Unsatisfiable

from mlp_core.testing.engine import enough, guards, shortage, straight
from mlp_core.testing.engine.constants import undisturbed
from mlp_core.testing.engine.database import Found, Kept, Memory, no_files, sources
from mlp_core.testing.engine.distinct import digest
from mlp_core.testing.engine.evidence import Beyond, Broken, Evidence, Raised, Rejected
from mlp_core.testing.engine.exhausted import nothing_left, watched
from mlp_core.testing.engine.failing import Begun, Enough, Failing, Short
from mlp_core.testing.engine.law import Law
from mlp_core.testing.engine.result import EXAMPLES, Progress, Result

Explain = Callable[[Any, Any, Broken], tuple[str | None, dict[str, Any] | None]]
"""(subject, example, failure) -> the mistake in words, and an exhibit that can be drawn"""

AtFault = Callable[[Law, Any, Broken], tuple[dict[str, Any] | None, dict[str, Any] | None]]
"""(law, example, failure) -> the lines that write the wrong value, and how it develops step by step"""

SHRINKS = 150
"""how many smaller examples are tried after a failure; enough for a few numbers"""

AGAIN = 3
"""the divisor of SHRINKS if the law also fails on the smallest example of another law, which is small already"""

WITHOUT, DEVICE = "do without it", "use the device of the arguments, such as y.device"
"""what helps, after a reason such as a missing GPU"""


def run(
    law: Law, *, examples: int | None = None, seed: int = 0, progress: Progress | None = None,
    explain: Explain | None = None, at_fault: AtFault | None = None,
    memory: Memory | None = None, database: ExampleDatabase | None = None,
) -> Result:  # fmt: skip
    """Check `law` on its subject with `examples` generated examples; `progress` is called after each. If the law fails,
    `explain` names the known mistake and what can be drawn of the example, and `at_fault` finds the lines that write
    the wrong value. `memory`: failing examples of the same subject's other laws. It does not affect the verdict: after
    a failure, the search for a small example starts with them. `database`: earlier failing examples of the law. They
    are tried first, and the smallest new one is kept there.
    """
    subject, wanted = law.subject, ceil(law.share * (EXAMPLES if examples is None else examples))
    result = Result(law.name, law.statement, subject.name, law.group, judges=law.judges)
    with guards.globals_kept():  # it may ask the subject
        why = law.skip(subject)
    if why is not None:
        result.verdict, result.reason = "SKIP", why
        return result
    failing = Failing(further=memory is not None and bool(memory.kept))
    digests, tried = set[int](), set[int]()
    kept, found = None if database is None else Kept(database, law), Found()
    first = straight.first(wanted, kept)

    def check(example: Any) -> None:
        failing.tries += failing.here
        failing.seen += 1
        if failing.tries > SHRINKS // (AGAIN if failing.kept else 1) or failing.long():
            raise Enough
        try:
            evidence = evaluate(law, law.narrowed(example, result.seen))
        except Broken as broken:
            if failing.broken is None and shortage.of_memory(broken.__cause__):
                raise Short(f"there was not enough memory ({broken.note}); use less memory") from broken
            if failing.broken is None and shortage.of_device(broken.__cause__):
                raise Short(f"it needs a GPU, which this machine does not have ({broken.note}); {DEVICE}") from broken
            if failing.broken is None and isinstance(broken.__cause__, Beyond):
                raise Short(f"{broken.__cause__} ({broken.note}); {WITHOUT}") from broken
            failing.note(broken, example)
            failing.kept |= failing.seen <= failing.reused
            raise
        if failing.broken is None:  # examples, not attempts at a smaller one
            result.add(evidence)
            if evidence.counted or law.owed:
                number = digest(example)
                tried.add(number)
                digests.update([number] if evidence.counted else [])
                result.distinct = len(digests)
            if progress is not None:
                progress(result)
            if result.examples == first:
                raise Begun

    def searched(*phases: Phase, memory: Memory | None = None) -> None:
        """Run check on examples, kept ones first, until it fails; with Phase.shrink, then on smaller ones."""
        options = settings(
            max_examples=wanted, deadline=None, database=sources(memory, kept), derandomize=False,
            print_blob=False, phases={Phase.reuse, *set(phases) & set(settings().phases)},
            suppress_health_check=list(HealthCheck), report_multiple_bugs=False,
        )  # fmt: skip
        options(hypothesis.seed(seed)(given(law.given(subject))(check)))()  # seed turns databases off

    def generated(*phases: Phase) -> None:
        """Run check on the requested number of examples, until it fails."""
        nonlocal first
        try:
            searched(Phase.generate, *phases)
        except Begun:
            if not straight.drawn(law.given(subject), check, wanted - result.examples, seed, found.kept.append):
                result.forget()
                for numbers in (digests, tried):
                    numbers.clear()
                first = inf
                searched(Phase.generate, *phases)

    def made_smaller() -> None:
        """After check has failed, let Hypothesis find a failing example, first among those of other laws, and make it
        smaller. If Hypothesis finds none, the one that was drawn straight is used. It is large; in its own search
        Hypothesis tries small ones first.
        """
        if memory is not None or found.kept:
            failing.again(reused=0 if memory is None else len(memory.kept))
            with suppress(Unsatisfiable):
                searched(Phase.generate, Phase.shrink, memory=memory)
        if found.kept:
            failing.again()
            searched(Phase.shrink, memory=found)

    with no_files(), undisturbed(), watched() as heard:
        try:
            generated(*([Phase.shrink] if memory is None else []))
        except Unsatisfiable:
            result.untested("no example could be generated: use a strategy that can draw some")
        except Short as short:
            result.untested(str(short))
        except (Broken, Flaky, Enough):
            with suppress(Broken, Flaky, Enough):
                made_smaller()
            if memory is not None:
                memory.keep(found)
            _describe(result, law, failing, explain, at_fault)
    if result.verdict == "PASS":
        result.exhausted = bool(heard) and result.examples < wanted and nothing_left(heard[-1], wanted)
        enough.hold(result, law, wanted, distinct=len(tried))
    return result


def evaluate(law: Law, example: Any) -> Evidence:
    """Check one example. Every exception, in the subject or in code that uses its results, is a failure of the law. The
    dtype, thread count and random states that the subject may have changed are restored.
    """
    with guards.globals_kept():
        try:
            return law.function(law.subject, example)
        except Rejected as rejected:
            return Evidence(counted=False, note=rejected.note)
        except Broken:
            raise
        except Exception as error:
            raise Raised(error) from error


def _describe(
    result: Result, law: Law, failing: Failing, explain: Explain | None, at_fault: AtFault | None
) -> None:  # fmt: skip
    broken, example = failing.broken, failing.example
    assert broken is not None
    try:
        evaluate(law, example)
        result.fail("the same example failed once and passed once: the subject is not deterministic")
    except Broken:
        result.fail(broken.note or "broken")
    result.where, result.got, result.expected = broken.where, broken.got, broken.expected
    names = law.subject.named(example) if hasattr(law.subject, "named") else ()
    result.counterexample = example.describe(*names)
    result.numbers = example.numbers(*names) if hasattr(example, "numbers") else ""
    result.numbers += f", {broken.numbers}" if broken.numbers else ""
    closing = broken.closing or law.closing.format(name="params[0]", index=(), expected=0.0, bound=0.0)
    result.snippet = law.subject.snippet(broken.example or example, closing)
    broken.others = tuple(failing.first)
    with guards.globals_kept():
        if explain is not None:
            result.diagnosis, result.exhibit = explain(law.subject, example, broken)
        if at_fault is not None:
            result.lines, result.trajectory = at_fault(law, example, broken)
