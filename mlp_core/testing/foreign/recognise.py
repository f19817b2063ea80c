"""Which definitions of a file can be verified, told by their heads alone: nothing has run yet."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.testing.foreign.reach import Statement, derives, reached
from mlp_core.testing.subjects.heads import Head

BASES = ("Optimizer", "UpdateRule")

LOOKED_FOR = "f(model, y_true, y_pred) of the course, f(model, trace, dL_dy), a torch.optim.Optimizer or an UpdateRule"


def head_of(node: ast.FunctionDef) -> Head:
    """The head of a function that has not been run."""
    args = node.args
    positional = tuple(a.arg for a in (*args.posonlyargs, *args.args))
    others = tuple(a.arg for a in args.kwonlyargs)
    return Head(node.name, positional, len(args.defaults), others, args.vararg is not None or None in args.kw_defaults)


def recognised(node: ast.stmt) -> bool:
    """Whether a definition is something that can be verified."""
    if isinstance(node, ast.ClassDef):
        return derives(node, BASES)
    return isinstance(node, ast.FunctionDef) and head_of(node).form(chosen=False) is not None


def _may_be(node: ast.stmt) -> bool:
    """Whether a definition that somebody asks for can be one: what a class or a decorated function is shows when it
    runs."""
    return not isinstance(node, ast.FunctionDef) or bool(node.decorator_list) or head_of(node).form() is not None


def chosen(statements: Sequence[Statement], file: str, name: str | None, broken: Sequence[str]) -> list[str]:
    """The names to verify: the one asked for, or all that are recognised but those that another of them uses. Raises
    ArgumentError where there is none, and says what was found instead."""
    nodes = [s.node for s in statements]
    definitions = {n.name: n for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    if name is not None:
        if name in definitions and _may_be(definitions[name]):
            return [name]
        wanted, there = (LOOKED_FOR, [definitions[name]]) if name in definitions else (f"a definition in {file}", nodes)
        raise ArgumentError("subject", Described(f"{file}:{name}"), f"{wanted}; {_found(there, broken)}")
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
        n.name: f"{n.name}({', '.join(head_of(n).positional)})" if isinstance(n, ast.FunctionDef) else f"class {n.name}"
        for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef)
    }  # fmt: skip
    there = f"found {', '.join(heads.values())}" if heads else "found no function and no class"
    return "; ".join([*(f"this cannot be read: {one}" for one in broken), there])
