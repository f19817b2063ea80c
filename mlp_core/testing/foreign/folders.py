"""The files that a user names, and those in the folders that a user names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.foreign.reading.texts import FORMATS as TEXTS
from mlp_core.testing.foreign.reading.texts import keeps_a_notebook
from mlp_core.testing.report.names import FILES, beside, split


def expanded(names: Iterable[str]) -> list[str]:
    """Replaces every folder by its readable files, sorted by name, without the copies in Jupyter's checkpoint folders.

    Raises ArgumentError for a folder without such files, and for a file that does not exist.
    """
    found: list[str] = []
    for name in names:
        folder = Path(name)
        if not folder.is_dir():
            file = split(name)[0]
            if not file.is_file():
                raise ArgumentError("subject", name, f"an existing file{beside(file)}")
            found.append(name)
            continue
        inside = [path for path in _files(folder) if _is_read(path)]
        if not inside:
            raise ArgumentError("subject", name, "a folder that contains scripts (.py) or notebooks (.ipynb)")
        found += map(str, inside)
    return found


def unread(names: Iterable[str]) -> list[str]:
    """The files in folders that `expanded` skips."""
    return [str(path) for name in names if Path(name).is_dir() for path in _files(Path(name)) if not _is_read(path)]


def _files(folder: Path) -> list[Path]:
    """All files in a folder and its subfolders, by name, without hidden ones."""
    return sorted(p for p in folder.rglob("*") if _seen(p.relative_to(folder)) and not p.is_dir())


def _is_read(path: Path) -> bool:
    """Whether a file is read. A text is read if it contains a notebook; a README does not."""
    return path.is_file() and path.suffix in FILES and (path.suffix not in TEXTS or keeps_a_notebook(path))


def _seen(path: Path) -> bool:
    return not any(part.startswith((".", "__")) for part in path.parts)
