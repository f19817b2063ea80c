"""A law: a sentence about a subject, a way to generate examples, and a check that raises Broken where it fails."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import SkipTest

import torch
from hypothesis.database import ExampleDatabase
from hypothesis.strategies import SearchStrategy

import mlp_core

NOT_THEIRS = tuple(str(Path(module.__file__ or "").parent) for module in (mlp_core, torch, traceback))
"""folders of code that is not the subject's: ours, torch's, Python's"""

FLOOR = 0.3
"""the least share of the examples asked for that must have counted; fewer, and the law has not been tested"""


@dataclass
class Evidence:
    """What one example showed: how near the error came to its bound, how many entries were compared."""

    error: float = 0.0
    """the largest absolute error among the entries compared"""
    ratio: float = 0.0
    """the largest error divided by its bound; 0 where both are exact"""
    entries: int = 0
    skipped: int = 0
    by_bound: int = 0
    """tensors whose relative error did not decide, but the bound"""
    tensors: int = 0
    counted: bool = True
    """False for an example on which the law says nothing"""
    seen: frozenset[str] = frozenset()
    """which of the law's cases this example showed"""

    def join(self, more: Evidence, *, silent: int = 0) -> None:
        """Take up what another comparison showed, but for `silent` of its entries, about which nothing is said."""
        self.entries += more.entries - silent
        self.error, self.ratio = max(self.error, more.error), max(self.ratio, more.ratio)


class Broken(AssertionError):
    """A law does not hold on an example: where, got, expected, and the lines that show it again."""

    example: Any = None
    """the example the lines are about, where the law made it out of the one it was given"""

    others: tuple[Any, ...] = ()
    """other examples on which the law was broken, the first ones found"""

    def __init__(self, where: str, got: object, expected: object, *, closing: str = "", note: str = "") -> None:
        super().__init__(f"{where}: got {got}, expected {expected}")
        self.where, self.got, self.expected, self.closing, self.note = where, str(got), str(expected), closing, note


class Raised(Broken):
    """The subject raised an exception of its own."""

    def __init__(self, error: Exception) -> None:
        super().__init__("the call itself", f"{type(error).__name__}: {error}", "no exception", note=place_of(error))


def place_of(error: BaseException) -> str:
    """The line that raised an error, in the subject's own file where one of its lines was running."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(NOT_THEIRS)]
    return "".join(f"{Path(f.filename).name}, line {f.lineno}: {f.line}" for f in (own or frames)[-1:])


class Rejected(BaseException):
    """An example on which a law says nothing; passes through everything that catches what a subject raises."""


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
    """what the examples must have shown at least once, all together"""
    closing: str = ""
    """lines of the snippet for a subject that raises in the middle of the law"""
    narrowed: Callable[[Any, set[str]], Any] = lambda example, seen: example
    """an example without the cases already seen, where they need not be seen again"""
    beside: str = ""
    """why the law stands, although others catch whatever it catches of the catalogue"""
    floor: float = FLOOR
    group: str = ""
    subject: Any = None

    def __str__(self) -> str:
        return self.name.replace(" ", "-")

    def bind(self, subject: Any) -> Law:
        """The same law about `subject`."""
        return Law(**{**self.__dict__, "subject": subject})

    def waived(self) -> Law:
        """The same law, skipped."""
        return Law(**{**self.__dict__, "skip": lambda subject: "waived"})

    def check(
        self, *, examples: int | None = None, seed: int = 0, database: ExampleDatabase | None = None
    ) -> None:  # fmt: skip
        """Raises AssertionError, with everything known about the failure, where the law does not hold, and
        unittest.SkipTest, which pytest reports as skipped, where it does not apply. `database`: one of Hypothesis's, as
        for `verify`."""
        from mlp_core.testing.engine import run

        result = run(self, examples=examples, seed=seed, database=database)
        if result.verdict == "FAIL":
            raise AssertionError(result.text())
        if result.verdict == "SKIP":
            raise SkipTest(f"{result.law}: {result.reason}")


class LawBook:
    """Laws in the order in which they were written."""

    def __init__(self) -> None:
        self.laws: list[Law] = []

    def law(
        self, given: Callable[[Any], SearchStrategy[Any]], name: str = "", **options: Any
    ) -> Callable[[Check], Check]:
        """Enter a function as a law, under its own name read as a sentence; the first paragraph of its docstring is the
        statement, the second says why it matters."""

        def enter(function: Check) -> Check:
            sentence = name or function.__name__.replace("_", " ")
            statement, _, why = (" ".join(part.split()) for part in (function.__doc__ or "").partition("\n\n"))
            self.laws.append(Law(sentence, statement, function, given, why, **options))
            return function

        return enter
