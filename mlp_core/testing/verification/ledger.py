"""A file of finished hand-ins, one per line, with which an interrupted run continues."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlp_core
from mlp_core.base.errors import ArgumentError, Described
from mlp_core.testing.foreign.looked import as_row, of_row
from mlp_core.testing.foreign.told import HandIn

PACKAGES = ("torch", "hypothesis")

ANOTHER = "a new file, or the one of an earlier run of the same command"


class Ledger:
    """JSON lines: first everything that the verdicts depend on, then one hand-in per line, with a hash of its file.

    If the machine stopped while a line was being written, that line is dropped. Raises ArgumentError for a file of
    another command, version or format.
    """

    def __init__(self, path: Path, options: Mapping[str, Any]) -> None:
        self.path, self.done = path, dict[tuple[str, str], HandIn]()
        now = {"options": dict(options), "versions": self._versions, "sources": _sources()}
        try:
            text = path.read_bytes() if path.exists() else b""
        except OSError as error:
            raise ArgumentError("resume", Described(f"{path} ({error.strerror})"), ANOTHER) from error
        whole = text[: text.rfind(b"\n") + 1]
        if not whole:
            self._write(json.dumps(now), "w")
            return
        try:
            head, *lines = map(json.loads, whole.decode().splitlines())
            different = [f"{name}: {head[name]}, now {now[name]}" for name in now if head[name] != now[name]]
            if not different:
                self.done = {(line["file"], line["name"]): _read(line) for line in lines}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ArgumentError("resume", Described(f"{path}, which --resume did not write"), ANOTHER) from error
        if different:
            raise ArgumentError("resume", Described(f"{path}, of another run ({'; '.join(different)})"), ANOTHER)
        os.truncate(path, len(whole))

    @cached_property
    def _versions(self) -> dict[str, str]:
        return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}

    def known(self, names: Sequence[str]) -> list[HandIn]:
        """The finished ones among the named hand-ins, if their files have not changed."""
        found = (self.done.get((_hash_of(name), name)) for name in names)
        return [hand_in for hand_in in found if hand_in is not None]

    def add(self, hand_in: HandIn) -> None:
        """Add a hand-in. When this returns, it is on the disk."""
        self._write(json.dumps({"file": _hash_of(hand_in.name), **as_row(hand_in)}), "a")

    def _write(self, line: str, mode: str) -> None:
        try:
            with self.path.open(mode, encoding="utf-8") as file:
                file.write(line + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            value = Described(f"{self.path} ({error.strerror})")
            raise ArgumentError("resume", value, "a file that can be written to") from error


def _read(line: dict[str, Any]) -> HandIn:
    return of_row({name: value for name, value in line.items() if name != "file"})


def _hash_of(name: str) -> str:
    """The hash of the file in "file:name"; an empty text for a file that no longer exists."""
    file = Path(name if Path(name).is_file() else name.rpartition(":")[0])
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""


def _sources() -> str:
    """A hash of everything here that affects a verdict."""
    files = sorted(Path(mlp_core.__file__).parent.rglob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
