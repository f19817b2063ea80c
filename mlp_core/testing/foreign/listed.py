"""The heads of the definitions in a file, and a list of them for an error. No code is run."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from mlp_core.testing.subjects.heads import FILLED, Head

Definition = ast.FunctionDef | ast.ClassDef


def head_of(node: ast.FunctionDef, *, method: bool = False) -> Head:
    """The head of a function that has not been run."""
    args = node.args
    positional = tuple(a.arg for a in (*args.posonlyargs, *args.args))
    others = tuple(a.arg for a in args.kwonlyargs)
    wanted = tuple(a.arg for a, value in zip(args.kwonlyargs, args.kw_defaults, strict=True) if value is None)
    fills = any(getattr(one, kind, "") in FILLED for one in ast.walk(node) for kind in ("attr", "value"))
    return Head(node.name, positional, len(args.defaults), others, wanted, args.vararg is not None, fills, method)


def listed(nodes: Sequence[ast.stmt], broken: Sequence[str], most: int | None = None) -> str:
    """The content of the file instead of the definition that was looked for, with the lines: all, or the first ones."""
    heads = list({n.name: _written(n) for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef)}.values())
    heads += [_lambda(n) for n in nodes if isinstance(n, ast.Assign) and isinstance(n.value, ast.Lambda)]
    more = f" and {len(heads) - most} more" if most is not None and len(heads) > most else ""
    there = f"found {', '.join(heads[:most])}{more}" if heads else "the file defines no function and no class"
    return "; ".join([*(f"this code cannot be read: {one}" for one in broken), there])


def _lambda(node: ast.Assign) -> str:
    """A lambda by its name and line. Recognition needs a definition, because it reads the names of functions."""
    return f"{ast.unparse(node.targets[0])}, a lambda (line {node.lineno}): write it with def"


def _written(node: Definition) -> str:
    """A definition by its name and line."""
    if isinstance(node, ast.ClassDef):
        bases = f"({', '.join(map(ast.unparse, node.bases))})" if node.bases else ""
        return f"class {node.name}{bases} (line {node.lineno})"
    head = head_of(node)
    rest = ["*args"] if head.rest else ["*"] * bool(head.others)
    names = [*head.positional, *rest, *head.others]
    return f"{node.name}({', '.join(names)}) (line {node.lineno})"
