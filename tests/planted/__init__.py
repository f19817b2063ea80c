"""Planted mistakes: for every law of the battery something deliberately wrong that it must catch.

Short on purpose: each is a mistake somebody has made, or nearly. The tests of the laws (test_laws_bite.py,
test_snippets.py) go through CATALOGUE of each module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import torch
from hypothesis import Phase

from mlp_core.testing import engine
from mlp_core.testing.engine import Result
from mlp_core.testing.resolve import resolve

UNSHRUNK = SimpleNamespace(generate=Phase.generate, shrink=Phase.generate)
"""in place of Hypothesis's phases in the engine"""


@dataclass(frozen=True)
class Fault:
    """A mistake, the law that must catch it, and what the same name means once the mistake is mended."""

    law: str
    subject: Any
    right: dict[str, Any]
    """by name what takes the place of the mistake in the snippet"""
    wrong: dict[str, Any]
    """by name what the snippet cannot import: "record", for records that are not registered"""
    examples: int = 100

    def __str__(self) -> str:
        return f"{self.law}: {self.subject.name}".replace(" ", "-")

    @cached_property
    def result(self) -> Result:
        """What the law says. Nothing is shrunk: that takes most of the time, and snippets must do for any example."""
        (law,) = (law for law in self.subject.laws() if law.name == self.law)
        with contained(), patch.object(engine, "Phase", UNSHRUNK):
            return engine.run(law, examples=self.examples)


@contextmanager
def contained() -> Iterator[None]:
    """Some mistakes draw random numbers or leave another default dtype: not beyond here."""
    dtype = torch.get_default_dtype()
    with torch.random.fork_rng():
        try:
            yield
        finally:
            torch.set_default_dtype(dtype)


class Catalogue:
    """Mistakes in the order in which they were written."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def caught_by(
        self, *laws: str, right: Any, subject: Callable[[Any], Any] = resolve, examples: int = 100, **names: Any
    ) -> Callable[[Any], Any]:
        """Enter a function or class as a mistake that each of `laws` must catch; `subject` makes it a subject, and
        `names` is what else the snippet imports."""

        def enter(thing: Any) -> Any:
            for law in laws:
                self.faults.append(Fault(law, subject(thing), {thing.__name__: right, **names}, {}, examples))
            return thing

        return enter

    def record(self, law: str, wrong: Any, right: Any, *, examples: int = 100) -> None:
        """Enter an activation or loss record that `law` must catch."""
        self.faults.append(Fault(law, resolve(wrong), {"record": right}, {"record": wrong}, examples))
