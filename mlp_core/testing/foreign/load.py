"""Subjects in files: found without running anything, loaded by running only what they reach."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Sequence
from os.path import commonpath
from pathlib import Path
from types import ModuleType
from typing import Any

from mlp_core.errors import ArgumentError
from mlp_core.testing.conduct import LOADED
from mlp_core.testing.foreign.cells import cells_of
from mlp_core.testing.foreign.reach import Statement, reached
from mlp_core.testing.foreign.recognise import chosen


def is_in_file(name: str) -> bool:
    """Whether a subject's name is that of a folder, or of a file, with or without the name of a definition in it."""
    return split(name)[0].suffix in (".py", ".ipynb") or Path(name).is_dir()


def split(name: str) -> tuple[Path, str | None]:
    """ "hand_in.py:f" as the file and the name of a definition, None where none is given.

    >>> split("hand_in.py:f")
    (PosixPath('hand_in.py'), 'f')
    """
    file, colon, definition = name.rpartition(":")
    if colon and file.endswith((".py", ".ipynb")):
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


def expanded(names: Iterable[str]) -> list[str]:
    """Every folder replaced by the scripts and notebooks in it, by name; the copies of Jupyter's checkpoints left out.

    Raises ArgumentError for a folder without any, and for a file that is not there.
    """
    found: list[str] = []
    for name in names:
        folder = Path(name)
        if not folder.is_dir():
            if not split(name)[0].is_file():
                raise ArgumentError("subject", name, "a file that is there")
            found.append(name)
            continue
        inside = sorted(p for p in folder.rglob("*") if p.suffix in (".py", ".ipynb") and _seen(p.relative_to(folder)))
        if not inside:
            raise ArgumentError("subject", name, "a folder with scripts (.py) or notebooks (.ipynb) in it")
        found += map(str, inside)
    return found


def _seen(path: Path) -> bool:
    return not any(part.startswith((".", "__")) for part in path.parts)


def statements_of(path: Path) -> tuple[list[Statement], list[str]]:
    """The statements of a file, and in words which pieces are no Python. Raises ArgumentError as cells_of does."""
    statements, broken = list[Statement](), list[str]()
    for cell in cells_of(path):
        try:
            statements += [Statement(node, cell.label) for node in cell.statements()]
        except SyntaxError as error:
            broken.append(f"{cell.label}, line {error.lineno}: {error.msg}")
    return statements, broken


def found_in(name: str) -> list[str]:
    """The subjects in a file, as "file:name". Raises ArgumentError where there is none."""
    path, wanted = split(name)
    statements, broken = statements_of(path)
    return [f"{path}:{one}" for one in chosen(statements, str(path), wanted, broken)]


def load(name: str) -> Any:
    """The definition "file:name", after what it reaches has run. Raises what that raises.

    What stands beside the file can be imported from it.
    """
    path, wanted = split(name)
    statements, broken = statements_of(path)
    (definition,) = chosen(statements, str(path), wanted, broken)
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    sys.modules[module.__name__] = module
    sys.path.insert(0, str(path.resolve().parent))
    for statement in reached(statements, definition):
        tree = ast.Module([statement.node], type_ignores=[])
        code = compile(tree, statement.label, "exec", dont_inherit=True)  # not this module's __future__
        exec(code, module.__dict__)  # noqa: S102  (this is what a hand-in is for; in a process of its own)
    found = module.__dict__[definition]
    if hasattr(found, "__dict__"):
        setattr(found, LOADED, f"{path}:{definition}")
    return found
