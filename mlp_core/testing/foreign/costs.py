"""A cost and its gradient as functions of the same parameters, recognised from names alone.

`cost_function(theta, X, y)` beside `gradient(theta, X, y)`, or one function that returns `grads, cost`, or takes its
data first and returns `cost, grads`. The functions may be methods of a class that needs no arguments.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mlp_core.testing.foreign.alone import BIAS, TARGET, Gradient, clips, is_weight, made_of
from mlp_core.testing.foreign.doors import unpacked, wanted
from mlp_core.testing.foreign.passes import BACKWARD, COST, order_of, rate_of, returned
from mlp_core.testing.subjects.doors.names import hides
from mlp_core.testing.subjects.doors.parts import Parts

LOOKS = "a cost and its gradient of the same parameters (cost(theta, X, y) and gradient(theta, X, y))"

SLOPE = re.compile(r"d|grad|nabla|g$", re.IGNORECASE)
"""beginnings of the name of a gradient that is returned before its cost: grads, cost"""

COEFFICIENTS = re.compile(r"betas?|coefs?_?|coefficients?|params?|parameters")
"""names of weights, if no other parameter has the name of a weight"""


def costs(file: Any) -> Iterator[Gradient]:
    """A cost and its gradient, of the same parameters: weights, data and a target."""
    functions = [Plain(node) for node, _ in file.functions()]
    yield from _two(functions)
    yield from _one(functions)
    for cls in file.classes():
        methods = {m.name: m for m in cls.body if isinstance(m, ast.FunctionDef)}
        made = "__init__" not in methods or len(wanted(methods["__init__"])) == 1
        if made and not any(re.search("Module|Function", ast.unparse(base)) for base in cls.bases):
            given = _telling(methods["__init__"]) if "__init__" in methods else ()
            yield from _two([Plain(m, cls.name, given) for m in methods.values() if not m.decorator_list])


def _telling(node: ast.FunctionDef) -> tuple[str, ...]:
    """The parameters whose default of 0 or 1 hides mistakes."""
    names = [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
    given = zip(names[len(names) - len(node.args.defaults) :], node.args.defaults, strict=True)
    return tuple(n for n, v in given if isinstance(v, ast.Constant) and hides(n, v.value))


@dataclass(frozen=True)
class Plain:
    """A function, or a method of an object that its class makes without arguments."""

    node: ast.FunctionDef
    owner: str = ""
    made_with: tuple[str, ...] = ()
    """parameters of the constructor that get another value than their default"""

    @property
    def names(self) -> list[str]:
        return wanted(self.node)[1:] if self.owner else wanted(self.node)

    @property
    def name(self) -> str:
        return f"{self.owner}.{self.node.name}" if self.owner else self.node.name

    @property
    def weights(self) -> tuple[str, ...]:
        named = [n for n in self.names if is_weight(n)]
        return tuple(named or (n for n in self.names if COEFFICIENTS.fullmatch(n) and not _several(self.node, n)))

    def call(self, also: Sequence[str] = ()) -> str:
        """also: parameters that get another value than their default."""
        made = f"{self.owner}({', '.join(map(_given, self.made_with))})." if self.owner else ""
        return f"{made}{self.node.name}({', '.join([*self.names, *map(_given, also)])})"


def _several(node: ast.FunctionDef, name: str) -> bool:
    """Whether a parameter holds several arrays, as in `w, b = params` and `params["W"]`."""
    keys = [part for part in ast.walk(node) if isinstance(part, ast.Subscript) and ast.unparse(part.value) == name
            and isinstance(part.slice, ast.Constant) and isinstance(part.slice.value, str)]  # fmt: skip
    return bool(keys) or any(True for _ in unpacked(node, name))


def _given(name: str) -> str:
    return f"{name}=0.5"


def _two(functions: list[Plain]) -> Iterator[Gradient]:
    """A cost, and a gradient of the same parameters."""
    for one in functions:
        names, node = one.names, one.node
        if not BACKWARD.fullmatch(node.name) or not any(map(TARGET.fullmatch, names)) or returned(node) is None:
            continue
        alike = [
            c for c in functions if c is not one and COST.fullmatch(c.node.name) and len(returned(c.node) or ()) == 1
            and set(c.names) == set(names)
        ]  # fmt: skip
        weights = one.weights
        if len(alike) == 1 and weights and not clips(node):
            needs = (one.owner,) if one.owner else (one.name, alike[0].name)
            also = [n for n in _telling(node) if n in _telling(alike[0].node)]
            yield _beside(one, needs, weights, one.call(also), alike[0].call(also), returned(node) or [])


def _one(functions: list[Plain]) -> Iterator[Gradient]:
    """A function that returns its cost after its gradients, or that takes its data before its weights."""
    for one in functions:
        names, outs, weights = one.names, returned(one.node) or [], one.weights
        places = [k for k, out in enumerate(outs) if isinstance(out, ast.Name) and COST.fullmatch(out.id)]
        rest = [out for k, out in enumerate(outs) if k not in places]
        grads = rest and all(isinstance(out, ast.Name) and SLOPE.match(out.id) for out in rest)
        if len(places) == 1 and grads and weights and any(map(TARGET.fullmatch, names)):
            call, (k,) = one.call(_telling(one.node)), places
            if k == 0 and (names[0] in weights or len(rest) != len(weights) or clips(one.node)):
                continue  # its gradients are those of its first parameters
            found = f"{call}[{1 - k}]" if len(rest) == 1 else f"[g for k, g in enumerate({call}) if k != {k}]"
            yield _beside(one, (one.name,), weights, found, f"{call}[{k}]", rest)


def _beside(
    one: Plain, needs: tuple[str, ...], weights: tuple[str, ...], found: str, value: str, outs: list[ast.expr]
) -> Gradient:
    """A gradient whose function takes the weights, the data and the target, as its cost does."""
    names = one.names
    target = next(n for n in names if TARGET.fullmatch(n))
    head = f"({', '.join(names)}):"
    text = "\n".join([
        f"def gives{head}", f"    return named({found}, {order_of(outs, weights)!r}, {weights!r})",
        f"def value{head}", f"    return {value}",
    ])  # fmt: skip
    parts = Parts(one.name, text, tuple(names), weights, target,
                  frozenset(n for n in weights if BIAS.fullmatch(n)), rate_of(tuple(names)), own=True)  # fmt: skip
    return one.name, needs, made_of(parts)
