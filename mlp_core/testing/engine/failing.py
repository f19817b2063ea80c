"""The known facts about a law that failed and is still being checked, and the exceptions that end a run."""

from __future__ import annotations

import time
from typing import Any

from mlp_core.testing.engine.evidence import Broken

KEPT = 8
"""the number of failing examples that are kept for the diagnosis, beside the smallest"""


SECONDS = 6.0
"""of work after the first failure, after which the smallest example so far is small enough: loops over every pixel in
Python would take minutes"""

FURTHER = 3
"""the divisor of SECONDS for further laws of a subject: the report shows the first failure in full"""


class Short(BaseException):
    """Ends a run that lacks something, such as memory. The message names it."""


class Enough(BaseException):
    """Ends a run whose smallest example is small enough."""


class Failing:
    """The smallest example so far on which a law fails: the one whose snippet has the fewest words.
    further: another law of the subject has failed before.
    """

    def __init__(self, *, further: bool = False) -> None:
        self.seconds = SECONDS / (FURTHER if further else 1)
        self.broken: Broken | None = None
        self.example: Any = None
        self.size = 0
        self.kept = False  # whether it fails on an example of another law
        self.first: list[Any] = []
        self.begun = 0.0  # the processor time of the first failure
        self.again()

    def again(self, reused: int = 0) -> None:
        """A search begins. It tries this many examples of other laws first."""
        self.reused, self.seen, self.tries, self.here = reused, 0, 0, False

    def note(self, broken: Broken, example: Any) -> None:
        self.here = True  # from now on every example of this search is an attempt at a smaller one
        size = example.weight() if hasattr(example, "weight") else sum(map(len, example.setup()))
        self.begun = self.begun or time.process_time()
        if self.broken is None or size <= self.size:
            self.broken, self.example, self.size = broken, example, size
        if len(self.first) < KEPT:
            self.first.append(broken.example or example)

    def long(self) -> bool:
        """Whether attempts at a smaller example have taken too long."""
        return self.broken is not None and time.process_time() - self.begun > self.seconds


class Begun(BaseException):
    """Ends the part of a run that Hypothesis does: the first examples were tried, and the others are drawn straight."""
