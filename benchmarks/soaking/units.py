"""The units of a soak: a unit is one law on one subject, with examples of its own, in one shard."""

from __future__ import annotations

import hashlib
import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

import torch

from mlp_core.testing.engine import runner as engine
from mlp_core.testing.engine.law import Law
from mlp_core.testing.laws.books import laws_of
from mlp_core.testing.verification.names import resolve

Record = dict[str, Any]
"""what became of a unit, ready for JSON"""

Key = tuple[int, str, str]
"""shard, subject and law"""

COUNTERS = ("examples", "counted", "entries", "skipped", "tensors", "by_bound", "error", "ratio")
"""of engine.Result"""

LAWS: dict[tuple[str, str], Law] = {}
"""by subject and law; filled before the workers are, who have them too"""


@dataclass(frozen=True)
class Unit:
    """`examples` examples of a law on a subject."""

    shard: int
    subject: str
    law: str
    examples: int
    seed: int

    @property
    def key(self) -> Key:
        return self.shard, self.subject, self.law


def plan(subjects: Mapping[str, Any], *, examples: int, shards: int, seed: int, only: str = "") -> list[Unit]:
    """The units of a soak, shard after shard, so that a part of it has seen something of everything.

    `examples` are shared out evenly, rounded up; `only`: what the name of a law or a subject must contain. Laws that
    do not apply to a subject are no part of it.
    """
    for name, thing in subjects.items():
        subject = resolve(thing)
        LAWS.update({(name, law.name): law for law in laws_of(subject) if law.skip(law.subject) is None})
    pairs = [pair for pair in LAWS if pair[0] in subjects and (only in pair[0] or only in pair[1])]
    each = ceil(examples / (len(pairs) * shards)) if pairs else 0
    return [Unit(shard, *pair, each, derived(seed, shard, *pair)) for shard in range(shards) for pair in pairs]


def derived(seed: int, shard: int, subject: str, law: str) -> int:
    """A unit's own seed: no two shards share any, and the order of work has no say in it."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{shard}/{subject}/{law}".encode()).digest()[:8])


def key(record: Record) -> Key:
    """The key of the unit to which the record belongs."""
    return record["shard"], record["subject"], record["law"]


def check(unit: Unit) -> Record:
    """Run a unit, here."""
    begun = time.process_time()
    result = engine.run(LAWS[unit.subject, unit.law], examples=unit.examples, seed=unit.seed)
    found = {name: getattr(result, name) for name in COUNTERS}
    said = {"verdict": result.verdict, "seconds": time.process_time() - begun}
    return {**asdict(unit), "asked": unit.examples, **found, **said, "text": _text(result)}


def _text(result: engine.Result) -> str:
    return result.text() if result.verdict in ("FAIL", "UNTESTED") else ""


def lost(unit: Unit) -> Record:
    """The record of a unit whose process died twice."""
    nothing = dict.fromkeys(COUNTERS, 0)
    text = f"BROKEN: {unit.subject}: {unit.law}\n  note       the process that ran it died"
    return {**asdict(unit), "asked": unit.examples, **nothing, "verdict": "FAIL", "seconds": 0.0, "text": text}


def run(units: Sequence[Unit], jobs: int, stopping: Callable[[], bool] = lambda: False) -> Iterator[Record]:
    """The records of units, in the order in which `jobs` processes finish them.

    Once `stopping` says so, no further unit is begun. Where a process dies, those under way are run again, each in a
    process of its own: what kills it a second time is a failure, and the others go on.
    """
    waiting, running, pool = deque(units), dict[Future[Record], Unit](), _pool(jobs)
    try:
        while running or (waiting and not stopping()):
            dead: list[Unit] = []
            while waiting and len(running) < jobs and not dead and not stopping():
                unit = waiting.popleft()
                try:
                    running[pool.submit(check, unit)] = unit
                except BrokenProcessPool:  # of a unit begun before
                    dead.append(unit)
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                unit = running.pop(future)
                try:
                    yield future.result()
                except BrokenProcessPool:
                    dead.append(unit)
            if dead:
                pool.shutdown()
                for unit in (*dead, *running.values()):
                    yield _alone(unit)
                running, pool = {}, _pool(jobs)
    finally:
        pool.shutdown(cancel_futures=True)


def _alone(unit: Unit) -> Record:
    with _pool(1) as pool:
        try:
            return pool.submit(check, unit).result()
        except BrokenProcessPool:
            return lost(unit)


def _pool(jobs: int) -> ProcessPoolExecutor:
    """Copies of this process, with all it has imported. Ctrl-C is this process's business, not theirs."""
    torch.set_num_threads(1)
    fork = multiprocessing.get_context("fork")
    return ProcessPoolExecutor(
        jobs, mp_context=fork, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)
    )
