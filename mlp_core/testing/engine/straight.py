"""Draws examples straight, without the work that Hypothesis does around each of them to shrink a failure.

Hypothesis itself takes a fifth of an example's time, whatever is drawn. It keeps a tree of all choices, repeats choices
in other places, and saves and restores every random number generator twice. As long as a law holds, none of that is
used. So Hypothesis generates the simplest example and some small ones (FIRST), and the others are drawn from its
strategies alone. After a failure, Hypothesis searches for a failing example itself and shrinks it. If it finds none, it
receives the choices that led to the one that was drawn.

Hypothesis has no public interface for this. If an internal name is missing or has other parameters, Hypothesis
generates all examples, and tests/engine/test_straight.py fails.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from inspect import signature
from math import inf
from typing import Any

import numpy as np
from hypothesis.errors import StopTest, UnsatisfiedAssumption
from hypothesis.strategies import SearchStrategy

from mlp_core.testing.engine.database import Kept

try:
    from hypothesis.control import BuildContext
    from hypothesis.database import choices_to_bytes
    from hypothesis.internal.conjecture.data import ConjectureData
    from hypothesis.internal.conjecture.providers import HypothesisProvider
    from hypothesis.internal.entropy import deterministic_PRNG

    TAKES = signature(BuildContext).parameters
    PARTS = signature(ConjectureData).parameters
    THERE = {"random", "provider"} <= set(PARTS) and set(TAKES) >= {"data", "is_final"}
    PLAIN: Any = HypothesisProvider
except ImportError:  # another version of Hypothesis
    THERE, PLAIN = False, object


class Straight(PLAIN):  # type: ignore[misc]  # a class only where Hypothesis has it
    """Hypothesis's own numbers, whose bytes are drawn at once: one after the other takes a tenth of an example."""

    def draw_bytes(self, min_size: int = 0, max_size: int = 0) -> bytes:
        """The bytes that Hypothesis draws from the same random numbers."""
        wanted = {"min_size": min_size, "max_size": max_size}
        if min_size != max_size or not hasattr(self, "_maybe_draw_constant"):
            return super().draw_bytes(**wanted)
        constant = self._maybe_draw_constant("bytes", wanted)
        # the generator makes 32 bits at a time, of which Hypothesis takes the upper 8 for each byte
        return self._random.randbytes(4 * min_size)[3::4] if constant is None else constant


FIRST = 10
"""the number of a law's examples that Hypothesis generates first: the simplest, and small ones"""

ENOUGH = 2 * FIRST
"""the fewest examples of a law for which drawing straight is faster"""


def first(wanted: int, kept: Kept | None) -> float:
    """The number of examples that Hypothesis generates, including the kept ones it tries first; infinity for all.

    >>> first(100, None) in (10, inf), first(19, None)
    (True, inf)
    """
    many = THERE and wanted >= ENOUGH
    return FIRST + (0 if kept is None else len(tuple(kept.fetch(b"")))) if many else inf


def drawn(
    strategy: SearchStrategy[Any], check: Callable[[Any], None], wanted: int, seed: int,
    broken_by: Callable[[bytes], None],
) -> bool:  # fmt: skip
    """Call check on this many examples, no two by the same choices. Returns False if too many examples repeat others or
    are rejected.

    If check raises, broken_by first receives the choices, in the encoding of Hypothesis's databases.
    """
    numbers = random.Random(f"straight {seed}")  # noqa: S311  (not the numbers of the first examples)
    tried, in_vain = set[Any](), 0
    named: dict[str, Any] = {"wrapped_test": check} if "wrapped_test" in TAKES else {}
    with deterministic_PRNG():
        while len(tried) < wanted:
            random.seed(0)  # as Hypothesis does before every example
            np.random.seed(0)  # noqa: NPY002  (numpy's global generator)
            data = ConjectureData(random=numbers, provider=Straight)
            with BuildContext(data, **named):
                try:
                    example = data.draw(strategy)
                except (StopTest, UnsatisfiedAssumption):
                    example = None
                if example is None or data.choices in tried:
                    in_vain += 1
                    if in_vain > wanted:
                        return False
                    continue
                tried.add(data.choices)
                try:
                    check(example)
                except BaseException:
                    broken_by(choices_to_bytes(data.choices))
                    raise
    return True
