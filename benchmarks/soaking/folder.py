"""Where a soak is kept: what it was made of, and a line for every unit that is done."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlp_core
from soaking.units import Record, key

PACKAGES = ("torch", "hypothesis", "numpy")
DECISIVE = (Path(mlp_core.__file__).parent, Path(__file__).with_name("units.py"))
"""the sources that decide what a unit finds"""


class Refused(Exception):
    """A folder holds a soak of something else."""


def made_of(options: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The description of a soak: its options, the versions it runs on and a hash of every source file."""
    files = [file for place in DECISIVE for file in (sorted(place.rglob("*.py")) if place.is_dir() else [place])]
    sources = {f"{file.parent.name}/{file.name}": _hash(file) for file in files}
    versions = {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
    return {"options": dict(options), "versions": versions, "sources": sources}


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]


def differences(then: Mapping[str, Mapping[str, Any]], now: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """In words, what is not as it was."""
    found = []
    for part in ("options", "versions"):
        for name in sorted(then[part].keys() | now[part].keys()):
            old, new = then[part].get(name), now[part].get(name)
            found += [f"{name}: {old!r}, now {new!r}"] if old != new else []
    old_files, new_files = then["sources"], now["sources"]
    changed = [
        name for name in sorted(old_files.keys() | new_files.keys()) if old_files.get(name) != new_files.get(name)
    ]
    return found + [f"source changed: {name}" for name in changed]


class Folder:
    """made_of.json and units.jsonl, one line a unit; a unit is in it once its line is whole and on the disk."""

    def __init__(self, path: Path) -> None:
        self.path, self.about, self.units = path, path / "made_of.json", path / "units.jsonl"

    def begin(self, made: Mapping[str, Mapping[str, Any]]) -> None:
        """Take the folder for a soak made of this. Raises Refused if it contains one of another description."""
        self.path.mkdir(parents=True, exist_ok=True)
        if self.about.exists():
            found = differences(json.loads(self.about.read_text()), made)
            if found:
                few = [*found[:8], *([f"and {len(found) - 8} more"] if len(found) > 8 else [])]
                raise Refused(
                    f"{self.path} holds a soak of something else, and two cannot be added up:\n  " + "\n  ".join(few)
                    + f"\nname another folder with --out, or remove {self.path}"
                )  # fmt: skip
        else:
            scratch = self.about.with_suffix(".part")
            scratch.write_text(json.dumps(made, indent=1))
            scratch.replace(self.about)
        if self.units.exists():  # a line that was being written when the machine stopped
            whole = self.units.read_bytes()
            with self.units.open("r+b") as file:
                file.truncate(whole.rfind(b"\n") + 1)

    def records(self) -> list[Record]:
        """The finished units, one record per unit."""
        lines = self.units.read_text().split("\n")[:-1] if self.units.exists() else []
        return list({key(r): r for r in map(json.loads, lines)}.values())

    def add(self, record: Record) -> None:
        """Write a record down; when this returns, it is on the disk."""
        with self.units.open("a") as file:
            file.write(json.dumps(record) + "\n")
            file.flush()
            os.fsync(file.fileno())
