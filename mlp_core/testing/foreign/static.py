"""A forward and a backward that are kept together: in a class with two static methods, forward(x, w, b) -> out, cache
and backward(dout, cache), or forward(ctx, x) and backward(ctx, dout); or in a function that returns its pullback."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from mlp_core.base.lazy import later
from mlp_core.testing.foreign.doors import FORWARD, Door, is_function, returns, wanted
from mlp_core.testing.subjects.doors.names import ABOVE

of_static = later("mlp_core.testing.subjects.doors.spread", "of_static")

of_context = later("mlp_core.testing.subjects.doors.closures", "of_context")
of_closure = later("mlp_core.testing.subjects.doors.closures", "of_closure")

LOOKS = "a class with two static methods forward(x, ...) and backward(dout, cache)"


def pairs(file: Any) -> Iterator[Door]:
    for node in file.classes():
        if is_function(file, node):
            continue
        methods = {m.name: m for m in node.body if isinstance(m, ast.FunctionDef) and _is_static(m)}
        for one, other in FORWARD:
            if {one, other} <= set(methods) and all(returns(methods[name]) for name in (one, other)):
                above = any(map(ABOVE.fullmatch, wanted(methods[other])[:2]))
                if above and wanted(methods[one])[:1] != ["ctx"]:
                    yield f"{node.name}.{other}", (node.name,), _made(one, other)


PULLBACK = re.compile(r"\w*(vjp|pull_?(back)?|backward|bwd|back(prop)?|grad)\w*", re.IGNORECASE)
"""names of a pullback, or of a function that returns one"""


def contexts(file: Any) -> Iterator[Door]:
    """Classes of an engine of its own: forward(ctx, x) and backward(ctx, dout), both static."""
    for node in file.classes():
        methods = {m.name: m for m in node.body if isinstance(m, ast.FunctionDef) and _is_static(m)}
        both = [methods[name] for name in ("forward", "backward") if name in methods and returns(methods[name])]
        taken = len(both) == 2 and all(wanted(m)[:1] == ["ctx"] and wanted(m)[1:] for m in both)
        if taken and not is_function(file, node):
            yield node.name, (node.name,), lambda cls, _: of_context(cls)


def closures(file: Any) -> Iterator[Door]:
    """Functions that return a value and the function that pulls an upstream gradient back to the arguments."""
    for node, _ in file.functions():
        inner = {one.name: one for one in node.body if isinstance(one, ast.FunctionDef)}
        found = [n.value for n in node.body if isinstance(n, ast.Return)]
        if not wanted(node) or len(found) != 1 or not isinstance(found[0], ast.Tuple) or len(found[0].elts) != 2:
            continue
        match found[0].elts[1]:
            case ast.Name(id=name) if name in inner and returns(inner[name]):
                names = [node.name, name] if len(wanted(inner[name])) == 1 else []
            case ast.Lambda(args=ast.arguments(args=[_], defaults=[])):
                names = [node.name]
            case _:
                names = []
        if any(map(PULLBACK.fullmatch, names)):
            yield node.name, (node.name,), lambda f, _: of_closure(f)


def _is_static(method: ast.FunctionDef) -> bool:
    return any(ast.unparse(one) == "staticmethod" for one in method.decorator_list)


def _made(forward: str, backward: str) -> Any:
    return lambda cls, _: of_static(cls, forward, backward)
