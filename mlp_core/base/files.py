"""Writing results: a file is written completely or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mlp_core.base.errors import ArgumentError, Described


@contextmanager
def output_folder(folder: Path, names: tuple[str, ...] = (), argument: str = "out") -> Iterator[Path]:
    """`folder`, created if necessary, and checked to be writable before the block runs.

    names: the files that will be written there. argument: what an error calls the folder. If the block fails, folders
    created here that are still empty are removed. Raises ArgumentError for a folder that cannot be created or written
    to, and if a folder has the name of a file.
    """
    made: list[Path] = []
    done = False
    try:
        try:
            _make(folder, made)
            probe = _temporary(folder / "probe")
            try:
                probe.touch()
            finally:
                probe.unlink(missing_ok=True)
        except OSError as error:
            value = Described(f"{folder} ({error.strerror or error})")
            raise ArgumentError(argument, value, "a folder that can be written to") from error
        for name in names:
            if (folder / name).is_dir():
                value = Described(f"{folder / name}, a folder")
                raise ArgumentError(argument, value, f"room for a file called {name}")
        yield folder
        done = True
    finally:
        if not done:
            _remove_empty(made)


def write_all(folder: Path, writers: Mapping[str, Callable[[Path], object]]) -> list[Path]:
    """Write one file per name, by calling its writer with a path. Returns the paths of the written files.

    The writers get temporary names in the same folder. After all have returned, the files get their names and replace
    older ones. If one fails or is interrupted, no file is replaced and no temporary file remains. Raises ArgumentError
    if they cannot be written (a full disk, a missing folder).

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in write_all(Path(folder), {"a.txt": lambda path: path.write_text("whole")})]
    ['a.txt']
    """
    temporary = {folder / name: _temporary(folder / name) for name in writers}
    try:
        for path, write in zip(temporary, writers.values(), strict=True):
            write(temporary[path])
        for path, written in temporary.items():
            written.replace(path)
    except OSError as error:
        value = Described(f"{folder} ({error.strerror or error})")
        raise ArgumentError("out", value, "a folder that can be written to") from error
    finally:
        for written in temporary.values():
            written.unlink(missing_ok=True)
    return list(temporary)


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def _make(folder: Path, made: list[Path]) -> None:
    """Create a folder and its parents; the new ones are added to `made`, outermost first."""
    missing = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    for parent in reversed(missing):
        parent.mkdir(exist_ok=True)
        made.append(parent)
    if not folder.is_dir():
        raise NotADirectoryError(0, "not a folder")


def _remove_empty(made: list[Path]) -> None:
    for folder in reversed(made):
        try:
            folder.rmdir()
        except OSError:  # no longer empty, or missing: it is not removed
            return
