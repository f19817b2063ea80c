"""A few examples of a strategy, the same ones every time, for examining a subject outside of laws."""

from __future__ import annotations

from typing import TypeVar

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

from mlp_core.testing.engine.constants import undisturbed

T = TypeVar("T")


def sample(strategy: SearchStrategy[T], n: int, *, seed: int = 0) -> list[T]:
    """At most n examples, the simplest first.

    >>> from hypothesis import strategies as st
    >>> len(sample(st.integers(0, 1000), 5))
    5
    """
    drawn: list[T] = []

    @hypothesis.seed(seed)
    @settings(
        max_examples=n, deadline=None, database=None, derandomize=False, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(strategy)
    def keep(example: T) -> None:
        drawn.append(example)

    with undisturbed():
        keep()
    return drawn
