"""What verify found: the results of one run, and what is said of each subject in a line."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlp_core.testing.engine.result import Result


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
    interrupted: str = ""
    """how much was done before it was interrupted, in words; empty where it was not"""

    @property
    def ok(self) -> bool:
        """Whether all is lawful."""
        verdicts = [result.verdict for result in self.results if result.asked]
        return "PASS" in verdicts and "FAIL" not in verdicts and not self.interrupted

    def verdict(self, subject: str) -> str:
        """What is said of a subject in one line."""
        broken = sum(r.verdict == "FAIL" for r in self.results if r.subject == subject)
        return self.headlines.get(subject, f"{broken} laws broken" if broken else "lawful")
