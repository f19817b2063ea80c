"""The results of one run of verify, and the one-line verdict on each subject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mlp_core.testing.engine.result import Result

VERDICTS = ("PASS", "FAIL", "UNTESTED", "SKIP")

NOT_SHOWN = "not shown to be right"
"""the verdict on a subject, or on all subjects, if no law failed and not all required laws were tested"""

NO_FORMULA = "the formula was not checked: no reference was given"

NOTHING = "nothing was checked"

LISTED = 12
"""the number of files that are listed by name"""


@dataclass
class Findings:
    """The results of one run over one or more subjects."""

    results: list[Result] = field(default_factory=list)
    seed: int = 0
    examples: int = 0
    headlines: dict[str, str] = field(default_factory=dict)
    """the one-line verdicts on subjects in files"""
    notes: dict[str, list[str]] = field(default_factory=dict)
    """further observations about a subject"""
    not_read: list[str] = field(default_factory=list)
    """the files in folders that are neither scripts nor notebooks"""
    interrupted: str = ""
    """how much was done before the run was interrupted, in words; empty if it was not interrupted"""

    @property
    def ok(self) -> bool:
        """Whether every subject is lawful: no law that affects its verdict failed or is untested, at least one holds,
        and one that judges its numbers holds, if any applies.
        """
        return bool(self.results) and all(map(lawful, self.by_subject().values())) and not self.interrupted

    @property
    def passed_over(self) -> str:
        """The files in folders that were not read, in words; empty if all were read."""
        more = f" and {len(self.not_read) - LISTED} more" if len(self.not_read) > LISTED else ""
        return f"not read: {', '.join(self.not_read[:LISTED])}{more}" if self.not_read else ""

    @property
    def untested(self) -> bool:
        """Whether no law failed, and a law that affects the verdict could not be tested."""
        verdicts = {result.verdict for result in self.results if result.asked}
        return not self.ok and not self.interrupted and bool(verdicts) and "FAIL" not in verdicts

    def by_subject(self) -> dict[str, list[Result]]:
        """The results of every subject, in order."""
        found: dict[str, list[Result]] = {}
        for result in self.results:
            found.setdefault(result.subject, []).append(result)
        return found

    def verdict(self, subject: str) -> str:
        """The verdict on a subject, in one line."""
        if subject in self.headlines:
            return self.headlines[subject]
        results = [r for r in self.results if r.subject == subject]
        broken = sum(r.verdict == "FAIL" for r in results)
        if broken:
            return f"{broken} law{'s' * (broken > 1)} broken"
        if words := not_shown(results):
            return words
        if not any(r.verdict == "PASS" for r in results):
            return NOTHING
        return "lawful" + (f"; {NO_FORMULA}" if no_formula(results) else "")


def lawful(results: Sequence[Result]) -> bool:
    """Whether a subject with these results is lawful. Only laws that affect the verdict count."""
    asked = [r for r in results if r.asked]
    verdicts = {r.verdict for r in asked}
    return "PASS" in verdicts and not verdicts & {"FAIL", "UNTESTED"} and (shown(asked) or no_formula(asked))


def shown(results: Sequence[Result]) -> bool:
    """Whether a law that judges the numbers holds."""
    return any(r.judges and r.verdict == "PASS" for r in results) or not any(r.judges for r in results)


def no_formula(results: Sequence[Result]) -> bool:
    """Whether laws exist that judge the numbers of such a subject, but none applies to this one."""
    judging = [r for r in results if r.judges]
    return bool(judging) and all(r.verdict == "SKIP" and not r.disputed for r in judging)


def not_shown(results: Sequence[Result]) -> str:
    """"not shown to be right: ..." if a law that affects the verdict could not be tested; otherwise an empty text."""
    untested = [r for r in results if r.verdict == "UNTESTED" and r.asked]
    if untested:
        return unproven(untested)
    none_judges = any(r.verdict == "PASS" for r in results) and not shown(results) and not no_formula(results)
    return f"{NOT_SHOWN}: no law could check its numbers" if none_judges else ""


def unproven(untested: Sequence[Result]) -> str:
    """Says that these laws could not be tested, and gives the reason for the first of them.

    >>> unproven([Result("a law", "", "f", verdict="UNTESTED", reason="too few; run more: examples=100")])
    'not shown to be right: 1 law could not be tested, because too few; run more: examples=100'
    """
    laws = "1 law" if len(untested) == 1 else f"{len(untested)} laws"
    return f"{NOT_SHOWN}: {laws} could not be tested, because {untested[0].reason}"
