"""Interleaved rounds: what is compared runs in turn, in one process, so that a machine's moods meet all alike.

pytest-benchmark times one function after the other. Here every contender of a group is timed first, round by round, and
pytest-benchmark is then given the durations, by a timer that plays them back (its own hook: `benchmark(timer=...)`).

Two environment variables change all benchmarks. BENCH_CLOCK=processor counts the processor time of the process, which
a machine that others load disturbs less; it is meant for one thread. BENCH_ROUNDS=5 takes so many rounds at most.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain
from statistics import median
from typing import Any

import pytest

Contenders = dict[str, Callable[[], object]]

OURS = "mlp_core"

clock = {"wall": time.perf_counter, "processor": time.process_time}[os.environ.get("BENCH_CLOCK", "wall")]

WARM = 3
"""rounds that are not counted: first steps allocate state, compile, fill caches"""


def at_most(rounds: int) -> int:
    """So many rounds, or fewer where the environment says so."""
    return min(rounds, int(os.environ.get("BENCH_ROUNDS", rounds)))


def interleaved(contenders: Contenders, *, rounds: int) -> dict[str, list[float]]:
    """Seconds of each round of each contender. Every round runs all, and begins with another than the last."""
    names, seconds = list(contenders), {name: list[float]() for name in contenders}
    enabled = gc.isenabled()
    gc.disable()
    try:
        for number in range(-WARM, rounds):
            first = number % len(names)
            for name in names[first:] + names[:first]:
                begin = clock()
                contenders[name]()
                if number >= 0:
                    seconds[name].append(clock() - begin)
            gc.collect(0)
    finally:
        if enabled:
            gc.enable()
    return seconds


def ratio(ours: Sequence[float], other: Sequence[float]) -> float:
    """The median of the ratios of the rounds: a round that was disturbed as a whole disturbs no ratio."""
    return median(a / b for a, b in zip(ours, other, strict=True))


def startable(makers: dict[str, Callable[[], Callable[[], object]]]) -> tuple[Contenders, dict[str, str]]:
    """The contenders that run here, and for each other one why it does not."""
    contenders, absent = Contenders(), dict[str, str]()
    for name, make in makers.items():
        try:
            contender = make()
            contender()
        except Exception as error:  # a peer that is not installed, or finds no compiler
            if name == OURS:
                raise
            absent[name] = f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error) else ''}"
        else:
            contenders[name] = contender
    return contenders, absent


class Replay:
    """A timer that, between two calls, says that the durations given went by."""

    def __init__(self) -> None:
        self.readings: Iterator[float] = iter(())

    def play(self, durations: Sequence[float]) -> None:
        ends = list(accumulate(durations))
        self.readings = chain.from_iterable(zip([0.0, *ends], ends, strict=False))

    def __call__(self) -> float:
        return next(self.readings)


REPLAY = Replay()


@dataclass(frozen=True)
class Figures:
    """The measurements of a group: seconds of each round by contender, who was absent and why."""

    group: str
    seconds: dict[str, list[float]]
    absent: dict[str, str]
    repeats: int
    """how often a round does what is timed"""
    at: dict[str, Any] = field(default_factory=dict)
    """where in a plot: numbers by name"""

    def hand_to(self, benchmark: Any, name: str) -> None:
        """Give pytest-benchmark, whose timer must be REPLAY, the durations of a contender; skips an absent one."""
        if name in self.absent:
            pytest.skip(self.absent[name])
        durations = [seconds / self.repeats for seconds in self.seconds[name]]
        benchmark.group = self.group
        benchmark.extra_info.update(
            contender=name, ratio=ratio(self.seconds[OURS], self.seconds[name]), median=median(durations), **self.at
        )  # fmt: skip
        REPLAY.play(durations)
        benchmark.pedantic(lambda: None, rounds=len(durations), iterations=1)


def figures(
    group: str, makers: dict[str, Callable[[], Callable[[], object]]], *, rounds: int, repeats: int, **at: Any
) -> Figures:  # fmt: skip
    """Measure a group: OURS and its peers."""
    contenders, absent = startable(makers)
    return Figures(group, interleaved(contenders, rounds=at_most(rounds)), absent, repeats, at)
