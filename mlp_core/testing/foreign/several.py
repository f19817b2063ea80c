"""Verifies several hand-ins at once, each in its own process, with a given number at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import replace
from itertools import zip_longest
from threading import Event
from typing import Any

from mlp_core.testing.engine.groups import BATCH
from mlp_core.testing.engine.result import EXAMPLES, Result
from mlp_core.testing.foreign.process import verify_file
from mlp_core.testing.foreign.told import LOADS, HandIn
from mlp_core.testing.foreign.verdict import headline
from mlp_core.testing.report.report import Report

BATCHES = 8
"""the largest batch that is tested if no batch size is given"""

NONE: Mapping[str, list[str]] = {}
"""no notes"""

STUB = re.compile(r", line \d+: raise NotImplementedError")


def kept(done: Sequence[HandIn]) -> list[HandIn]:
    """The hand-ins, without refused functions that only look like training functions. A file that has other hand-ins
    gets a note about each of them."""
    files = {h.name.rpartition(":")[0] for h in done if not h.refused}
    misfits = [h for h in done if h.refused and h.name.rpartition(":")[0] in files and "training function" in h.refused]
    for misfit in misfits:
        file, _, name = misfit.name.rpartition(":")
        beside = next(h for h in done if not h.refused and h.name.rpartition(":")[0] == file)
        beside.notes = [*beside.notes, f"{name} is not verified: {misfit.refused}"]
    return [h for h in done if h not in misfits]


def as_report(done: Sequence[HandIn], *, seed: int, examples: int | None, batch_size: int | None = None) -> Report:
    """A report of hand-ins. Laws about batches affect the verdict only if `batch_size`, the largest batch that must be
    correct, requires it; None means 1 for functions of the course.
    """
    report = Report(seed=seed, examples=examples or EXAMPLES)
    for hand_in in kept(done):
        largest = batch_size or (1 if hand_in.course else BATCHES)
        for result in hand_in.results:
            result.asked = largest > 1 or result.group != BATCH
        report.results += hand_in.results
        report.headlines[hand_in.name] = headline(hand_in.results, course=hand_in.course, reading=hand_in.reading)
        report.notes[hand_in.name] = hand_in.notes
    return report


def verify_files(
    names: Sequence[str], *, jobs: int, notes: Mapping[str, list[str]] = NONE, left: list[HandIn] | None = None,
    **options: Any,
) -> Iterator[HandIn]:  # fmt: skip
    """Yields the hand-ins as they finish. If there are more jobs than hand-ins, each hand-in's laws are shared out.
    notes: by name, the notes that come first. Options as for verify_file. If the loop is left early, running processes
    are ended, and their finished laws are added to `left`.
    """
    stop, shares = Event(), max(1, jobs // max(1, len(names)))
    with ThreadPoolExecutor(jobs) as pool:
        waiting: dict[str, list[Future[HandIn]]] = {
            name: [
                pool.submit(verify_file, name, stop=stop, share=(k, shares), **options) for k in range(shares)
            ]
            for name in names
        }  # fmt: skip
        names_of = {future: name for name, futures in waiting.items() for future in futures}
        try:
            for future in as_completed(names_of):
                name = names_of[future]
                if name in waiting and all(part.done() for part in waiting[name]):
                    yield joined([part.result() for part in waiting.pop(name)], notes.get(name, []))
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
            for parts in waiting.values():
                begun = [part.result() for part in parts if not part.cancelled()]
                checked = any(r.verdict in ("PASS", "FAIL") for part in begun for r in part.results)
                if left is not None and checked:
                    left.append(joined(begun, notes.get(begun[0].name, [])))


def joined(parts: Sequence[HandIn], notes: Sequence[str] = ()) -> HandIn:
    """The shares of a hand-in joined into one, with its laws in order. notes: further ones, which come first."""
    for part in parts:
        if part.refused or (part.results and part.results[0].law == LOADS[0]):
            return part  # no other law was checked
    first = parts[0]
    rounds = zip_longest(*(part.results for part in parts))
    results = [filled_in(result) for several in rounds for result in several if result is not None]
    every = dict.fromkeys([*notes, *(note for part in parts for note in part.notes)])
    return replace(first, results=results, notes=list(every), seconds=max(part.seconds for part in parts))


def filled_in(result: Result) -> Result:
    """The result itself; but if a call ends at an exercise that is not filled in, the result is untested."""
    if result.verdict != "FAIL" or not STUB.search(result.reason):
        return result
    words = f"not filled in: {result.reason}"
    return replace(result, verdict="UNTESTED", got=words, reason=f"{words}; fill it in", where="", snippet="")
