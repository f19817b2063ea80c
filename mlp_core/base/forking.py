"""The process that those of files are copied from: started early, and with no trace of the program that starts it."""

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
"""held while a process is started: the name of this process is hidden meanwhile"""


@contextmanager
def nameless() -> Iterator[None]:
    """Inside, processes are started that know nothing of the script that runs here and of the working folder.

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
    """Start the process now, where processes can be copied: it imports torch while this one does."""
    if hasattr(os, "fork"):
        with nameless():
            forkserver.set_forkserver_preload([PRELOADED])
            forkserver.ensure_running()
