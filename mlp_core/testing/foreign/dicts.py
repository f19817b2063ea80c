"""Pairs whose forward takes its parameters in a dict, `parameters["Wax"]`: the keys that its source reads."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any

from mlp_core.base.lazy import later

HELD = re.compile(r"param(eter)?s?|weights?|theta|model|p")
"""names of a parameter that is a dict of arrays"""

spread = later("mlp_core.testing.subjects.doors.spread", "spread")
of_pair = later("mlp_core.testing.subjects.doors.recognised", "of_pair")
of_spread = later("mlp_core.testing.subjects.doors.cells", "of_spread")


def paired(forward: ast.FunctionDef, functions: Mapping[str, ast.FunctionDef]) -> Callable[..., Any]:
    """A function that makes the subject of a forward and a backward. functions: all of the file."""
    names = [a.arg for a in forward.args.args]
    for name in filter(HELD.fullmatch, names):
        readers = _readers(forward, name, functions)
        keys = list(dict.fromkeys(key for node, held in readers for key in keys_of(node, held)))
        if keys and all(map(str.isidentifier, keys)) and not set(keys) & set(names):
            return lambda one, other: of_spread(spread(one, name, keys), other)
    return of_pair


def keys_of(node: ast.FunctionDef, name: str) -> list[str]:
    """The keys that a function reads of a dict, in the order of its source; none if it uses the dict as a whole other
    than to keep it.
    """
    reads = [
        (part.lineno, part.col_offset, part.slice.value) for part in ast.walk(node)
        if isinstance(part, ast.Subscript) and isinstance(part.value, ast.Name) and part.value.id == name
        and isinstance(part.slice, ast.Constant) and isinstance(part.slice.value, str)
    ]  # fmt: skip
    return list(dict.fromkeys(key for *_, key in sorted(reads)))


def _readers(
    node: ast.FunctionDef, name: str, functions: Mapping[str, ast.FunctionDef]
) -> list[tuple[ast.FunctionDef, str]]:
    """The function, and the functions to which it passes the dict as an argument, each with its name of the dict."""
    found = [(node, name)]
    for reader, held in found:  # grows
        for call in (n for n in ast.walk(reader) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)):
            called = functions.get(ast.unparse(call.func))
            passed = () if called is None else _parameters(call, held, called)
            found += [(called, one) for one in passed if called is not None and (called, one) not in found]
    return found


def _parameters(call: ast.Call, held: str, called: ast.FunctionDef) -> list[str]:
    """The parameters of a function that receive the variable in a call."""
    placed = [p.arg for p, a in zip(called.args.args, call.args, strict=False) if _is(a, held)]
    return placed + [k.arg for k in call.keywords if k.arg is not None and _is(k.value, held)]


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
