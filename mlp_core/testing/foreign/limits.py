"""The limits of a hand-in, and how they are enforced. They contain accidents; they are not a security boundary.

Linux enforces all of them. macOS does not enforce the memory limit. Windows has neither that limit nor the alarm:
there, a call that never ends is killed with its process, and its line is not known.
"""

from __future__ import annotations

import builtins
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from mlp_core.testing.engine import shortage
from mlp_core.testing.foreign.family import children

KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT", "OMP_NUM_THREADS", "HYPOTHESIS_PROFILE")
"""the environment variables that are kept; the others may contain secrets"""


@dataclass(frozen=True)
class Limits:
    """Seconds of work for one call, seconds of work on networks of hundreds of units, seconds for all laws of a
    subject, and bytes of memory and of a file.
    """

    call: float = 10.0
    large: float = 10.0
    total: float = 120.0
    memory: int = 4 << 30
    file: int = 64 << 20


PATIENCE = 2
"""A call that waits, for a lock or a busy processor, may take this many times as long as one that works"""

TICK = 0.5
"""seconds between two checks of the time that a call has taken"""


FEW = 16
"""the number of processes that a hand-in may start at a time"""

STARTING = frozenset({"os.fork", "os.forkpty", "os.posix_spawn", "os.system", "subprocess.Popen"})
"""Python's audit events for starting a process"""


class Stopped(BaseException):
    """A call exceeded a limit. Code that catches the subject's exceptions does not catch this one, and the example is
    not retried.
    """


class Large(Stopped):
    """A call requested more memory than the limit."""


class Slow(BaseException):
    """The large networks exceeded their time: the subject is slow, which is not a mistake."""


class CalledExit(Exception):
    """The subject tried to end the process. Messages name what its code raised, SystemExit."""


CalledExit.__name__ = CalledExit.__qualname__ = "SystemExit"


def contain(limits: Limits, scratch: Path) -> None:
    """Apply the limits to this process, with an empty environment, in a separate folder; input() is refused."""
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    os.environ.clear()
    os.environ.update(kept, HOME=str(scratch), MPLBACKEND="Agg")
    os.chdir(scratch)
    builtins.input = _refused
    try:
        import resource
    except ImportError:
        return  # Windows
    for kind, value in (
        (resource.RLIMIT_AS, _mapped() + limits.memory), (resource.RLIMIT_FSIZE, limits.file),
        (resource.RLIMIT_CPU, int(2 * limits.total) + 10), (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def few_processes() -> None:
    """Limit this process to FEW children at a time; its copies may have none. A further process ends the call with
    `Stopped`.
    """
    own = os.getpid()

    def hook(event: str, _: object) -> None:
        if event in STARTING and (os.getpid() != own or len(children(own)) >= FEW):
            raise Stopped(f"started more than {FEW} processes at a time")

    sys.addaudithook(hook)


def _mapped() -> int:
    """The bytes of address space in use already: torch maps far more than it uses."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0  # not Linux


def _refused(*_: object) -> NoReturn:
    raise EOFError("input() was called, but there is no user to answer")


def guarded(
    function: Callable[..., Any], seconds: Callable[[], float], after: Callable[[], object] = lambda: None
) -> Callable[..., Any]:
    """`function`, stopped if it takes longer than `seconds()`. Raises Stopped, with the line it had reached, also if
    memory runs out, and CalledExit. `after` is called after each call.
    """

    @wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        allowed = seconds()
        _alarm(allowed)
        try:
            return function(*args, **options)
        except SystemExit as error:
            raise CalledExit("it tried to end the program").with_traceback(error.__traceback__) from error
        except (MemoryError, RuntimeError) as error:
            if not shortage.of_memory(error):
                raise
            raise Large("needed more memory than the limit").with_traceback(error.__traceback__) from error
        finally:
            _alarm(0)
            after()

    return call


def _alarm(seconds: float) -> None:
    """Stops a call after `seconds` of processor time, or PATIENCE times that of elapsed time.

    Elapsed time is a count of ticks, not the time of day. The ticks during which a machine sleeps arrive as one, so a
    laptop that was closed does not fail a hand-in. The ticks continue after the first `Stopped`, because the call may
    have swallowed it.
    """
    if not hasattr(signal, "setitimer"):
        return  # Windows
    begun, ticks = time.process_time(), 0

    def ring(number: int, frame: FrameType | None) -> None:
        nonlocal ticks
        ticks += 1
        worked, waited = time.process_time() - begun, ticks * TICK
        if worked >= seconds or waited >= PATIENCE * seconds:
            raise Stopped(f"had not finished after {seconds if worked >= seconds else waited:.0f} s")
        return

    if seconds:
        signal.signal(signal.SIGALRM, ring)
    every = TICK if seconds else 0.0
    signal.setitimer(signal.ITIMER_REAL, every, every)
