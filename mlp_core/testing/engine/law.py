"""A law: a statement about a subject, a strategy for examples, and a check that raises Broken if the law fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from unittest import SkipTest

from hypothesis.database import ExampleDatabase
from hypothesis.strategies import SearchStrategy

from mlp_core.testing.engine.evidence import Broken, Evidence

FLOOR = 0.3
"""the least share of the examples that must count; with fewer, the law is untested"""

Check = Callable[[Any, Any], Evidence]


@dataclass(frozen=True)
class Law:
    """A law, bound to a subject once `subject` is set.

    >>> from mlp_core.testing import laws
    >>> from mlp_core import backprop
    >>> law = laws(backprop)[0]
    >>> law.name
    'equals autograd for one sample'
    >>> law.check()
    """

    name: str
    statement: str
    function: Check
    given: Callable[[Any], SearchStrategy[Any]]
    why: str = ""
    """the reason: the harm that is done by the mistakes that the law catches"""
    skip: Callable[[Any], str | None] = lambda subject: None
    """why the law does not apply to a subject, and what would make it apply; None if it applies"""
    cases: Callable[[Any], tuple[str, ...]] = lambda subject: ()
    """cases that the examples must contain at least once; otherwise the law is untested"""
    owed: str = ""
    """if the subject must produce these cases, so that the law fails if no example contains one: what that means"""
    closing: str = ""
    """lines of the snippet for a subject that raises in the middle of the law"""
    narrowed: Callable[[Any, set[str]], Any] = lambda example, seen: example
    """an example without the cases that are already covered, if they need not be repeated"""
    beside: str = ""
    """why the law is kept, although other laws catch every known mistake that it catches"""
    floor: float = FLOOR
    share: float = 1.0
    """the share of the requested examples on which it runs: below 1 if an example is slow, and shows a mistake by
    itself"""
    judges: bool = False
    """whether the law compares the subject's numbers with known ones, exact or from another computation"""
    group: str = ""
    subject: Any = None
    runs: Callable[..., Any] | None = None
    """the function that checks the law, passed with the subject: `engine.run`, or a version that also explains
    failures"""

    def __str__(self) -> str:
        return self.name.replace(" ", "-")

    def bind(self, subject: Any, runs: Callable[..., Any] | None = None) -> Law:
        """The same law with a subject. `runs` checks it."""
        return Law(**{**self.__dict__, "subject": subject, "runs": runs})

    def waived(self) -> Law:
        """The same law, skipped."""
        return Law(**{**self.__dict__, "skip": lambda subject: "waived"})

    def check(
        self, *, examples: int | None = None, seed: int = 0, database: ExampleDatabase | None = None
    ) -> None:  # fmt: skip
        """Raises AssertionError with all details if the law fails, and with UNTESTED as the first word if it could not
        be tested enough. Raises unittest.SkipTest, which pytest reports as skipped, if the law does not apply.
        `database`: a Hypothesis database, as for `verify`."""
        assert self.runs is not None
        result = self.runs(self, examples=examples, seed=seed, database=database)
        if result.verdict in ("FAIL", "UNTESTED"):
            raise AssertionError(result.text())
        if result.verdict == "SKIP":
            raise SkipTest(f"{result.law}: {result.reason}")


class LawBook:
    """Laws in the order of the source. judges: the default of Law.judges. waivable: whether a failure shows the line
    that waives the law, if the subject has `waives_by`."""

    def __init__(self, *, judges: bool = False, waivable: bool = False) -> None:
        self.laws: list[Law] = []
        self.judges, self.waivable = judges, waivable

    def law(
        self, given: Callable[[Any], SearchStrategy[Any]], name: str = "", **options: Any
    ) -> Callable[[Check], Check]:
        """A decorator that enters a function as a law. The law's name is the function's name with spaces. The first
        paragraph of the docstring is the statement, the second the reason."""

        def enter(function: Check) -> Check:
            sentence = name or function.__name__.replace("_", " ")
            statement, _, why = (" ".join(part.split()) for part in (function.__doc__ or "").partition("\n\n"))
            check = showing_its_waiver(function, sentence) if self.waivable else function
            self.laws.append(Law(sentence, statement, check, given, why, **{"judges": self.judges, **options}))
            return function

        return enter


def showing_its_waiver(function: Check, law: str) -> Check:
    """The same check, whose failures end with the line that waives the law. `waives_by` of the subject is the function
    that takes waives=, for example "subjects.optimizer"."""

    @wraps(function)
    def shown(subject: Any, example: Any) -> Evidence:
        try:
            return function(subject, example)
        except Broken as broken:
            if by := getattr(subject, "waives_by", ""):
                line = f'if it is so by design: {by}(..., waives=["{law}"])'
                broken.note = f"{broken.note}; {line}" if broken.note else line
            raise

    return shown
