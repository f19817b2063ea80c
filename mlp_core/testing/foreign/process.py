"""Hand-ins in processes of their own: started, listened to, ended; whatever becomes of them is a verdict."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event
from typing import Any

from mlp_core.base.forking import PRELOADED, nameless
from mlp_core.testing.foreign import sandbox
from mlp_core.testing.foreign.family import watched
from mlp_core.testing.foreign.limits import PATIENCE, Limits
from mlp_core.testing.foreign.told import TIME, HandIn, Listener, status_of

DEFAULT = Limits()

MOMENT = 0.2
"""seconds after which it is looked whether to go on listening"""

GRACE = 5.0
"""seconds after its limits that a process has to say so itself"""

STARTS = 60.0
"""seconds more for a sandbox, in which torch is imported anew"""

Heard = Callable[[str, int, int, int], object]
"""told of a hand-in, by name and share, how many of how many laws are done"""

@dataclass
class Running:
    """A process that has been started."""

    connection: Connection
    code: Callable[[float], int | None]
    """its exit status once it has ended, waited for so many seconds"""


def verify_file(
    name: str, *, limits: Limits = DEFAULT, stop: Event | None = None, share: tuple[int, int] = (0, 1),
    isolated: bool = False, heard: Heard = lambda *_: None, **options: Any,
) -> HandIn:  # fmt: skip
    """Verify "file:name" in a process of its own; options: examples, seed, largest (batch), shapes.
    share (k, n): every n-th law alone, from the k-th on. Once `stop` is set it ends, with the laws done so far.
    isolated: in a sandbox (`sandbox.check` says whether there can be one). heard: told, of each law that is done, how
    many are of how many."""
    hand_in, begin = HandIn(name), time.monotonic()
    started = _in_a_sandbox if isolated else _started
    with tempfile.TemporaryDirectory(prefix="mlp-core-", ignore_cleanup_errors=True) as folder:
        scratch = Path(folder) / "work"  # which it may remove
        scratch.mkdir()
        file = str(Path(name).parent.resolve() / Path(name).name)
        with started(file, scratch, limits, {**options, "share": share}) as running:
            most = limits.total + PATIENCE * limits.call + GRACE + STARTS * isolated
            _listen(hand_in, running, begin + most, stop or Event(), partial(heard, name, share[0]))
    hand_in.seconds = time.monotonic() - begin
    return hand_in


@contextmanager
def _started(name: str, scratch: Path, limits: Limits, options: dict[str, Any]) -> Iterator[Running]:
    """A copy of a process that has imported torch, ended with all its children however this is left."""
    context: Any = multiprocessing.get_context("forkserver" if hasattr(os, "fork") else "spawn")
    if hasattr(os, "fork"):
        context.set_forkserver_preload([PRELOADED])  # once, for all
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(theirs, name, scratch, limits, options), daemon=True)
    with nameless():
        process.start()
    theirs.close()

    def code(seconds: float) -> int | None:
        process.join(seconds)
        return process.exitcode

    try:
        yield Running(ours, code)
    finally:
        ours.close()
        if process.is_alive():
            process.terminate()  # upon which it ends what it has started
            process.join(GRACE)
        with suppress(ProcessLookupError, PermissionError, AttributeError):
            os.killpg(process.pid, signal.SIGKILL)
        if process.is_alive():
            process.kill()
        process.join()
        process.close()


@contextmanager
def _in_a_sandbox(name: str, scratch: Path, limits: Limits, options: dict[str, Any]) -> Iterator[Running]:
    """The same in a sandbox, whose processes all end with the first of them."""
    reads, writes = os.pipe()
    options = {key: value for key, value in options.items() if key != "laws"}
    try:
        process = subprocess.Popen(  # noqa: S603  (ours)
            sandbox.command(name, scratch, limits, writes, options), env=sandbox.environment(), pass_fds=(writes,),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    finally:
        os.close(writes)

    def code(seconds: float) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        ended = process.returncode
        return 128 - ended if ended is not None and ended > 128 else ended  # as a shell tells of a signal

    try:
        with Connection(reads, writable=False) as connection:
            yield Running(connection, code)
    finally:
        process.kill()
        process.wait()


def _run(connection: Connection, name: str, scratch: Path, limits: Limits, options: dict[str, Any]) -> None:
    if hasattr(os, "setsid"):
        os.setsid()  # so that what it starts can be ended with it, and Ctrl-C is ours
    from mlp_core.testing.foreign.child import run

    watched(lambda: run(connection.send_bytes, name, scratch, limits, options), connection.close)


def _listen(
    hand_in: HandIn, running: Running, until: float, stop: Event, heard: Callable[[int, int], object]
) -> None:
    """Take down what the process tells until it is done, or stopped, or its time is over."""
    listener, begun = Listener(hand_in), time.monotonic()
    while True:
        while not running.connection.poll(MOMENT):
            if stop.is_set():
                return listener.interrupted()
            if time.monotonic() > until:
                return listener.short(f"it did not finish and was stopped after {time.monotonic() - begun:.0f} s", TIME)
        try:
            message = running.connection.recv_bytes()
        except (EOFError, OSError):  # also for what is no message
            return listener.ended(status_of(running.code(GRACE)))
        done = listener.take(message)
        heard(len(hand_in.results), len(listener.laws))
        if done:
            return None
