"""Interleaved rounds: what is compared runs in turn, in one process, so that a machine's moods meet all alike.

pytest-benchmark times one function after the other. Here every contender of a group is timed first, round by round, and
pytest-benchmark is then given the durations, by a timer that plays them back (its own hook: `benchmark(timer=...)`).
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, chain
from statistics import median

Contenders = dict[str, Callable[[], object]]

WARM = 3
"""rounds that are not counted: first steps allocate state, compile, fill caches"""


def interleaved(contenders: Contenders, *, rounds: int) -> dict[str, list[float]]:
    """Seconds of each round of each contender. Every round runs all, and begins with another than the last."""
    names, seconds = list(contenders), {name: list[float]() for name in contenders}
    enabled = gc.isenabled()
    gc.disable()
    try:
        for number in range(-WARM, rounds):
            first = number % len(names)
            for name in names[first:] + names[:first]:
                begin = time.perf_counter()
                contenders[name]()
                if number >= 0:
                    seconds[name].append(time.perf_counter() - begin)
            gc.collect(0)
    finally:
        if enabled:
            gc.enable()
    return seconds


def ratio(ours: Sequence[float], other: Sequence[float]) -> float:
    """The median of the ratios of the rounds: a round that was disturbed as a whole disturbs no ratio."""
    return median(a / b for a, b in zip(ours, other, strict=True))


class Replay:
    """A timer that, between two calls, says that the durations given went by."""

    def __init__(self) -> None:
        self.readings: Iterator[float] = iter(())

    def play(self, durations: Sequence[float]) -> None:
        ends = list(accumulate(durations))
        self.readings = chain.from_iterable(zip([0.0, *ends], ends, strict=False))

    def __call__(self) -> float:
        return next(self.readings)
