"""What is known of a law that is being checked and failed, and what ends a run."""

from __future__ import annotations

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
        self.size = 0
        self.kept = False  # whether an example of another law breaks it
        self.first: list[Any] = []
        self.again()

    def again(self, reused: int = 0) -> None:
        """A search begins: it tries so many examples of other laws first."""
        self.reused, self.seen, self.tries, self.here = reused, 0, 0, False

    def note(self, broken: Broken, example: Any) -> None:
        self.here = True  # from now on every example of this search is an attempt at a smaller one
        size = example.weight() if hasattr(example, "weight") else sum(map(len, example.setup()))
        if self.broken is None or size <= self.size:
            self.broken, self.example, self.size = broken, example, size
        if len(self.first) < KEPT:
            self.first.append(broken.example or example)


class Begun(BaseException):
    """Ends Hypothesis's part of a run: the first examples were tried, the others are drawn straight."""
