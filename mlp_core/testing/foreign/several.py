"""Verifies several hand-ins at once, each in its own process, with a given number at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import replace
from itertools import zip_longest
from threading import Event
from typing import Any

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.testing.engine.result import Result
from mlp_core.testing.engine.runner import EXAMPLES
from mlp_core.testing.foreign import offered
from mlp_core.testing.foreign.load import found_with_reasons, notes_of
from mlp_core.testing.foreign.process import verify_file
from mlp_core.testing.foreign.told import LOADS, HandIn, Told, refused
from mlp_core.testing.foreign.verdict import headline
from mlp_core.testing.report.escape import escaped
from mlp_core.testing.report.report import Report
from mlp_core.testing.subjects.doors.asked import Asked
from mlp_core.testing.subjects.gradients import BATCH

BATCHES = 8
"""the largest batch that is tested if no batch size is given"""


STUB = re.compile(r", line \d+: raise NotImplementedError")

JUDGED = "can be judged", "The definition, and all that it reaches of its file, can be read and is filled in."


def subjects_in(files: Sequence[str]) -> tuple[list[str], list[HandIn]]:
    """Everything in the files that can be verified, as "file:name". Definitions that cannot be judged, and files
    without any, become hand-ins about which nothing is known. Raises ArgumentError for a single file in which nothing
    is recognised.
    """
    names, without = list[str](), list[HandIn]()
    for file in files:
        try:
            for name, reason in found_with_reasons(file):
                if reason is None:
                    names.append(name)
                else:
                    without.append(_not_judged(name, *reason))
        except ArgumentError as error:
            if len(files) == 1:
                raise
            brief = error.brief.removesuffix(offered.ADD).strip()
            without.append(refused(file, brief or f"{error.argument}: expected {error.expected}"))
        except (RecursionError, MemoryError, OSError, ValueError) as error:  # Python's own parser gives up on the file
            words = f"it is not valid Python ({type(error).__name__}: {error})"
            if len(files) == 1:
                raise ArgumentError("subject", Described(escaped(file)), f"a script or a notebook; {words}") from error
            without.append(refused(file, words))
    return names, without


def check_shapes(shapes: str | None, names: Sequence[str]) -> None:
    """Raises ArgumentError for shapes that are not a signature, or that are given with more or less than one
    definition.
    """
    if shapes is None:
        return
    Asked.of(shapes)
    if len(names) != 1:
        expected = f"one definition that they are for, FILE:NAME; found {escaped(', '.join(names)) or 'none'}"
        raise ArgumentError("shapes", shapes, expected)


def _not_judged(name: str, words: str, helps: str) -> HandIn:
    """A hand-in that cannot be judged before it is fixed."""
    words, hand_in = escaped(words), HandIn(name, notes=_notes(name))
    hand_in.results = [Told(*JUDGED).result(hand_in, verdict="UNTESTED", got=words, reason=f"{words}; {helps}")]
    return hand_in


def _notes(name: str) -> list[str]:
    """Notes about a definition that depend on its file alone; empty if the file no longer exists."""
    try:
        return [escaped(words) for words in notes_of(name)]
    except ArgumentError:
        return []


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
    names: Sequence[str], *, jobs: int, left: list[HandIn] | None = None, **options: Any
) -> Iterator[HandIn]:
    """Yields the hand-ins as they finish. If there are more jobs than hand-ins, each hand-in's laws are shared out.
    Options as for verify_file. If the loop is left early, running processes are ended, and their finished laws are
    added to `left`.
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
                    yield joined([part.result() for part in waiting.pop(name)])
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
            for parts in waiting.values():
                begun = [part.result() for part in parts if not part.cancelled()]
                checked = any(r.verdict in ("PASS", "FAIL") for part in begun for r in part.results)
                if left is not None and checked:
                    left.append(joined(begun))


def joined(parts: Sequence[HandIn]) -> HandIn:
    """The shares of a hand-in joined into one, with its laws in order."""
    for part in parts:
        if part.refused or (part.results and part.results[0].law == LOADS[0]):
            return part  # no other law was checked
    first = parts[0]
    rounds = zip_longest(*(part.results for part in parts))
    results = [filled_in(result) for several in rounds for result in several if result is not None]
    notes = dict.fromkeys([*_notes(first.name), *(note for part in parts for note in part.notes)])
    return replace(first, results=results, notes=list(notes), seconds=max(part.seconds for part in parts))


def filled_in(result: Result) -> Result:
    """The result itself; but if a call ends at an exercise that is not filled in, the result is untested."""
    if result.verdict != "FAIL" or not STUB.search(result.reason):
        return result
    words = f"not filled in: {result.reason}"
    return replace(result, verdict="UNTESTED", got=words, reason=f"{words}; fill it in", where="", snippet="")
