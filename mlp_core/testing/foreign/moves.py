"""Assignments that move something by a step: `w -= step` and `w = w - step`."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def moves_in(node: ast.AST) -> Iterator[tuple[str, ast.operator, ast.expr]]:
    """For each of them its target in Python, the operator, and the step.

    >>> [(target, type(op).__name__, ast.unparse(step)) for target, op, step in moves_in(ast.parse("w = w - lr * g"))]
    [('w', 'Sub', 'lr * g')]
    """
    for part in ast.walk(node):
        match part:
            case ast.AugAssign(target=target, op=op, value=step):
                yield ast.unparse(target), op, step
            case ast.Assign(targets=[target], value=ast.BinOp(left=left, op=op, right=step)):
                if ast.unparse(target) == ast.unparse(left):
                    yield ast.unparse(target), op, step
