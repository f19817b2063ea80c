"""The names of verified files and of the definitions in them, in full and shortened."""

from __future__ import annotations

import os
from collections.abc import Sequence
from os.path import commonpath
from pathlib import Path

from mlp_core.base.errors import meant

FILES = (".py", ".ipynb", ".ipy", ".md", ".markdown", ".myst", ".mystnb", ".mnb", ".Rmd", ".rmd", ".qmd")
"""the endings of files that can be read: scripts, notebooks, and notebooks kept as text"""


def is_in_file(name: str) -> bool:
    """Whether a subject's name is a folder or a file, with or without a definition in it."""
    return split(name)[0].suffix in FILES or Path(name).is_dir()


def split(name: str) -> tuple[Path, str | None]:
    """Splits "hand_in.py:f" into the file and the name of the definition; the name is None if there is none.

    >>> split("hand_in.py:f")
    (PosixPath('hand_in.py'), 'f')
    """
    file, colon, definition = name.rpartition(":")
    if colon and file.endswith(FILES):
        return Path(file), definition
    return Path(name), None


def beside(path: Path) -> str:
    """The end of a message about a file that does not exist: where it was looked for, and the nearest name there."""
    folder = path.parent
    if not folder.is_dir():
        return f"; the folder {str(folder)!r} does not exist"
    names = [one.name for one in folder.iterdir()] if os.access(folder, os.R_OK) else []
    return f" in {str(folder.resolve())!r}{meant(path.name, names)}"


def short_names(names: Sequence[str]) -> list[str]:
    """Names of files without their common folder, and without the definition if a file has only one. Other names are
    unchanged.

    >>> short_names(["all/a.py:f", "all/b.py:f", "all/b.py:g"])
    ['a.py', 'b.py:f', 'b.py:g']
    """
    files = {name: split(name)[0].resolve() for name in names if is_in_file(name)}
    folder = commonpath([file.parent for file in files.values()]) if files else ""
    shown = []
    for name in names:
        if name not in files:
            shown.append(name)
            continue
        definition = split(name)[1]
        alone = definition is None or list(files.values()).count(files[name]) == 1
        shown.append(f"{files[name].relative_to(folder)}" + ("" if alone else f":{definition}"))
    return shown
