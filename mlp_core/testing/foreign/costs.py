"""A cost and its gradient as functions of the same parameters, recognised from names alone.

`cost_function(theta, X, y)` beside `gradient(theta, X, y)`, or one function that returns `grads, cost`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from mlp_core.testing.foreign.alone import BIAS, TARGET, Gradient, clips, is_weight, made_of
from mlp_core.testing.foreign.doors import wanted
from mlp_core.testing.foreign.passes import BACKWARD, COST, order_of, rate_of, returned
from mlp_core.testing.subjects.doors.parts import Parts

LOOKS = "a cost and its gradient of the same parameters (cost(theta, X, y) and gradient(theta, X, y))"

SLOPE = re.compile(r"d|grad|nabla|g$", re.IGNORECASE)
"""beginnings of the name of a gradient that is returned before its cost: grads, cost"""


def costs(file: Any) -> Iterator[Gradient]:
    """A cost and its gradient, of the same parameters: weights, data and a target."""
    functions = {node.name: node for node, _ in file.functions()}
    for node in functions.values():
        names = wanted(node)
        if not BACKWARD.fullmatch(node.name) or not any(map(TARGET.fullmatch, names)) or returned(node) is None:
            continue
        alike = [
            c for c in functions.values() if c is not node and COST.fullmatch(c.name) and len(returned(c) or ()) == 1
            and set(wanted(c)) == set(names)
        ]  # fmt: skip
        weights = tuple(n for n in names if is_weight(n))
        if len(alike) == 1 and weights and not clips(node):
            call, value = (f"{f.name}({', '.join(wanted(f))})" for f in (node, alike[0]))
            yield _beside(node, (node.name, alike[0].name), weights, call, value, returned(node) or [])
    for node in functions.values():
        names, outs = wanted(node), returned(node) or []
        weights = tuple(n for n in names if is_weight(n))
        last = [k for k, one in enumerate(outs) if isinstance(one, ast.Name) and COST.fullmatch(one.id)]
        rest = [one for k, one in enumerate(outs) if k not in last]
        grads = rest and all(isinstance(one, ast.Name) and SLOPE.match(one.id) for one in rest)
        if len(last) == 1 and last[0] > 0 and grads and weights and any(map(TARGET.fullmatch, names)):
            call, (k,) = f"{node.name}({', '.join(names)})", last
            found = f"{call}[0]" if len(rest) == 1 else f"[g for k, g in enumerate({call}) if k != {k}]"
            yield _beside(node, (node.name,), weights, found, f"{call}[{k}]", rest)


def _beside(
    node: ast.FunctionDef, needs: tuple[str, ...], weights: tuple[str, ...], found: str, value: str,
    outs: list[ast.expr],
) -> Gradient:  # fmt: skip
    """A gradient whose function takes the weights, the data and the target, as its cost does."""
    names = wanted(node)
    target = next(n for n in names if TARGET.fullmatch(n))
    head = f"({', '.join(names)}):"
    text = "\n".join([
        f"def gives{head}", f"    return named({found}, {order_of(outs, weights)!r}, {weights!r})",
        f"def value{head}", f"    return {value}",
    ])  # fmt: skip
    parts = Parts(node.name, text, tuple(names), weights, target,
                  frozenset(n for n in weights if BIAS.fullmatch(n)), rate_of(tuple(names)), own=True)  # fmt: skip
    return node.name, needs, made_of(parts)
