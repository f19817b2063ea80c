"""Methods that take a step with the arrays of their object, of which nothing is verified: `self.W -= self.lr * dW`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from mlp_core.testing.foreign.alone import RATE
from mlp_core.testing.foreign.class_doors import METHODS, methods_of_layer
from mlp_core.testing.foreign.moves import moves_in
from mlp_core.testing.foreign.top_level import File, Found


def moves_passed_over(
    definitions: Mapping[str, ast.FunctionDef | ast.ClassDef], found: Sequence[Found]
) -> Iterator[str]:  # fmt: skip
    """Their names, as `Class.method`. They are looked for in networks and layers by hand of which something else is
    verified.
    """
    file, names = File([]), {one.name for one in found}
    for name, node in definitions.items():
        if not isinstance(node, ast.ClassDef) or file.is_module(node):
            continue
        methods = {m.name: m for m in node.body if isinstance(m, ast.FunctionDef)}
        judged = {m for m in methods if {f"{name}.{m}", f"{name}_{m}_loop"} & names}
        if name in names and methods_of_layer(file, node) is not None:
            judged |= {m for pair in METHODS for m in pair}
        if judged & set(methods):
            every = _called(methods, judged)
            yield from (f"{name}.{m}" for m, body in methods.items() if m not in every and _moves(body))


def _called(methods: Mapping[str, ast.FunctionDef], names: set[str]) -> set[str]:
    """These methods, and the methods that they call."""
    found = sorted(names & set(methods))
    for name in found:  # grows
        for n in ast.walk(methods[name]):
            if isinstance(n, ast.Attribute) and ast.unparse(n.value) == "self" and n.attr in methods:
                found += [n.attr] * (n.attr not in found)
    return set(found)


def _moves(node: ast.FunctionDef) -> bool:
    """Whether it subtracts from an attribute of its object something with a rate, or adds it."""
    for target, op, step in moves_in(node):
        rated = any(RATE.fullmatch(word) for n in ast.walk(step) for word in (_word(n),) if word)
        if isinstance(op, ast.Add | ast.Sub) and target.startswith("self.") and rated:
            return True
    return False


def _word(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
