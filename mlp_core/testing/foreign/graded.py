"""The parameters whose gradients a function returns, as its names show: dmu and dsigma, of f(x, mu, sigma)."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from mlp_core.testing.subjects.doors.names import BESIDE


def asked_by(node: ast.FunctionDef, names: Sequence[str], first: int = 0) -> tuple[int, ...] | None:
    """The parameters whose gradients are returned, as their names show: (1, 2) for `return dmu, dsigma` of f(x, mu,
    sigma). None if the names do not show them, or show the first ones in order. first: the number of other values that
    are returned before.
    """
    found = [n.value for n in ast.walk(node) if isinstance(n, ast.Return)]
    if len(found) != 1 or not isinstance(found[0], ast.Tuple) or len(found[0].elts) < first + 2:
        return None
    whose = {form.format(n): k for k, n in enumerate(names) for form in BESIDE}
    bare = [one.operand if isinstance(one, ast.UnaryOp) else one for one in found[0].elts[first:]]
    places = [whose.get(one.id) if isinstance(one, ast.Name) else None for one in bare]
    known = tuple(k for k in places if k is not None)
    apart = len(known) == len(set(known)) == len(bare)
    return known if apart and known != tuple(range(len(known))) else None


def shaped_like(derivative: ast.FunctionDef, names: Sequence[str]) -> int | None:
    """The parameter whose gradient is returned, as the code shows: dY, or an array that is made by zeros_like(Y)."""
    last = derivative.body[-1]
    if not isinstance(last, ast.Return) or not isinstance(last.value, ast.Name):
        return None
    called = last.value.id
    for form in BESIDE:
        if called in (mine := [form.format(n) for n in names]):
            return mine.index(called)
    for part in ast.walk(derivative):
        match part:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=func, args=[ast.Name(id=like), *_])):
                if name == called and ast.unparse(func).endswith(("zeros_like", "empty_like")) and like in names:
                    return names.index(like)
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(args=[ast.Attribute(value=ast.Name(id=like), attr="shape"), *_]),
            ):
                if name == called and like in names:
                    return names.index(like)
    return None
