"""Examples drawn straight, without what Hypothesis does around each to find smaller ones once a law fails.

Of the time of an example a fifth is Hypothesis's own, whatever is drawn: it keeps a tree of all choices, repeats
choices in other places, and saves and restores every generator of random numbers twice. While a law holds none of that
is used. So the simplest example and small ones come from Hypothesis (FIRST), the others from its strategies alone. Once
one fails, Hypothesis looks for a failing example itself and makes it smaller. If it finds none, it is given the choices
that led to the one that was drawn.

Hypothesis has no public name for this. Where one is missing, or has other parameters, examples come from Hypothesis as
they did, and tests/engine/test_straight.py fails.
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
    from hypothesis.internal.entropy import deterministic_PRNG

    TAKES = signature(BuildContext).parameters
    THERE = "random" in signature(ConjectureData).parameters and set(TAKES) >= {"data", "is_final"}
except ImportError:  # another version's
    THERE = False

FIRST = 10
"""examples of a law that come from Hypothesis before others are drawn: the simplest, and small ones"""

ENOUGH = 2 * FIRST
"""the fewest examples of a law for which it pays"""


def first(wanted: int, kept: Kept | None) -> float:
    """How many examples come from Hypothesis, with those it is given to try before; infinity for all of them.

    >>> first(100, None) in (10, inf), first(19, None)
    (True, inf)
    """
    many = THERE and wanted >= ENOUGH
    return FIRST + (0 if kept is None else len(tuple(kept.fetch(b"")))) if many else inf


def drawn(
    strategy: SearchStrategy[Any], check: Callable[[Any], None], wanted: int, seed: int,
    broken_by: Callable[[bytes], None],
) -> bool:  # fmt: skip
    """Call check on so many examples, no two by the same choices; False where too many repeat others or are rejected.

    If check raises, broken_by is told of the choices first, as Hypothesis's databases keep them.
    """
    numbers = random.Random(f"straight {seed}")  # noqa: S311  (not the numbers of the first examples)
    tried, in_vain = set[Any](), 0
    named: dict[str, Any] = {"wrapped_test": check} if "wrapped_test" in TAKES else {}
    with deterministic_PRNG():
        while len(tried) < wanted:
            random.seed(0)  # as Hypothesis does before every example
            np.random.seed(0)  # noqa: NPY002  (numpy's global generator)
            data = ConjectureData(random=numbers)
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
