"""Starts processes without traces of the starting program. Those of hand-ins are copied from one that has imported
torch."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from threading import Lock
from types import ModuleType
from typing import Any

PRELOADED = "mlp_core.testing.verification.preloaded"
"""the module that this process imports before it is copied"""

_starting = Lock()
"""held while a process is started, because the name of this process is hidden meanwhile"""


@contextmanager
def nameless() -> Iterator[None]:
    """A context in which started processes do not know this process's script and working folder.

    Otherwise the script would run again in each process, and modules of the working folder would be imported in the
    process that all are copied from.
    """
    with _starting:
        main, safe = sys.modules["__main__"], os.environ.get("PYTHONSAFEPATH")
        sys.modules["__main__"] = ModuleType("__main__")
        os.environ["PYTHONSAFEPATH"] = "1"
        try:
            yield
        finally:
            sys.modules["__main__"] = main
            if safe is None:
                del os.environ["PYTHONSAFEPATH"]
            else:
                os.environ["PYTHONSAFEPATH"] = safe


def started(target: Callable[..., object], *args: Any, copied: bool = True) -> tuple[Any, Connection]:
    """A process that runs target(connection, *args), and the other end of that connection. copied: it is a copy of a
    process that has imported torch, which is started before the first of them. Otherwise, or if processes cannot be
    copied, it is a new one, which imports what the target needs.
    """
    copied = copied and hasattr(os, "fork")
    context: Any = multiprocessing.get_context("forkserver" if copied else "spawn")
    if copied:
        context.set_forkserver_preload([PRELOADED])  # once, for all processes
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=target, args=(theirs, *args), daemon=True)
    with nameless():
        process.start()
    theirs.close()
    return process, ours
