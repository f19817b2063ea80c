"""A real security boundary around a hand-in: bubblewrap, which Debian has as a package.

The sandbox contains Python, torch and this package, the file and the modules that it imports from its folder, all
read-only, and an empty working folder. It has no network, no other process, no capability, and nothing else of this
machine.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import mlp_core
from mlp_core.base.errors import ArgumentError, Described
from mlp_core.testing.foreign.limits import KEPT_VARIABLES, Limits
from mlp_core.testing.report.names import split

ENTRY = "mlp_core.testing.verification.isolated"
"""the module that runs inside"""

WORK = "/tmp/work"  # noqa: S108  (of the sandbox: the only folder there that can be written to)

SYSTEM = "/usr /bin /sbin /lib /lib32 /lib64 /etc/ld.so.cache /etc/ld.so.conf /etc/ld.so.conf.d /etc/alternatives"
"""what system programs need; paths that do not exist are left out"""

ALONE = (
    "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--proc", "/proc", "--dev", "/dev",
)  # fmt: skip

TRIES = 30.0
"""seconds that a sandbox may take to start"""


def check() -> None:
    """Raises ArgumentError if a sandbox is not possible, and says what is missing. Nothing runs without one then."""
    if shutil.which("bwrap") is None:
        expected = "an installed bubblewrap (Debian: apt install bubblewrap)"
        raise ArgumentError("isolated", Described("--isolated"), expected)
    with tempfile.TemporaryDirectory(prefix="mlp-core-") as folder:
        tried = subprocess.run(  # noqa: S603  (ours)
            [*_sandbox([], folder), sys.executable, "-P", "-c", "pass"],
            capture_output=True, text=True, check=False, timeout=TRIES,
        )  # fmt: skip
    if tried.returncode:
        said = " ".join(tried.stderr.split()) or f"exit status {tried.returncode}"
        expected = f"permission for bubblewrap to create a sandbox ({said})"
        raise ArgumentError("isolated", Described("--isolated"), expected)


def command(name: str, scratch: Path, limits: Limits, channel: int, options: dict[str, Any]) -> list[str]:
    """The command that verifies "file:name" in a sandbox and sends the events to the file descriptor `channel`."""
    told = {"channel": channel, "name": name, "limits": asdict(limits), "options": options}
    python = [sys.executable, "-P", "-m", ENTRY, json.dumps(told)]
    return [*_sandbox(beside(split(name)[0]), str(scratch)), *python]


def environment() -> dict[str, str]:
    """The variables that a hand-in may see, and those with which Python finds this package."""
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    own = str(Path(mlp_core.__file__).parents[1])
    return {**kept, "HOME": WORK, "PYTHONPATH": own, "PYTHONDONTWRITEBYTECODE": "1"}


def _sandbox(files: list[Path], scratch: str) -> list[str]:
    shown = [*SYSTEM.split(), *_python(), str(Path(mlp_core.__file__).parent), *map(str, files)]
    binds = [word for path in dict.fromkeys(shown) for word in ("--ro-bind-try", path, path)]
    return ["bwrap", *ALONE, *binds, "--bind", scratch, WORK, "--remount-ro", "/", "--chdir", WORK]


def _python() -> list[str]:
    """The folders of the interpreter and of its installed packages."""
    found = [sys.prefix, sys.base_prefix, sys.exec_prefix, str(Path(sys.executable).resolve().parents[1])]
    return found + [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]


def beside(file: Path) -> list[Path]:
    """A file, and the modules and packages in its folder that it imports, directly or through others."""
    file = file.parent.resolve() / file.name
    found, left = dict[Path, None](), [file]
    while left:
        one = left.pop()
        found[one] = None
        for name in _imported(one):
            for path in (file.parent / f"{name}.py", file.parent / name):
                if path.exists() and path not in found:
                    found[path] = None
                    left += [path] if path.is_file() else sorted(path.rglob("*.py"))
    return list(found)


def _imported(file: Path) -> Iterator[str]:
    """The first parts of the names of modules that a file imports anywhere; none if the file cannot be read."""
    from mlp_core.testing.foreign.cells import cells_of

    try:
        trees = [ast.parse(cell.text) for cell in cells_of(file)]
    except (ArgumentError, SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from [node.module.partition(".")[0]] if node.module else [alias.name for alias in node.names]
