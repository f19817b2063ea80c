"""The result of a law over all its examples, and its text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mlp_core.testing.engine.evidence import Evidence

EXAMPLES = 100
"""the default number of examples per law"""


def failure_text(result: Result) -> str:
    """Everything known about a failed law, with the snippet last."""
    verdict, note = ("BROKEN", "note") if result.verdict == "FAIL" else (result.verdict, "reason")
    lines = [f"{verdict}: {result.subject}: {result.law}", f"  law        {result.statement}"]
    rows = [
        (note, result.reason if result.reason != "broken" else ""), ("where", result.where), ("got", result.got),
        ("expected", result.expected), ("diagnosis", result.diagnosis or ""), ("smallest", result.counterexample),
    ]  # fmt: skip
    lines += [f"  {name:<10} {value}" for name, value in rows if value]
    if result.snippet:
        lines += ["", "# paste this to reproduce it", result.snippet]
    return "\n".join(lines)


Progress = Callable[["Result"], object]


@dataclass
class Result:
    """The result of one law: PASS, FAIL, UNTESTED or SKIP, with its reason, the counts, and all that is known about a
    failure. UNTESTED: the law applies, but could not be tested enough; the reason ends with what would help.

    error: the largest absolute error among the entries compared; ratio: the largest error divided by its bound. where,
    got, expected: the first entry that is wrong on the smallest example; snippet: the lines that reproduce it.
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
    """the number of examples that counted and differ in their numbers"""
    where: str = ""
    got: str = ""
    expected: str = ""
    counterexample: str = ""
    numbers: str = ""
    """the numbers of the smallest example, in a few words"""
    snippet: str = ""
    diagnosis: str | None = None
    exhibit: dict[str, Any] | None = None
    """the smallest example as numbers that can be drawn (diagnosis/picture.py)"""
    lines: dict[str, Any] | None = None
    """the lines at fault (diagnosis/lines/at_fault.py)"""
    trajectory: dict[str, Any] | None = None
    """the wrong entry of an update rule or a training, step by step (diagnosis/trajectory.py)"""
    asked: bool = True
    """whether the result affects the verdict; laws that a course does not require are only reported"""
    judges: bool = False
    """whether the law compares the subject's numbers with known ones"""
    disputed: int = 0
    """entries about which two oracles contradict each other"""
    note: str = ""
    """a remark about an example that does not fail, from the first such example"""
    left_out: str = ""
    """a part of the subject that cannot be tested, from the first example that shows it"""
    exhausted: bool = False
    """whether the law holds on all examples that exist, which were fewer than requested"""

    def add(self, evidence: Evidence) -> None:
        self.examples += 1
        self.counted += evidence.counted
        self.entries += evidence.entries
        self.skipped += evidence.skipped
        self.tensors += evidence.tensors
        self.by_bound += evidence.by_bound
        self.error, self.ratio = max(self.error, evidence.error), max(self.ratio, evidence.ratio)
        self.seen |= evidence.seen
        self.disputed += evidence.disputed
        self.note = self.note or evidence.note
        self.left_out = self.left_out or evidence.untested

    def forget(self) -> None:
        """Reset the counts: the law starts again."""
        vars(self).update(vars(Result(self.law, self.statement, self.subject, self.group, judges=self.judges)))

    def fail(self, reason: str) -> None:
        self.verdict, self.reason = "FAIL", reason

    def untested(self, reason: str) -> None:
        """The law could not be tested enough: why not, and what would help."""
        self.verdict, self.reason = "UNTESTED", reason

    def text(self) -> str:
        """The failure, or the reason for another verdict, in words, with the snippet."""
        return failure_text(self)
