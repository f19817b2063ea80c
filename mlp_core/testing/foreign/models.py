"""Models whose class has a loss and the gradients of its own arrays, recognised from names alone:
`loss(users, items, ratings)` beside `grad(users, items, ratings)`."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import Any

from mlp_core.base.lazy import later
from mlp_core.testing.foreign.alone import GRADIENT, clips, is_weight
from mlp_core.testing.foreign.attributes import arrays_in, attributes, constructing, taken, values, weights_in
from mlp_core.testing.foreign.beside import VALUED
from mlp_core.testing.foreign.doors import Door
from mlp_core.testing.foreign.passes import COST, returned

of_method = later("mlp_core.testing.subjects.doors.bound", "of_method")
of_model = later("mlp_core.testing.subjects.doors.model", "of_model")

LOOKS = "a class with loss(X, y) and gradients(X, y) of its own arrays"

SLOPES = re.compile(
    r"_?((compute|calc|calculate|loss)_?)?(grad(ient)?s?|backward|backprop)|_?grad(ient)?s?_\w+|\w+_grad(ient)?s?",
    re.IGNORECASE,
)
"""names of the method with the gradients"""


def models(file: Any) -> Iterator[Door]:
    for node in file.classes():
        if not file.is_module(node) and (made := maker(node)) is not None:
            yield made[0], (node.name,), made[1]


def maker(node: ast.ClassDef) -> tuple[str, Callable[..., Any]] | None:
    """The name of the gradient of a model, and a function that makes its subject; None for other classes."""
    methods = {m.name: m for m in node.body if isinstance(m, ast.FunctionDef) and not m.decorator_list}
    slope = next((m for n, m in methods.items() if SLOPES.fullmatch(n) and taken(m) and not clips(m)), None)
    if "__init__" not in methods or slope is None:
        return None
    costs = [m for n, m in methods.items() if m is not slope and (COST.fullmatch(n) or VALUED.fullmatch(n))
             and taken(m) == taken(slope) and len(returned(m) or ()) == 1]  # fmt: skip
    outs, made = returned(slope) or [], constructing(methods)
    if len(costs) == len(outs) == 1 and _keeps_a_dict(made) and isinstance(outs[0], ast.Name | ast.Dict):
        cost, gradient = costs[0].name, slope.name
        return f"{node.name}.{gradient}", lambda cls, _: of_method(cls, gradient, cost)
    places = weights_in(made)
    if len(outs) > 1 and len(places) != len(outs):
        places = _with_numbers(made, places, len(outs)) or _named(outs, arrays_in(made))
    if len(costs) != 1 or not places or len(outs) not in (1, len(places)):
        return None
    if len(outs) != len(places) and not isinstance(outs[0], ast.Name | ast.Dict):
        return None
    order = _order(outs, places) if len(outs) == len(places) else list(range(len(places)))
    cost, gradient = costs[0].name, slope.name
    return f"{node.name}.{gradient}", lambda cls, _: of_model(cls, places, cost, gradient, order)


def _keeps_a_dict(init: ast.FunctionDef) -> bool:
    """Whether a constructor fills a dict in an attribute: self.params = {"W1": ...}, or self.params["W1"] = ..."""
    stores = [t for s in ast.walk(init) if isinstance(s, ast.Assign) for t in s.targets]
    filled = [ast.unparse(t.value) for t in stores if isinstance(t, ast.Subscript)]
    whole = [one for n in attributes(init) for one in values(init, n) if isinstance(one, ast.Dict) and one.keys]
    return bool(whole) or any(f"self.{n}" in filled for n in attributes(init))


def _with_numbers(init: ast.FunctionDef, arrays: tuple[str, ...], count: int) -> tuple[str, ...]:
    """The arrays and the weights that are single numbers, such as self.w0 = 0.0, if there are as many together."""
    numbers = [n for n in attributes(init) if is_weight(n) and any(map(_is_float, values(init, n)))]
    found = tuple(n for n in attributes(init) if n in arrays or n in numbers)
    return found if len(found) == count else ()


def _is_float(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, float)


def _named(outs: list[ast.expr], arrays: tuple[str, ...]) -> tuple[str, ...]:
    """The arrays whose gradients are returned, by the names of these: dP and dQ, of P and Q."""
    stems = [(m[1] or m[2]).lower() for one in outs if isinstance(one, ast.Name) and (m := GRADIENT.fullmatch(one.id))]
    found = tuple(n for n in arrays if n.lower().strip("_") in stems)
    return found if len(found) == len(outs) else ()


def _order(outs: list[ast.expr], places: tuple[str, ...]) -> list[int]:
    """Which of the returned gradients belongs to each parameter: by their names, or in the order of the parameters."""
    named = [(m[1] or m[2]).lower() if isinstance(one, ast.Name) and (m := GRADIENT.fullmatch(one.id)) else ""
             for one in outs]  # fmt: skip
    wanted = [p.lower().strip("_") for p in places]
    return [named.index(p) for p in wanted] if sorted(named) == sorted(wanted) else list(range(len(places)))
