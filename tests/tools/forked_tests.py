"""Runs of pytest on a copy of the package, each in a copy of this process, which has imported torch and pytest.

This process never imports Hypothesis: pytest refuses to rewrite the asserts of a plugin that is imported already, and
every run would fail.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests_in_order import InOrder

PACKAGE = "mlp_core"
PATIENCE = 20.0
"""seconds of a clock per second of processor time: other work may share the machine"""


@dataclass(frozen=True)
class Outcome:
    """The result of a run: passed, failed, timeout or nothing (no test was there to run)."""

    status: str
    by: str = ""
    """the first test that failed, or what pytest said instead"""
    told: dict[str, list[object]] = field(default_factory=dict)
    """what the plugin recorded"""


class Checkout:
    """A copy of package and tests, whose files are changed for one run at a time."""

    def __init__(self, root: Path, folder: Path, options: Sequence[str]) -> None:
        self.root, self.folder, self.options = root, folder, tuple(options)
        for part in (PACKAGE, "tests"):
            shutil.copytree(root / part, folder / part)
        shutil.copy2(root / "pyproject.toml", folder)
        self.told = folder / "told.json"
        gc.freeze()  # what is here already: each copy of this process would go through it again

    def run(self, files: Mapping[Path, str], tests: Sequence[str], plugin: InOrder, seconds: float) -> Outcome:
        """pytest on these files of tests, with these texts instead of the package's; `seconds` of processor time are
        its limit."""
        imported = [name for name in ("hypothesis", PACKAGE) if name in sys.modules]
        if imported:
            raise RuntimeError(f"sys.modules: got {imported}, expected none of them: runs would use them")
        self.told.unlink(missing_ok=True)
        for path, text in files.items():
            (self.folder / path).write_text(text, encoding="utf-8")
        pid = os.fork()
        if pid == 0:
            self._child(tests, plugin, seconds, writes=not files)
        try:
            return self._outcome(_ended(pid, PATIENCE * seconds))
        finally:
            for path in files:
                shutil.copy2(self.root / path, self.folder / path)  # with its time, by which its bytecode is known

    def _outcome(self, status: int) -> Outcome:
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            late = number in (signal.SIGXCPU, signal.SIGKILL)
            return Outcome("timeout") if late else Outcome("failed", f"signal {number}")
        code = os.WEXITSTATUS(status)
        failed, told = json.loads(self.told.read_text("utf-8")) if self.told.exists() else ("", {})
        named = {pytest.ExitCode.OK: "passed", pytest.ExitCode.NO_TESTS_COLLECTED: "nothing"}
        if code in named:
            return Outcome(named[code], "", told)
        return Outcome("failed", failed or f"exit status {code}", told)

    def _child(self, tests: Sequence[str], plugin: InOrder, seconds: float, writes: bool) -> None:
        """Run pytest, report the result, and end without what the parent does at its end."""
        code: int = pytest.ExitCode.INTERNAL_ERROR
        try:
            os.setsid()
            resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 10))
            said = os.open(self.folder / "said.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(said, 1)
            os.dup2(said, 2)
            os.chdir(self.folder)
            sys.path.insert(0, str(self.folder))
            os.environ["PYTHONPATH"] = str(self.folder)
            sys.dont_write_bytecode = not writes  # nothing stays of a mutant
            code = pytest.main(["-x", "-q", *self.options, *tests], plugins=[plugin])
            package = sys.modules.get(PACKAGE)
            if package is not None and not str(package.__file__).startswith(str(self.folder)):
                raise RuntimeError(f"{PACKAGE}: got {package.__file__}, expected the copy in {self.folder}")
            self.told.write_text(json.dumps([plugin.failed, plugin.told]), encoding="utf-8")
        except BaseException:  # whatever it is, the copy of the tool must not go on as the tool
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)


def _ended(pid: int, seconds: float) -> int:
    """The exit status of the process, which is killed with all that it started if it takes longer."""
    end = time.monotonic() + seconds
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return status
        if time.monotonic() > end:
            os.killpg(pid, signal.SIGKILL)
            return os.waitpid(pid, 0)[1]
        time.sleep(0.02)
