"""Subjects in files: found without running anything, and loaded by running only the statements they reach."""

from __future__ import annotations

import ast
import inspect
from dataclasses import replace
from inspect import Parameter, Signature
from pathlib import Path
from typing import Any

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.testing.engine.source import LOADED
from mlp_core.testing.foreign.guards import unguarded
from mlp_core.testing.foreign.judged import in_what_is_lost, notes, why_not
from mlp_core.testing.foreign.listed import head_of
from mlp_core.testing.foreign.passed_over import passed_over
from mlp_core.testing.foreign.reach import Statement, reached
from mlp_core.testing.foreign.recognise import chosen
from mlp_core.testing.foreign.running import module_for, run
from mlp_core.testing.foreign.top_level import Found
from mlp_core.testing.foreign.whole import Whole, whole
from mlp_core.testing.report.names import split
from mlp_core.testing.subjects.heads import Head


def statements_of(path: Path) -> tuple[list[Statement], list[str]]:
    """The statements of a file, and a description of the pieces that cannot be read. Raises ArgumentError like
    cells_of.
    """
    file = whole(path)
    return file.statements, list(file.unread)


def found_in(name: str) -> list[str]:
    """The subjects in a file, as "file:name". Raises ArgumentError if there are none."""
    path, wanted = split(name)
    return [f"{path}:{one.name}" for one in _chosen(whole(path), wanted)]


def found_with_reasons(name: str) -> list[tuple[str, tuple[str, str] | None]]:
    """The same, each with the reason why it cannot be judged and what would help, or None. Last come the backward
    passes of the file that are not recognised, beside definitions that are.
    """
    path, wanted = split(name)
    file = whole(path)
    found = _chosen(file, wanted)
    judged = [(f"{path}:{one.name}", _why_not(file, one)) for one in found]
    over = [] if wanted else passed_over(file.statements, found)
    return [*judged, *((f"{path}:{one}", _passed_over(one)) for one in over)]


def _passed_over(name: str) -> tuple[str, str]:
    """The reason for a backward pass that no recogniser takes, and what helps."""
    return f"{name} is not recognised", f"verify FILE:{name.partition('.')[0]} alone: the error shows lines to add"


def _why_not(file: Whole, found: Found) -> tuple[str, str] | None:
    owner, _, method = found.name.rpartition(".")
    if not found.needs:
        return None  # a whole script needs no definition
    return why_not(file, *found.needs, method=method if found.needs == (owner,) else "")


def notes_of(name: str) -> list[str]:
    """Notes about "file:name", beside its verdict."""
    path, wanted = split(name)
    file = whole(path)
    return [words for one in _chosen(file, wanted) if one.needs for words in notes(file, *one.needs)]


def _chosen(file: Whole, wanted: str | None) -> list[Found]:
    """The definitions to verify, and those in unreadable pieces, about which nothing else is known."""
    known = {name for s in file.statements for name in s.binds}
    lost = [Statement(n, str(file.path)) for n in in_what_is_lost(file)]
    return chosen([*file.statements, *(s for s in lost if not s.binds & known)], str(file.path), wanted, file.unread)


def load(name: str) -> Any:
    """The subject "file:name", after the statements it reaches have run; for a pair, a tuple of both. Raises what they
    raise.

    It can import modules in the folder of the file.
    """
    found, things = loaded(name)
    if "." in found.name:  # a method of the loaded class
        return getattr(things[0], found.name.rpartition(".")[2])
    return things[0] if len(things) == 1 else tuple(things)


def definition(name: str) -> Any:
    """The function or class "file:name", loaded in the same way. It need not be a subject by itself: a snippet needs
    the class of a method.
    """
    path, wanted = split(name)
    file = whole(path)
    try:
        (found,) = _chosen(file, wanted)
    except ArgumentError:
        found = Found(wanted or "", ())
    return _run(path, file, replace(found, needs=(wanted or "",)))[0]


def loaded(name: str, *, bare: bool = False) -> tuple[Found, list[Any]]:
    """The object named by "file:name", and the definitions that it needs, after the statements they reach have run.
    bare: whether they run without the tiny constants in their logarithms and quotients.
    """
    path, wanted = split(name)
    file = whole(path)
    (found,) = _chosen(file, wanted)
    reason = _why_not(file, found)
    if reason is not None:
        raise ArgumentError("subject", Described(name), f"{reason[1]}; {reason[0]}")
    return found, _run(path, file, found, bare=bare)


def _run(path: Path, file: Whole, found: Found, *, bare: bool = False) -> list[Any]:
    """The definitions that a subject needs."""
    left = [s for s in file.statements if s.defines or not s.binds or not s.binds <= found.given]
    needed = dict.fromkeys(s for need in found.needs for s in reached(left, need))
    relative = any(isinstance(s.node, ast.ImportFrom) and s.node.level > 0 for s in needed)
    module = module_for(path, file.modules, relative)
    nodes = [statement.node for statement in needed]
    if bare:
        nodes, _ = unguarded(nodes)
    for statement, node in zip(needed, nodes, strict=True):
        run(node, statement.label, module)
    return [_as_written(module.__dict__[need], f"{path}:{need}", file.statements) for need in found.needs]


MAKERS = ("torch", "jax")
"""libraries whose decorators make objects of functions: custom operators, custom_jvp"""


def _as_written(thing: Any, name: str, statements: list[Statement]) -> Any:
    """A loaded definition with its place, and with the signature in its source if a decorator hides it."""
    definition = name.rpartition(":")[2]
    if inspect.isroutine(thing) or isinstance(thing, type) or type(thing).__module__.partition(".")[0] in MAKERS:
        setattr(thing, LOADED, name)
        if not hasattr(thing, "__name__"):
            thing.__name__ = definition
        nodes = [s.node for s in statements if isinstance(s.node, ast.FunctionDef) and s.node.name == definition]
        head = Head.of(thing)
        if nodes and head is not None and head.rest and not head.positional:
            names = head_of(nodes[-1]).positional  # behind a decorator that takes *args
            vars(thing)["__signature__"] = Signature([Parameter(n, Parameter.POSITIONAL_OR_KEYWORD) for n in names])
    return thing
