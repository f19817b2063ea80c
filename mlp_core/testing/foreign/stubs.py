"""Exercises that nobody has filled in: raise NotImplementedError, `...`, a body that only returns None."""

from __future__ import annotations

import ast
from collections.abc import Iterator

CALLED = "__init__", "step", "forward", "backward", "__call__"
"""methods that outside code calls"""


def _reached_methods(node: ast.ClassDef, method: str) -> list[ast.stmt]:
    """The methods of a class that `method` uses, or, without one, that its public entry points use."""
    methods = {n.name: n for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
    waiting, found = [method] if method else list(CALLED), dict[str, ast.stmt]()
    while waiting:
        name = waiting.pop()
        if name in methods and name not in found:
            found[name] = methods[name]
            waiting += [one.attr for one in ast.walk(methods[name]) if isinstance(one, ast.Attribute)]
    return list(found.values())


def stub(node: ast.stmt, method: str = "") -> int | None:
    """The line that shows that a function, or a method of a class, is an exercise nobody has filled in; None if not.

    >>> stub(ast.parse("def f(x):\\n    '''Words.'''\\n    raise NotImplementedError()").body[0])
    3
    """
    if isinstance(node, ast.ClassDef):
        lines = map(stub, _reached_methods(node, method))
        return next((line for line in lines if line is not None), None)
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return None
    body = [n for n in node.body if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))]
    for statement in body:
        if isinstance(statement, ast.Raise) and "NotImplementedError" in ast.unparse(statement):
            return statement.lineno
    for part in ast.walk(node):
        if isinstance(part, ast.Assign | ast.AugAssign | ast.Return) and _is_dots(part.value):
            return part.lineno
    none = {name for statement in body for name in _nones(statement)}
    if all(_says_nothing(statement, none) for statement in body):
        return node.body[-1].lineno
    return None


def _is_dots(node: ast.expr | None) -> bool:
    return any(isinstance(part, ast.Constant) and part.value is ... for part in _parts(node))


def _parts(node: ast.expr | None) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple) else [] if node is None else [node]


def _nones(node: ast.stmt) -> Iterator[str]:
    """The names x and y in x = None and x, y = None, None."""
    if isinstance(node, ast.Assign) and all(ast.unparse(value) == "None" for value in _parts(node.value)):
        yield from (ast.unparse(name) for target in node.targets for name in _parts(target))


def _says_nothing(node: ast.stmt, none: set[str]) -> bool:
    """Whether a statement is a placeholder of an exercise: pass, ..., x = None, return, return x."""
    match node:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Return(value=value):
            return all(ast.unparse(v) in {"None", *none} for v in _parts(value))
    return any(True for _ in _nones(node))
