"""A law: a sentence about a subject, a way to generate examples, and a check that raises Broken where it fails."""

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
"""the least share of the examples asked for that must have counted; fewer, and the law has not been tested"""

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
    """why it matters: the harm that the mistakes it catches do"""
    skip: Callable[[Any], str | None] = lambda subject: None
    """why the law does not apply to a subject, with what would make it apply; None where it does"""
    cases: Callable[[Any], tuple[str, ...]] = lambda subject: ()
    """what the examples must have shown at least once, all together; else it is untested"""
    owed: str = ""
    """if the subject owes these cases, so that one that no example shows breaks the law: what that means, in words"""
    closing: str = ""
    """lines of the snippet for a subject that raises in the middle of the law"""
    narrowed: Callable[[Any, set[str]], Any] = lambda example, seen: example
    """an example without the cases already seen, where they need not be seen again"""
    beside: str = ""
    """why the law stands, although others catch whatever it catches of the catalogue"""
    floor: float = FLOOR
    share: float = 1.0
    """of the examples asked for, how many it is tried on: fewer, where each is dear and shows a mistake by itself"""
    judges: bool = False
    """whether it judges the subject's numbers against what is known: another way to compute them, or exact ones"""
    group: str = ""
    subject: Any = None
    runs: Callable[..., Any] | None = None
    """what checks it, given with the subject: `engine.run`, or that with explanations"""

    def __str__(self) -> str:
        return self.name.replace(" ", "-")

    def bind(self, subject: Any, runs: Callable[..., Any] | None = None) -> Law:
        """The same law about `subject`, checked by `runs`."""
        return Law(**{**self.__dict__, "subject": subject, "runs": runs})

    def waived(self) -> Law:
        """The same law, skipped."""
        return Law(**{**self.__dict__, "skip": lambda subject: "waived"})

    def check(
        self, *, examples: int | None = None, seed: int = 0, database: ExampleDatabase | None = None
    ) -> None:  # fmt: skip
        """Raises AssertionError, with everything known about the failure, if the law does not hold; also, with UNTESTED
        as its first word, if it could not be tried enough; and unittest.SkipTest, which pytest reports as skipped, if
        it does not apply. `database`: one of Hypothesis's, as for `verify`."""
        assert self.runs is not None
        result = self.runs(self, examples=examples, seed=seed, database=database)
        if result.verdict in ("FAIL", "UNTESTED"):
            raise AssertionError(result.text())
        if result.verdict == "SKIP":
            raise SkipTest(f"{result.law}: {result.reason}")


class LawBook:
    """Laws in the order in which they were written. judges: whether they do, but for those that say otherwise.
    waivable: whether a failure shows the line that waives the law, for a subject that says in `waives_by` how."""

    def __init__(self, *, judges: bool = False, waivable: bool = False) -> None:
        self.laws: list[Law] = []
        self.judges, self.waivable = judges, waivable

    def law(
        self, given: Callable[[Any], SearchStrategy[Any]], name: str = "", **options: Any
    ) -> Callable[[Check], Check]:
        """Enter a function as a law, under its own name read as a sentence; the first paragraph of its docstring is the
        statement, the second says why it matters."""

        def enter(function: Check) -> Check:
            sentence = name or function.__name__.replace("_", " ")
            statement, _, why = (" ".join(part.split()) for part in (function.__doc__ or "").partition("\n\n"))
            check = showing_its_waiver(function, sentence) if self.waivable else function
            self.laws.append(Law(sentence, statement, check, given, why, **{"judges": self.judges, **options}))
            return function

        return enter


def showing_its_waiver(function: Check, law: str) -> Check:
    """The same check, whose failures end with the line that waives the law, if the subject says how: `waives_by` is the
    function that takes waives=, as "subjects.optimizer"."""

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
