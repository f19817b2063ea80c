"""Hand-ins in processes of their own: started, listened to, ended; whatever becomes of them is a verdict."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event
from typing import Any

from mlp_core.testing.engine.result import Result
from mlp_core.testing.foreign.limits import PATIENCE, Limits

LOADS = "can be loaded", "The definition, and what it reaches of its file, can be run."

FOUND = "has something to verify", "There is a definition in the file that can be verified."

FAIL, UNTESTED = "FAIL", "UNTESTED"

DEFAULT = Limits()

MOMENT = 0.2
"""seconds after which it is looked whether to go on listening"""

GRACE = 5.0
"""seconds after its limits that a process has to say so itself"""


@dataclass
class HandIn:
    """What became of one subject of a file."""

    name: str
    course: bool = False
    """whether it is a function of the course"""
    results: list[Result] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0


def verify_file(
    name: str, *, limits: Limits = DEFAULT, stop: Event | None = None, share: tuple[int, int] = (0, 1), **options: Any
) -> HandIn:
    """Verify "file:name" in a process of its own; options: examples, seed, largest (batch).
    share (k, n): every n-th law alone, from the k-th on. Once `stop` is set it ends,
    with the laws done so far."""
    hand_in, begin = HandIn(name), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mlp-core-", ignore_cleanup_errors=True) as folder:
        scratch = Path(folder) / "work"  # which it may remove
        scratch.mkdir()
        with _started(name, scratch, limits, {**options, "share": share}) as (process, connection):
            _listen(
                hand_in, process, connection, begin + limits.total + PATIENCE * limits.call + GRACE, stop or Event()
            )
    hand_in.seconds = time.monotonic() - begin
    return hand_in


@contextmanager
def _started(name: str, scratch: Path, limits: Limits, options: dict[str, Any]) -> Iterator[tuple[Any, Connection]]:
    """The process, ended with all its children however this is left."""
    context: Any = multiprocessing.get_context("forkserver" if hasattr(os, "fork") else "spawn")
    if hasattr(os, "fork"):
        context.set_forkserver_preload(["mlp_core.testing.verification.preloaded"])  # once, for all
    ours, theirs = context.Pipe(duplex=False)
    file = str(Path(name).parent.resolve() / Path(name).name)
    process = context.Process(target=_run, args=(theirs, file, scratch, limits, options), daemon=True)
    process.start()
    theirs.close()
    try:
        yield process, ours
    finally:
        ours.close()
        if process.is_alive():
            with suppress(ProcessLookupError, PermissionError, AttributeError):
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
        process.join()
        process.close()


def _run(connection: Connection, name: str, scratch: Path, limits: Limits, options: dict[str, Any]) -> None:
    if hasattr(os, "setsid"):
        os.setsid()  # so that what it starts can be ended with it, and Ctrl-C is ours
    from mlp_core.testing.foreign.child import run

    run(connection.send_bytes, name, scratch, limits, options)


def refused(name: str, why: str) -> HandIn:
    """A hand-in in which there is nothing to verify."""
    hand_in = HandIn(name)
    hand_in.results = [_failed(hand_in, *FOUND, "", where="the file", got=why)]
    return hand_in


def _listen(hand_in: HandIn, process: Any, connection: Connection, until: float, stop: Event) -> None:
    """Take down what the process tells, as JSON: nothing that it sends is unpickled."""
    laws: list[list[str]] = []
    running = 0
    while True:
        while not connection.poll(MOMENT):
            if stop.is_set():
                return _rest(hand_in, laws, "not run: interrupted")
            if time.monotonic() > until:
                return _ended(hand_in, laws, running, "it did not end within the limits, and was ended", UNTESTED)
        try:
            event = json.loads(connection.recv_bytes())
        except EOFError:
            process.join(GRACE)
            short = process.exitcode == -signal.SIGKILL  # as the system ends what takes too much memory
            words = f"its process ended ({_status(process.exitcode)})"
            return _ended(hand_in, laws, running, words, UNTESTED if short else FAIL)
        if "failed" in event:
            hand_in.results = [_untested(hand_in, *LOADS, "", event["failed"])]
            return None
        if "laws" in event:
            laws, hand_in.course = event["laws"], event["course"]
        elif "running" in event:
            running = event["running"]
        elif "late" in event:
            words, place = event["late"]
            return _ended(hand_in, laws, running, f"{words}: {place}", UNTESTED)
        elif "stopped" in event:
            return _rest(hand_in, laws, event["stopped"])
        elif "result" in event:
            from mlp_core.testing.foreign.child import result_of

            hand_in.results.append(replace(result_of(event["result"]), subject=hand_in.name))
        elif "notes" in event:
            hand_in.notes = event["notes"]
            return None


def _ended(hand_in: HandIn, laws: list[list[str]], running: int, words: str, verdict: str) -> None:
    """The law that ran is broken, or could not be tested; those after it were not run."""
    name, statement, group = laws[running] if laws else [*LOADS, ""]
    make = _untested if verdict == UNTESTED else partial(_failed, where="the call itself")
    hand_in.results.append(make(hand_in, name, statement, group, got=words))
    _rest(hand_in, laws, "not run: a call before did not come back")


def _rest(hand_in: HandIn, laws: list[list[str]], why: str) -> None:
    for name, statement, group in laws[len(hand_in.results) :]:
        hand_in.results.append(Result(name, statement, hand_in.name, group, verdict="SKIP", reason=why))


def _failed(hand_in: HandIn, name: str, statement: str, group: str, *, where: str, got: str) -> Result:
    return Result(
        name, statement, hand_in.name, group, verdict=FAIL, reason="broken", where=where, got=got,
        expected="no exception, and an end",
    )  # fmt: skip


def _untested(hand_in: HandIn, name: str, statement: str, group: str, got: str) -> Result:
    return Result(name, statement, hand_in.name, group, verdict=UNTESTED, reason=got)


def _status(code: int | None) -> str:
    if code is not None and code < 0:
        return f"by signal {signal.Signals(-code).name}"
    return f"exit status {code}"
