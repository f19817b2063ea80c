"""Data that a hand-in reads from its own folder: copied to the folder in which it runs, or reported as missing."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path

from mlp_core.testing.foreign.load import statements_of
from mlp_core.testing.report.names import split

LARGEST = 64 * 1024 * 1024
"""the bytes of data that are copied at most"""

LONGEST = 200
"""the length of a name of a file"""


def brought(name: str, scratch: Path) -> list[Path]:
    """Copies the files in the folder of "file:name" or below that it names in its texts into `scratch`."""
    path = split(name)[0]
    left, copies = LARGEST, list[Path]()
    for one in _named(path):
        source, size = path.parent / one, (path.parent / one).stat().st_size
        if size <= left:
            left -= size
            target = scratch / one
            target.parent.mkdir(parents=True, exist_ok=True)
            copies.append(Path(shutil.copy(source, target)))
    return copies


def _named(path: Path) -> Iterator[str]:
    """The texts of a file that are names of other files in its folder or below, each once."""
    folder, seen = path.parent.resolve(), {path.name}
    for node in (node for s in statements_of(path)[0] for node in ast.walk(s.node)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and 0 < len(node.value) <= LONGEST:
            text = node.value
            if text not in seen and text.isprintable() and not Path(text).is_absolute():
                seen.add(text)
                whole = (folder / text).resolve()
                if whole.is_relative_to(folder) and whole.is_file() and ".." not in Path(text).parts:
                    yield text


def missing(error: BaseException) -> str:
    """The words for a file that a hand-in reads and that does not exist; empty for another error."""
    if not isinstance(error, FileNotFoundError) or not isinstance(error.filename, str):
        return ""
    if Path(error.filename).is_absolute():
        return f"it reads {error.filename}, which is not there"
    return f"it reads {error.filename!r}, which is not in the folder of the file: put it there"
