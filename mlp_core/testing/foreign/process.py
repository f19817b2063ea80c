"""Runs hand-ins in separate processes: starts them, listens to them and ends them. However they end, there is a
verdict."""

from __future__ import annotations

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

from mlp_core.base import forking
from mlp_core.testing.foreign import sandbox
from mlp_core.testing.foreign.family import watched
from mlp_core.testing.foreign.limits import PATIENCE, Limits
from mlp_core.testing.foreign.told import TIME, HandIn, Listener, status_of

DEFAULT = Limits()

MOMENT = 0.2
"""seconds between two decisions whether to continue listening"""

GRACE = 5.0
"""seconds that a process has after its limits to report them itself"""

STARTS = 60.0
"""additional seconds for a sandbox, which imports torch again"""

Heard = Callable[[str, int, int, int], object]
"""called with a hand-in's name, the share, the number of laws done and the number of laws"""

@dataclass
class Running:
    """A process that has been started."""

    connection: Connection
    code: Callable[[float], int | None]
    """returns its exit status after it has ended, waiting for at most this many seconds"""


def verify_file(
    name: str, *, limits: Limits = DEFAULT, stop: Event | None = None, share: tuple[int, int] = (0, 1),
    isolated: bool = False, heard: Heard = lambda *_: None, **options: Any,
) -> HandIn:  # fmt: skip
    """Verify "file:name" in its own process; options: examples, seed, largest (batch), shapes. share (k, n): only every
    n-th law, beginning with the k-th. Once `stop` is set it ends, and keeps the laws done so far. isolated: in a
    sandbox (`sandbox.check` says whether that is possible). heard: called after each law with the number done and the
    number of all.
    """
    hand_in, begin = HandIn(name), time.monotonic()
    started = _in_a_sandbox if isolated else _started
    with tempfile.TemporaryDirectory(prefix="mlp-core-", ignore_cleanup_errors=True) as folder:
        scratch = Path(folder) / "work"  # the hand-in may remove it
        scratch.mkdir()
        file = str(Path(name).parent.resolve() / Path(name).name)
        with started(file, scratch, limits, {**options, "share": share}) as running:
            most = limits.total + PATIENCE * limits.call + GRACE + STARTS * isolated
            until = time.monotonic() + most  # without the start, which takes minutes on a machine that is busy enough
            _listen(hand_in, running, until, stop or Event(), partial(heard, name, share[0]))
    hand_in.seconds = time.monotonic() - begin
    return hand_in


@contextmanager
def _started(name: str, scratch: Path, limits: Limits, options: dict[str, Any]) -> Iterator[Running]:
    """A copy of a process that has imported torch. It ends with all its children, however this context is left."""
    process, ours = forking.started(_run, name, scratch, limits, options)

    def code(seconds: float) -> int | None:
        process.join(seconds)
        return process.exitcode

    try:
        yield Running(ours, code)
    finally:
        ours.close()
        if process.is_alive():
            process.terminate()  # it then kills its descendants
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
        return 128 - ended if ended is not None and ended > 128 else ended  # as a shell reports a signal

    try:
        with Connection(reads, writable=False) as connection:
            yield Running(connection, code)
    finally:
        process.kill()
        process.wait()


def _run(connection: Connection, name: str, scratch: Path, limits: Limits, options: dict[str, Any]) -> None:
    if hasattr(os, "setsid"):
        os.setsid()  # so that its descendants can be killed with it, and Ctrl-C reaches only us
    from mlp_core.testing.foreign.child import run

    watched(lambda: run(connection.send_bytes, name, scratch, limits, options), connection.close)


def _listen(
    hand_in: HandIn, running: Running, until: float, stop: Event, heard: Callable[[int, int], object]
) -> None:
    """Record the events of the process until it is done, is stopped, or its time is over."""
    listener, begun = Listener(hand_in), time.monotonic()
    while True:
        while not running.connection.poll(MOMENT):
            if stop.is_set():
                return listener.interrupted()
            if time.monotonic() > until:
                seconds = time.monotonic() - begun
                return listener.short(f"the code did not finish and was stopped after {seconds:.0f} s", TIME)
        try:
            message = running.connection.recv_bytes()
        except (EOFError, OSError):  # also if it is not a valid message
            return listener.ended(status_of(running.code(GRACE)))
        done = listener.take(message)
        heard(len(hand_in.results), len(listener.laws))
        if done:
            return None
