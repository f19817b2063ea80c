"""An activation whose backward passes its upstream gradient on, and the loss after it, in one file: softmax with a
cross-entropy whose gradient is p - y."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from mlp_core.base.lazy import later
from mlp_core.testing.foreign import beside
from mlp_core.testing.foreign.class_doors import methods_of_layer
from mlp_core.testing.foreign.doors import wanted

of_fused = later("mlp_core.testing.subjects.doors.class_loss", "of_fused")


def fused(file: Any) -> Iterator[tuple[Any, ...]]:
    """The fields of a `Found` for each activation with the only loss of its file. Both are judged together."""
    losses = {needs[0]: name.rpartition(".")[2] for name, needs, _ in beside.losses(file)}
    logarithms = [name for name in losses if _uses_a_logarithm(file.definitions[name])]
    names = logarithms if len(losses) > 1 else list(losses)
    if len(names) != 1:
        return
    loss = file.definitions[names[0]]
    for node in file.classes():
        methods = methods_of_layer(file, node)
        if methods is None or node is loss or not _passes_on(node, *methods):
            continue
        value, z = beside.value_of(loss), wanted(_method(node, methods[0]))[1]

        def make(before: Any, of: Any, _: Any, methods: Any = methods, value: str = value, z: str = z) -> Any:
            return of_fused(before, of, methods, value, losses[names[0]], z)

        yield f"{node.name}_{loss.name}", (node.name, loss.name), make


def _method(node: ast.ClassDef, name: str) -> ast.FunctionDef:
    return next(m for m in node.body if isinstance(m, ast.FunctionDef) and m.name == name)


def _passes_on(node: ast.ClassDef, forward: str, backward: str) -> bool:
    """Whether backward only returns its upstream gradient, and forward does more than to return its argument."""
    one, other = _method(node, forward), _method(node, backward)
    body = [s for s in other.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    return len(body) == 1 and _returns(body[0], wanted(other)[1:2]) and not _returns(one.body[-1], wanted(one)[1:2])


def _returns(node: ast.stmt, names: list[str]) -> bool:
    return isinstance(node, ast.Return) and isinstance(node.value, ast.Name) and node.value.id in names


def _uses_a_logarithm(node: ast.AST) -> bool:
    return any(isinstance(n, ast.Call) and ast.unparse(n.func).endswith("log") for n in ast.walk(node))
