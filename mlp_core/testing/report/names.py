"""Names of what was verified: of files and of definitions in them, whole and short."""

from __future__ import annotations

from collections.abc import Sequence
from os.path import commonpath
from pathlib import Path

FILES = (".py", ".ipynb", ".ipy", ".md", ".markdown", ".myst", ".mystnb", ".mnb", ".Rmd", ".rmd", ".qmd")
"""what the names of files end with that are read: scripts, notebooks, and notebooks kept as text"""


def is_in_file(name: str) -> bool:
    """Whether a subject's name is that of a folder, or of a file, with or without the name of a definition in it."""
    return split(name)[0].suffix in FILES or Path(name).is_dir()


def split(name: str) -> tuple[Path, str | None]:
    """ "hand_in.py:f" as the file and the name of a definition, None where none is given.

    >>> split("hand_in.py:f")
    (PosixPath('hand_in.py'), 'f')
    """
    file, colon, definition = name.rpartition(":")
    if colon and file.endswith(FILES):
        return Path(file), definition
    return Path(name), None


def short_names(names: Sequence[str]) -> list[str]:
    """Names of files without the folder that all are in, and without the definition where a file has but one; other
    names as they are.

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
