"""Which definitions of a file can be verified, told by their heads alone: nothing has run yet."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.testing.foreign.reach import Statement, derives, reached

NAMED = re.compile(r"back_?prop", re.IGNORECASE)
"""how a function of the course is called, whatever it calls its parameters"""

CONTRACTS = ({"trace", "dL_dy"}, {"y_true", "y_pred"})
"""parameters, beside that for the model, that tell a backpropagation: in our form, in the course's"""

BASES = ("Optimizer", "UpdateRule")

LOOKED_FOR = "f(model, y_true, y_pred) of the course, f(model, trace, dL_dy), a torch.optim.Optimizer or an UpdateRule"


def parameters(node: ast.FunctionDef) -> list[str]:
    """The names of a function's positional parameters."""
    return [a.arg for a in (*node.args.posonlyargs, *node.args.args)]


def recognised(node: ast.stmt) -> bool:
    """Whether a definition is something that can be verified."""
    if isinstance(node, ast.ClassDef):
        return derives(node, BASES)
    if not isinstance(node, ast.FunctionDef):
        return False
    names = parameters(node)
    told = any(wanted <= set(names) for wanted in CONTRACTS)
    return len(names) == 3 and (told or bool(NAMED.search(node.name)))


def chosen(statements: Sequence[Statement], file: str, name: str | None, broken: Sequence[str]) -> list[str]:
    """The names to verify: the one asked for, or all that are recognised but those that another of them uses. Raises
    ArgumentError where there is none, and says what was found instead."""
    nodes = [s.node for s in statements]
    definitions = {n.name: n for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    if name is not None:
        if name in definitions:
            return [name]
        raise ArgumentError("subject", Described(f"{file}:{name}"), f"a definition in {file}; {_found(nodes, broken)}")
    found = [n for n, node in definitions.items() if recognised(node)]
    if not found:
        raise ArgumentError("subject", Described(file), f"{LOOKED_FOR}; {_found(nodes, broken)}")
    used = {s for n in found for s in reached(list(statements), n) if not _defines(s, n)}
    return [n for n in found if not any(_defines(s, n) for s in used)] or found  # those that use each other


def _defines(statement: Statement, name: str) -> bool:
    return statement.defines and name in statement.binds


def _found(nodes: Sequence[ast.stmt], broken: Sequence[str]) -> str:
    """What there is in place of what was looked for."""
    heads = {
        n.name: f"{n.name}({', '.join(parameters(n))})" if isinstance(n, ast.FunctionDef) else f"class {n.name}"
        for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef)
    }  # fmt: skip
    there = f"found {', '.join(heads.values())}" if heads else "found no function and no class"
    return "; ".join([*(f"this cannot be read: {one}" for one in broken), there])
