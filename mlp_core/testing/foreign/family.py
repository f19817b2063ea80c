"""Runs a hand-in so that every process it starts ends with it.

On Linux a process of this package is its parent. Any process that the hand-in leaves behind becomes a child of that
parent, even if it has left the process group, and is killed with it. On other systems only the process group is killed,
which is weaker.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

SUBREAPER = 36
"""PR_SET_CHILD_SUBREAPER of linux/prctl.h: orphans below this process become its children"""

MOST = 64
"""the number of processes that a hand-in may have at a time"""

TOO_MANY = 86
"""the exit status if it had more"""

LOOK = 0.05
"""seconds between two counts of its processes"""


def children(pid: int) -> list[int]:
    """The running processes that a process has started; none if the system has no /proc."""
    found: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    except OSError:
        pass  # it has ended, or there is no /proc
    return found


def descendants(pid: int) -> list[int]:
    """The running processes that a process has started, directly or through others."""
    found, left = list[int](), children(pid)
    while left:
        one = left.pop()
        found.append(one)
        left += children(one)
    return found


def watched(work: Callable[[], None], left: Callable[[], None]) -> None:
    """Run `work` in a child of this process, and end as the child ends, after all its descendants are gone. If this
    process is asked to terminate, it ends at once. `left` closes resources that only the child uses.
    """
    if sys.platform != "linux":
        work()
        return
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    own = os.fork()
    if own == 0:
        try:
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    left()
    signal.signal(signal.SIGTERM, lambda *_: _end_with(128 + signal.SIGTERM))
    while True:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == own:
            _end_with(os.waitstatus_to_exitcode(status))
        if len(descendants(os.getpid())) > MOST:
            _end_with(TOO_MANY)
        if pid == 0:
            time.sleep(LOOK)


def _end_with(code: int) -> None:
    """Kill all descendants, then end this process with the child's exit status or signal."""
    while left := descendants(os.getpid()):
        for pid in left:  # stopped first, so that none can start another
            _tell(pid, signal.SIGSTOP)
        for pid in left:
            _tell(pid, signal.SIGKILL)
        _reap()
    if code < 0:
        signal.signal(-code, signal.SIG_DFL) if -code not in (signal.SIGKILL, signal.SIGSTOP) else None
        os.kill(os.getpid(), -code)
    os._exit(abs(code))


def _tell(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):  # it has just ended
        os.kill(pid, number)


def _reap() -> None:
    with suppress(ChildProcessError):  # no child is left
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue
