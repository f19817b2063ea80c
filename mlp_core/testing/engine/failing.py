"""What is known of a law that is being checked and failed, and what ends a run."""

from __future__ import annotations

from math import inf
from typing import Any

from mlp_core.testing.engine.evidence import Broken

KEPT = 8
"""failing examples that are kept for the diagnosis, beside the smallest"""


class Short(BaseException):
    """Ends a run for which something is missing, such as memory, and says what."""


class Enough(BaseException):
    """Ends a run whose smallest example is small enough."""


class Failing:
    """The smallest example so far on which a law is broken: the one that takes the fewest words to build."""

    def __init__(self) -> None:
        self.broken: Broken | None = None
        self.example: Any = None
        self.size, self.tries = 0, 0
        self.reused, self.kept = -inf, False  # tries up to which examples of other laws come; whether one breaks it
        self.first: list[Any] = []

    def note(self, broken: Broken, example: Any) -> None:
        size = example.weight() if hasattr(example, "weight") else sum(map(len, example.setup()))
        if self.broken is None or size <= self.size:
            self.broken, self.example, self.size = broken, example, size
        if len(self.first) < KEPT:
            self.first.append(broken.example or example)


class Begun(BaseException):
    """Ends Hypothesis's part of a run: the first examples were tried, the others are drawn straight."""
