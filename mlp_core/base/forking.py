"""The process from which the processes of hand-ins are copied: started early, and without traces of the starting
program."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver
from threading import Lock
from types import ModuleType

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


def begin() -> None:
    """Start the process now, if processes can be copied: it imports torch in parallel with this one."""
    if hasattr(os, "fork"):
        with nameless():
            forkserver.set_forkserver_preload([PRELOADED])
            forkserver.ensure_running()
