"""Losses with gradients by variables of the file, recognised from names alone: `return loss, dWxh, dWhh, hs[-1]`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from mlp_core.base.lazy import later
from mlp_core.testing.foreign.alone import CLIPS, GRADIENT, clips
from mlp_core.testing.foreign.doors import Door, wanted

of_held = later("mlp_core.testing.subjects.doors.by_variables", "of_held")

LOOKS = "a function that returns its loss with gradients by variables of the file (return loss, dW, db)"

WIDE = 4.0
"""the least limit of clipped gradients that small numbers stay below"""


def losses(file: Any) -> Iterator[Door]:
    variables = {name for s in file.statements if isinstance(s.node, ast.Assign) for name in s.binds}
    for node, _ in file.functions():
        last = node.body[-1]
        if not isinstance(last, ast.Return) or not isinstance(last.value, ast.Tuple) or not wanted(node):
            continue
        outs = last.value.elts
        if isinstance(outs[0], ast.Constant) or (isinstance(outs[0], ast.Name) and GRADIENT.fullmatch(outs[0].id)):
            continue
        whose = {k: name for k, out in enumerate(outs[1:], 1) if (name := _variable(out, variables - _own(node)))}
        named = [o for o in outs[1:] if isinstance(o, ast.Name) and GRADIENT.fullmatch(o.id)]
        if whose and len(set(whose.values())) == len(whose) == len(named) and not (clips(node) and _narrow(node)):
            yield node.name, (node.name, *whose.values()), _made(tuple(whose.values()), tuple(whose), clips(node))


def _made(names: tuple[str, ...], places: tuple[int, ...], clipped: bool) -> Any:
    return lambda f, *_: of_held(f, names, places, clips=clipped)


def _variable(out: ast.expr, variables: set[str]) -> str | None:
    """The variable that a returned gradient belongs to, by its name."""
    match = GRADIENT.fullmatch(out.id) if isinstance(out, ast.Name) else None
    if match is None:
        return None
    root = match[1] or match[2]
    return root if root in variables else None


def _own(node: ast.FunctionDef) -> set[str]:
    """The parameters and local variables of a function."""
    args = {a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
    stored = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return args | stored


def _narrow(node: ast.FunctionDef) -> bool:
    """Whether gradients are clipped to a narrow interval, or to one that is not written as numbers."""
    calls = [n for n in ast.walk(node) if isinstance(n, ast.Call) and ast.unparse(n.func).rpartition(".")[2] in CLIPS]
    limits = [abs(c.value) for call in calls for c in ast.walk(call)
              if isinstance(c, ast.Constant) and isinstance(c.value, (int, float))]  # fmt: skip
    return not limits or min(limits) < WIDE
