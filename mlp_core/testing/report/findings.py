"""What verify found: the results of one run, and what is said of each subject in a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mlp_core.testing.engine.result import Result

VERDICTS = ("PASS", "FAIL", "UNTESTED", "SKIP")

NOT_SHOWN = "not shown to be right"
"""of a subject, or of all, that is neither lawful nor broken"""

NO_FORMULA = "the formula was not checked: no reference was given"

NOTHING = "nothing was checked"

LISTED = 12
"""files that are listed by name"""


@dataclass
class Findings:
    """The results of one run over one or more subjects."""

    results: list[Result] = field(default_factory=list)
    seed: int = 0
    examples: int = 0
    headlines: dict[str, str] = field(default_factory=dict)
    """what is said in one line of the subjects in files"""
    notes: dict[str, list[str]] = field(default_factory=dict)
    """what else was seen of a subject"""
    not_read: list[str] = field(default_factory=list)
    """the files in folders that are neither scripts nor notebooks"""
    interrupted: str = ""
    """how much was done before it was interrupted, in words; empty where it was not"""

    @property
    def ok(self) -> bool:
        """Whether all is lawful: of every subject no law that is asked for is broken or untested, one holds, and one
        that judges its numbers, if any applies."""
        return bool(self.results) and all(map(lawful, self.by_subject().values())) and not self.interrupted

    @property
    def passed_over(self) -> str:
        """In words, which files in folders were not read; nothing if all were."""
        more = f" and {len(self.not_read) - LISTED} more" if len(self.not_read) > LISTED else ""
        return f"not read: {', '.join(self.not_read[:LISTED])}{more}" if self.not_read else ""

    @property
    def untested(self) -> bool:
        """Whether nothing is broken, and something that is asked for could not be tested."""
        verdicts = {result.verdict for result in self.results if result.asked}
        return not self.ok and not self.interrupted and bool(verdicts) and "FAIL" not in verdicts

    def by_subject(self) -> dict[str, list[Result]]:
        """The results of every subject, in order."""
        found: dict[str, list[Result]] = {}
        for result in self.results:
            found.setdefault(result.subject, []).append(result)
        return found

    def verdict(self, subject: str) -> str:
        """What is said of a subject in one line."""
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
    """Whether a subject is, by its results: of the laws that are asked for."""
    asked = [r for r in results if r.asked]
    verdicts = {r.verdict for r in asked}
    return "PASS" in verdicts and not verdicts & {"FAIL", "UNTESTED"} and (shown(asked) or no_formula(asked))


def shown(results: Sequence[Result]) -> bool:
    """Whether a law that judges the numbers holds."""
    return any(r.judges and r.verdict == "PASS" for r in results) or not any(r.judges for r in results)


def no_formula(results: Sequence[Result]) -> bool:
    """Whether laws judge the numbers of such a subject, and none applies to this one."""
    judging = [r for r in results if r.judges]
    return bool(judging) and all(r.verdict == "SKIP" and not r.disputed for r in judging)


def not_shown(results: Sequence[Result]) -> str:
    """"not shown to be right: ..." if a law that is asked for could not be tested; else nothing."""
    untested = [r for r in results if r.verdict == "UNTESTED" and r.asked]
    if untested:
        return unproven(untested)
    none_judges = any(r.verdict == "PASS" for r in results) and not shown(results) and not no_formula(results)
    return f"{NOT_SHOWN}: no law could check its numbers" if none_judges else ""


def unproven(untested: Sequence[Result]) -> str:
    """That these laws could not be tested, and why not the first of them.

    >>> unproven([Result("a law", "", "f", verdict="UNTESTED", reason="too few; ask for more: examples=100")])
    'not shown to be right: 1 law could not be tested, because too few; ask for more: examples=100'
    """
    laws = "1 law" if len(untested) == 1 else f"{len(untested)} laws"
    return f"{NOT_SHOWN}: {laws} could not be tested, because {untested[0].reason}"
