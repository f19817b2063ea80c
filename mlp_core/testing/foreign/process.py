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
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event
from typing import Any

from mlp_core.testing.engine.result import Result
from mlp_core.testing.foreign.limits import PATIENCE, Limits

LOADS = "can be loaded", "The definition, and what it reaches of its file, can be run."

FOUND = "has something to verify", "There is a definition in the file that can be verified."

TIME, MEMORY = "let every call end", "let it take less memory"
FASTER, ALONE = "let calls take less time", "let it be loaded by itself"
"""what would help"""

NOT_BACK = "not run: a call before did not come back"

SHORT_OF = {"SIGKILL": ("takes too much memory", MEMORY), "SIGXCPU": ("takes too long", TIME)}
"""what a process takes that the system ends by such a signal, and what would help"""

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
    hand_in.results = [_untested(hand_in, Told(*FOUND), why, "define or name one of them")]
    return hand_in


@dataclass
class Told:
    """What a process tells of a law before it is checked."""

    name: str
    statement: str
    group: str = ""
    judges: bool = False

    def result(self, hand_in: HandIn, **options: Any) -> Result:
        return Result(self.name, self.statement, hand_in.name, self.group, judges=self.judges, **options)


def _listen(hand_in: HandIn, process: Any, connection: Connection, until: float, stop: Event) -> None:
    """Take down what the process tells, as JSON: nothing that it sends is unpickled."""
    laws: list[Told] = []
    running, begun = 0, time.monotonic()
    while True:
        while not connection.poll(MOMENT):
            if stop.is_set():
                return _rest(hand_in, laws, "not run: interrupted")
            if time.monotonic() > until:
                words = f"it did not end, and was ended after {time.monotonic() - begun:.0f} s"
                return _short(hand_in, laws, running, words, TIME)
        try:
            event = json.loads(connection.recv_bytes())
        except EOFError:
            process.join(GRACE)
            return _ended(hand_in, laws, running, _status(process.exitcode))
        if "failed" in event:
            hand_in.results = [_untested(hand_in, Told(*LOADS), event["failed"], ALONE)]
            return None
        if "laws" in event:
            laws, hand_in.course = [Told(*law) for law in event["laws"]], event["course"]
        elif "running" in event:
            running = event["running"]
        elif "late" in event:
            words, place, memory = event["late"]
            return _short(hand_in, laws, running, f"it {words}: {place}", MEMORY if memory else TIME)
        elif "stopped" in event:
            over = f"the {event['stopped']:.0f} s for one hand-in were over"
            hand_in.results.append(_untested(hand_in, laws[len(hand_in.results)], f"{over} before it", FASTER))
            return _rest(hand_in, laws, f"not run: {over}")
        elif "result" in event:
            from mlp_core.testing.foreign.child import result_of

            hand_in.results.append(replace(result_of(event["result"]), subject=hand_in.name))
        elif "notes" in event:
            hand_in.notes = event["notes"]
            return None


def _ended(hand_in: HandIn, laws: list[Told], running: int, status: str) -> None:
    """The process ended: while it loaded, or for want of time or memory, nothing is known; else its law is broken."""
    words = f"its process ended ({status})"
    takes, helps = SHORT_OF.get(status.removeprefix("by signal "), ("", ""))
    if not laws:
        hand_in.results.append(_untested(hand_in, Told(*LOADS), words, ALONE))
    elif takes:
        _short(hand_in, laws, running, f"{words}, as one does that {takes}", helps)
    else:
        hand_in.results.append(
            laws[running].result(
                hand_in, verdict="FAIL", reason="broken", where="the call itself", got=words,
                expected="no exception, and an end",
            )
        )  # fmt: skip
        _rest(hand_in, laws, NOT_BACK)


def _short(hand_in: HandIn, laws: list[Told], running: int, words: str, helps: str) -> None:
    """Time or memory ran out: the law that ran is untested, those after it were not run."""
    hand_in.results.append(_untested(hand_in, laws[running] if laws else Told(*LOADS), words, helps))
    _rest(hand_in, laws, NOT_BACK)


def _rest(hand_in: HandIn, laws: list[Told], why: str) -> None:
    for law in laws[len(hand_in.results) :]:
        hand_in.results.append(law.result(hand_in, verdict="SKIP", reason=why))


def _untested(hand_in: HandIn, law: Told, words: str, helps: str) -> Result:
    return law.result(hand_in, verdict="UNTESTED", got=words, reason=f"{words}; {helps}")


def _status(code: int | None) -> str:
    if code is not None and code < 0:
        return f"by signal {signal.Signals(-code).name}"
    return f"exit status {code}"
