"""Autograd engines, recognised from names alone: a class with operators, a value, a gradient and backward()."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from mlp_core.base.lazy import later
from mlp_core.testing.foreign.doors import Door, wanted

of_engine = later("mlp_core.testing.subjects.doors.engine", "of_engine")

LOOKS = "a class with operators and backward() (micrograd's Value)"

GRAD = re.compile(r"_?(grad(ient)?|g|adjoint|derivative)")
"""the attribute with the gradient of a node"""


def engines(file: Any) -> Iterator[Door]:
    for node in file.classes():
        methods = {m.name: m for m in node.body if isinstance(m, ast.FunctionDef)}
        if not {"__init__", "backward"} <= set(methods) or not {"__add__", "__mul__"} & set(methods):
            continue
        init = methods["__init__"]
        if len(wanted(methods["backward"])) != 1 or len(wanted(init)) != 2:
            continue
        places = _attributes(init)
        data = next((name for name, value in places if wanted(init)[1] in _names(value)), None)
        grad = next((name for name, _ in places if GRAD.fullmatch(name)), None)
        if data is not None and grad is not None:
            yield node.name, (node.name,), _made(data, grad)


def _made(data: str, grad: str) -> Any:
    return lambda cls, _: of_engine(cls, data, grad)


def _attributes(init: ast.FunctionDef) -> list[tuple[str, ast.expr]]:
    """The attributes that a constructor sets, each with its value."""
    set_ = [s for s in ast.walk(init) if isinstance(s, ast.Assign | ast.AnnAssign) and s.value]
    both = [(t, s.value) for s in set_ for t in (s.targets if isinstance(s, ast.Assign) else [s.target]) if s.value]
    return [
        (target.attr, value) for pair in both for target, value in _apart(*pair)
        if isinstance(target, ast.Attribute) and ast.unparse(target.value) == "self"
    ]  # fmt: skip


def _apart(target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    """The targets and values of `a, b = 1, 2`, each alone."""
    several = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts)
    return [*zip(target.elts, value.elts, strict=True)] if several else [(target, value)]  # type: ignore[attr-defined]


def _names(value: ast.expr) -> set[str]:
    return {n.id for n in ast.walk(value) if isinstance(n, ast.Name)}
