"""The content of the page, in order: subjects with their failures, and tables of subjects by laws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mlp_core.testing.engine.result import Result
from mlp_core.testing.report.findings import VERDICTS, Findings, not_shown
from mlp_core.testing.report.formats import diagnoses
from mlp_core.testing.report.names import short_names


@dataclass(frozen=True)
class Failures:
    """Failing laws with the same smallest example, which is therefore drawn only once."""

    exhibit: dict[str, Any] | None
    results: list[Result]

    @property
    def trajectory(self) -> dict[str, Any] | None:
        """The first wrong entry among them that is followed step by step."""
        return next((r.trajectory for r in self.results if r.trajectory), None)


@dataclass(frozen=True)
class Subject:
    """A subject and everything that the page shows about it."""

    number: int
    name: str
    verdict: str
    notes: Sequence[str]
    results: list[Result]

    @property
    def laws(self) -> list[str]:
        return [r.law for r in self.results]

    @property
    def broken(self) -> list[Result]:
        return [r for r in self.results if r.verdict == "FAIL"]

    @property
    def mark(self) -> str:
        """right, partly (only laws fail that do not affect the verdict), wrong, untested if it is not shown to be
        right, or unknown if no law was run.
        """
        if any(r.asked for r in self.broken):
            return "wrong"
        if not_shown(self.results):
            return "untested"
        if not any(r.verdict == "PASS" and r.asked for r in self.results):
            return "unknown"
        return "partly" if self.broken else "right"

    @property
    def diagnoses(self) -> list[str]:
        return diagnoses(self.broken)

    @property
    def failures(self) -> list[Failures]:
        """The failing laws, grouped if they failed on the same example."""
        together: list[Failures] = []
        for result in self.broken:
            same = [f for f in together if f.exhibit is not None and f.exhibit == result.exhibit]
            if same:
                same[0].results.append(result)
            else:
                together.append(Failures(result.exhibit, [result]))
        return together

    def result(self, law: str) -> Result | None:
        return next((r for r in self.results if r.law == law), None)


@dataclass(frozen=True)
class Table:
    """Subjects that have laws in common, by these laws."""

    laws: list[tuple[str, str]]
    """name and statement"""
    subjects: list[Subject]


def subjects(report: Findings) -> list[Subject]:
    """The subjects in order."""
    found = report.by_subject()
    short = short_names(list(found))
    return [
        Subject(number, name, report.verdict(whole), report.notes.get(whole, ()), results)
        for number, (name, (whole, results)) in enumerate(zip(short, found.items(), strict=True))
    ]


def tables(subjects: Sequence[Subject]) -> list[Table]:
    """One table for all subjects that have a law in common, directly or through others. A subject that could not be
    loaded is in the first table.
    """
    groups: list[list[Subject]] = []
    for subject in subjects:
        near = [g for g in groups if any(set(subject.laws) & set(other.laws) for other in g)]
        groups = [g for g in groups if g not in near] + [[*(s for g in near for s in g), subject]]
    alone = [g for g in groups if all(len(s.laws) == 1 for s in g)]
    groups = sorted((g for g in groups if g not in alone), key=lambda g: g[0].number) or [[]]
    groups[0] = [*groups[0], *(s for g in alone for s in g)]
    return [_table(sorted(group, key=lambda s: s.number)) for group in groups]


def _table(group: list[Subject]) -> Table:
    statements = {r.law: r.statement for s in group if len(s.laws) > 1 or len(group) == 1 for r in s.results}
    return Table(list(statements.items()), group)


def counts(report: Findings) -> dict[str, int]:
    """The numbers of laws that hold, fail, could not be tested and are skipped, and the number of examples."""
    verdicts = {name: sum(r.verdict == name for r in report.results) for name in VERDICTS}
    return {**verdicts, "examples": sum(r.examples for r in report.results)}


def lines(found: dict[str, Any]) -> list[tuple[int, str, str, bool]]:
    """The lines of a function at fault: number, text, mark, and whether got and expected are shown beside it."""
    marks = dict(found["marks"])
    last = max((line for line, mark in marks.items() if mark != "feeds"), default=0)
    numbered = enumerate(found["source"], start=found["first"])
    return [(number, text, marks.get(number, ""), number == last) for number, text in numbered]
