"""Runs a law on generated examples, outside pytest: Hypothesis finds and shrinks, this counts and tells."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.database import ExampleDatabase
from hypothesis.errors import Flaky, Unsatisfiable

from mlp_core.testing import conduct
from mlp_core.testing.failure import failure_text
from mlp_core.testing.keeping import Kept, no_files, sources
from mlp_core.testing.law import Broken, Evidence, Law, Raised, Rejected
from mlp_core.testing.memory import Memory
from mlp_core.testing.variety import digest

EXAMPLES = 100
"""examples a law, where nobody says otherwise"""

MIN_DISTINCT = 0.1
"""the least share of the examples that counted that must differ in their numbers; Hypothesis varies an example in other
things too, so that the core's laws show a quarter (measured), and a strategy of zeros one or two"""

MAX_SKIPPED = 0.1
"""the largest share of entries, over all examples of a law, that may be left out"""

SHRINKS = 150
"""how often a law is tried on smaller examples once it has failed; enough for a handful of numbers"""

KEPT = 8
"""failing examples that are kept for the diagnosis, beside the smallest"""

MAX_BY_BOUND = 0.5
"""the largest share of tensors whose relative error says nothing, so that the rounding bound must decide"""

ENOUGH = 50
"""examples from which on it is held against a law that too few counted or a case was missed; below, it may be chance"""

Progress = Callable[["Result"], object]


@dataclass
class Result:
    """What became of one law: PASS, FAIL or SKIP, with its reason; what was counted; of a failure all that is known.

    error: the largest absolute error among the entries compared; ratio: the largest error divided by its bound. where,
    got, expected: the first entry that is wrong on the smallest example; snippet: the lines that show it again.
    """

    law: str
    statement: str
    subject: str
    group: str = ""
    verdict: str = "PASS"
    reason: str = ""
    examples: int = 0
    counted: int = 0
    entries: int = 0
    skipped: int = 0
    tensors: int = 0
    by_bound: int = 0
    error: float = 0.0
    ratio: float = 0.0
    seen: set[str] = field(default_factory=set)
    distinct: int = 0
    """examples that counted and differ in their numbers"""
    where: str = ""
    got: str = ""
    expected: str = ""
    counterexample: str = ""
    snippet: str = ""
    diagnosis: str | None = None
    exhibit: dict[str, Any] | None = None
    """the smallest example in numbers that can be drawn (exhibit.py)"""
    asked: bool = True
    """whether it decides if all is lawful; what a course does not ask is told and decides nothing"""

    def add(self, evidence: Evidence) -> None:
        self.examples += 1
        self.counted += evidence.counted
        self.entries += evidence.entries
        self.skipped += evidence.skipped
        self.tensors += evidence.tensors
        self.by_bound += evidence.by_bound
        self.error, self.ratio = max(self.error, evidence.error), max(self.ratio, evidence.ratio)
        self.seen |= evidence.seen

    def fail(self, reason: str) -> None:
        self.verdict, self.reason = "FAIL", reason

    def text(self) -> str:
        """The failure in words, snippet included."""
        return failure_text(self)


def run(
    law: Law, *, examples: int | None = None, seed: int = 0, progress: Progress | None = None, diagnose: bool = True,
    memory: Memory | None = None, database: ExampleDatabase | None = None,
) -> Result:  # fmt: skip
    """Check `law` on its subject with `examples` generated examples; `progress` is called after each. Where the law is
    broken and `diagnose`, look for the mistake in the catalogue, and keep what can be drawn of the example. `memory`
    of the laws of the same subject decides nothing: once the law is broken, it is where a small example is looked for
    first. `database`: examples on which the law was broken once; they are tried before others, and the smallest of a
    failure is kept there."""
    subject, wanted = law.subject, EXAMPLES if examples is None else examples
    result = Result(law.name, law.statement, subject.name, law.group)
    why = law.skip(subject)
    if why is not None:
        result.verdict, result.reason = "SKIP", why
        return result
    failing, digests = _Failing(), set[int]()
    kept = None if database is None else Kept(database, law)

    def check(example: Any) -> None:
        failing.tries += failing.broken is not None
        if failing.tries > SHRINKS:
            raise _Enough
        try:
            evidence = evaluate(law, law.narrowed(example, result.seen))
        except Broken as broken:
            failing.note(broken, example)
            raise
        if failing.broken is None:  # examples, not attempts at a smaller one
            result.add(evidence)
            if evidence.counted:
                digests.add(digest(example))
                result.distinct = len(digests)
            if progress is not None:
                progress(result)

    def searched(*phases: Phase, memory: Memory | None = None) -> None:
        """Run check on examples, those kept first, until it fails; with Phase.shrink, then on smaller ones."""
        options = settings(
            max_examples=wanted, deadline=None, database=sources(memory, kept), derandomize=False,
            print_blob=False, phases={Phase.reuse, *set(phases) & set(settings().phases)},
            suppress_health_check=list(HealthCheck), report_multiple_bugs=False,
        )  # fmt: skip
        options(hypothesis.seed(seed)(given(law.given(subject))(check)))()  # seed turns databases off

    with no_files():
        try:
            if memory is None:
                searched(Phase.generate, Phase.shrink)
            else:
                searched(Phase.generate)
        except Unsatisfiable:
            result.fail("no example could be generated")
        except (Broken, Flaky, _Enough):
            if memory is not None:
                failing.tries = -len(memory.kept) - result.examples  # which may pass again before it fails
                with suppress(Broken, Flaky, _Enough):
                    searched(Phase.generate, Phase.shrink, memory=memory)
                memory.keep()
            _describe(result, law, failing, diagnose)
    if result.verdict == "PASS":
        _guard(result, law, wanted)
    return result


def _guard(result: Result, law: Law, wanted: int) -> None:
    """A law that was hardly tested has not been kept."""
    need = ceil(law.floor * wanted)
    missing = [case for case in law.cases(law.subject) if case not in result.seen]
    touched = result.entries + result.skipped
    if wanted < ENOUGH:
        if not result.counted:
            result.verdict, result.reason = "SKIP", f"none of {result.examples} examples counted: ask for more"
    elif missing:
        result.fail(f"never observed in {result.examples} examples: {', '.join(missing)}")
    elif result.counted < need:
        result.fail(f"only {result.counted} of {result.examples} examples counted, at least {need} are needed")
    elif result.distinct < MIN_DISTINCT * result.counted:
        result.fail(f"{result.counted} examples counted, but only {result.distinct} differ in their numbers")
    elif result.skipped > MAX_SKIPPED * touched:
        result.fail(f"{result.skipped} of {touched} entries skipped, more than {MAX_SKIPPED:.0%}")
    elif result.by_bound > MAX_BY_BOUND * result.tensors:
        result.fail(f"{result.by_bound} of {result.tensors} tensors judged by the bound, more than {MAX_BY_BOUND:.0%}")


class _Enough(BaseException):
    """Ends a run whose smallest example is small enough."""


class _Failing:
    """The smallest example so far on which a law is broken: the one that takes the fewest words to build."""

    def __init__(self) -> None:
        self.broken: Broken | None = None
        self.example: Any = None
        self.size, self.tries = 0, 0
        self.first: list[Any] = []

    def note(self, broken: Broken, example: Any) -> None:
        size = example.weight() if hasattr(example, "weight") else sum(map(len, example.setup()))
        if self.broken is None or size <= self.size:
            self.broken, self.example, self.size = broken, example, size
        if len(self.first) < KEPT:
            self.first.append(broken.example or example)


def evaluate(law: Law, example: Any) -> Evidence:
    """One example. Whatever is raised, where the subject ran or over what it gave back, breaks the law; dtype, threads
    and random states that the subject may have changed are put back."""
    with conduct.globals_kept():
        try:
            return law.function(law.subject, example)
        except Rejected:
            return Evidence(counted=False)
        except Broken:
            raise
        except Exception as error:
            raise Raised(error) from error


def _describe(result: Result, law: Law, failing: _Failing, diagnose: bool) -> None:
    broken, example = failing.broken, failing.example
    assert broken is not None
    try:
        evaluate(law, example)
        result.fail("the same example fails once and passes once: it does not repeat itself")
    except Broken:
        result.fail(broken.note or "broken")
    result.where, result.got, result.expected = broken.where, broken.got, broken.expected
    result.counterexample = example.describe()
    closing = broken.closing or law.closing.format(name="params[0]", index=(), expected=0.0, bound=0.0)
    result.snippet = law.subject.snippet(broken.example or example, closing)
    if not diagnose:
        return
    with conduct.globals_kept():
        broken.others = tuple(failing.first)
        if hasattr(law.subject, "diagnose"):
            result.diagnosis = law.subject.diagnose(example, broken)
        if hasattr(law.subject, "exhibit"):
            result.exhibit = law.subject.exhibit(example, broken)
