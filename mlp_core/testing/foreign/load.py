"""Subjects in files: found without running anything, loaded by running only what they reach."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterable
from inspect import Parameter, Signature
from pathlib import Path
from types import ModuleType
from typing import Any

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.engine.source import LOADED
from mlp_core.testing.foreign.cells import cells_of
from mlp_core.testing.foreign.reach import Statement, reached
from mlp_core.testing.foreign.recognise import Found, chosen, head_of
from mlp_core.testing.report.names import split
from mlp_core.testing.subjects.heads import Head


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
        inside = sorted(
            p for p in folder.rglob("*")
            if p.suffix in (".py", ".ipynb") and _seen(p.relative_to(folder)) and p.is_file()  # no pipe, no loop
        )  # fmt: skip
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
    return [f"{path}:{one.name}" for one in chosen(statements, str(path), wanted, broken)]


def load(name: str) -> Any:
    """The definition "file:name", after what it reaches has run; of a pair both, in a tuple. Raises what that raises.

    What stands beside the file can be imported from it.
    """
    found, things = loaded(name)
    if "." in found.name:  # a method: of the class that was loaded
        return getattr(things[0], found.name.rpartition(".")[2])
    return things[0] if len(things) == 1 else tuple(things)


def loaded(name: str) -> tuple[Found, list[Any]]:
    """What "file:name" stands for, and the definitions that it needs, after what they reach has run."""
    path, wanted = split(name)
    statements, broken = statements_of(path)
    (found,) = chosen(statements, str(path), wanted, broken)
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    sys.modules[module.__name__] = module
    sys.path.insert(0, str(path.resolve().parent))
    for statement in dict.fromkeys(s for need in found.needs for s in reached(statements, need)):
        tree = ast.Module([statement.node], type_ignores=[])
        code = compile(tree, statement.label, "exec", dont_inherit=True)  # not this module's __future__
        exec(code, module.__dict__)  # noqa: S102  (this is what a hand-in is for; in a process of its own)
    return found, [_as_written(module.__dict__[need], f"{path}:{need}", statements) for need in found.needs]


def _as_written(thing: Any, name: str, statements: list[Statement]) -> Any:
    """A definition that was loaded, with its place, and the head that is written where a decorator hides it."""
    definition = name.rpartition(":")[2]
    if inspect.isroutine(thing) or isinstance(thing, type):
        setattr(thing, LOADED, name)
        nodes = [s.node for s in statements if isinstance(s.node, ast.FunctionDef) and s.node.name == definition]
        head = Head.of(thing)
        if nodes and head is not None and head.rest and not head.positional:
            names = head_of(nodes[-1]).positional  # behind a decorator that takes *args
            vars(thing)["__signature__"] = Signature([Parameter(n, Parameter.POSITIONAL_OR_KEYWORD) for n in names])
    return thing
