"""Commands and snippets in processes of their own, copied from one that has imported torch once: nothing waits for it.

A copy has a process group and a working folder of its own; what it says goes to a file.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

IMPORTED = ["mlp_core.testing.verification.preloaded", "mlp_core.cli", "torch._dynamo"]
"""torch's first optimizer imports its compiler"""


class Copy:
    """A process that runs main(*arguments) in `folder`."""

    def __init__(self, main: Callable[..., object], *arguments: Any, folder: Path) -> None:
        context: Any = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(IMPORTED)
        self.file = folder / "said.txt"
        self.process: BaseProcess = context.Process(target=_run, args=(main, arguments, folder, self.file))
        self.process.start()

    def said(self) -> str:
        """Its output so far."""
        return self.file.read_text(encoding="utf-8") if self.file.exists() else ""

    def interrupt(self) -> None:
        """Ctrl-C, as a terminal does it: to all processes of the group."""
        assert self.process.pid is not None
        os.killpg(self.process.pid, signal.SIGINT)

    def ended(self) -> tuple[int | None, str]:
        """Its exit status, and all it printed."""
        self.process.join(100)
        return self.process.exitcode, self.said()


def _run(main: Callable[..., object], arguments: tuple[Any, ...], folder: Path, said: Path) -> None:
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # shells ignore it for what runs behind
    os.chdir(folder)
    out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(out, 1)
    os.dup2(out, 2)
    try:
        main(*arguments)
    except Exception:
        traceback.print_exc()
        sys.exit(1)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def command_line(*arguments: str) -> None:
    """`mlp-core` with these arguments."""
    from mlp_core.cli import main

    sys.argv = ["mlp-core", *arguments]
    main()


def pasted(lines: str) -> None:
    """A snippet, run as if it were in a file of its own."""
    exec(compile(lines, "<pasted>", "exec"), {"__name__": "__main__"})  # noqa: S102  (our own)
