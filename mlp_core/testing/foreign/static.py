"""A class that only holds two static methods: forward(x, w, b) -> out, cache and backward(dout, cache)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from mlp_core.base.lazy import later
from mlp_core.testing.foreign.doors import FORWARD, Door, is_function, returns, wanted
from mlp_core.testing.subjects.doors.names import ABOVE

of_static = later("mlp_core.testing.subjects.doors.spread", "of_static")

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


def _is_static(method: ast.FunctionDef) -> bool:
    return any(ast.unparse(one) == "staticmethod" for one in method.decorator_list)


def _made(forward: str, backward: str) -> Any:
    return lambda cls, _: of_static(cls, forward, backward)
