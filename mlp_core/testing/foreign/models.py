"""Models whose class has a loss and the gradients of its own arrays, recognised from names alone:
`loss(users, items, ratings)` beside `grad(users, items, ratings)`, or one method that returns both."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from mlp_core.base.lazy import later
from mlp_core.testing.foreign.alone import GRADIENT, RATE, clips, is_weight
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


@dataclass(frozen=True)
class Model:
    """The parts of a model that the names in a class show."""

    places: tuple[str, ...]
    """the attributes with its parameters"""
    cost: str
    """the method that returns its loss"""
    slope: str
    """the method that returns its gradients; the same as `cost` if it returns both"""
    order: tuple[int, ...]
    """which of the returned gradients belongs to each parameter"""
    data: tuple[str, ...]
    """the parameters of both methods"""
    rates: tuple[str, ...]
    """attributes that are the size of a step"""


def maker(node: ast.ClassDef) -> tuple[str, Callable[..., Any]] | None:
    """The name of the gradient of a model, and a function that makes its subject; None for other classes."""
    held = _of_a_dict(node)
    if held is not None:
        cost, slope = held
        return f"{node.name}.{slope}", lambda cls, _: of_method(cls, slope, cost)
    model = model_of(node)
    if model is None:
        return None
    found = (model.places, model.cost, model.slope, list(model.order))
    return f"{node.name}.{model.slope}", lambda cls, _: of_model(cls, *found)


def model_of(node: ast.ClassDef) -> Model | None:
    """A model whose parameters are attributes; None for other classes."""
    methods = _methods(node)
    if "__init__" not in methods:
        return None
    made, slope = constructing(methods), _slope(methods)
    rates = tuple(n for n in attributes(made) if RATE.fullmatch(n))
    if (together := _together(methods, rates)) is not None or slope is None:
        return together
    costs, outs, places = _costs(methods, slope), returned(slope) or [], weights_in(made)
    if len(outs) > 1 and len(places) != len(outs):
        places = _with_numbers(made, places, len(outs)) or _named(outs, arrays_in(made))
    if len(costs) != 1 or not places or len(outs) not in (1, len(places)):
        return None
    if len(outs) != len(places) and not isinstance(outs[0], ast.Name | ast.Dict):
        return None
    order = _order(outs, places) if len(outs) == len(places) else list(range(len(places)))
    return Model(places, costs[0].name, slope.name, tuple(order), tuple(taken(slope)), rates)


def _methods(node: ast.ClassDef) -> dict[str, ast.FunctionDef]:
    return {m.name: m for m in node.body if isinstance(m, ast.FunctionDef) and not m.decorator_list}


def _slope(methods: dict[str, ast.FunctionDef]) -> ast.FunctionDef | None:
    return next((m for n, m in methods.items() if SLOPES.fullmatch(n) and taken(m) and not clips(m)), None)


def _costs(methods: dict[str, ast.FunctionDef], slope: ast.FunctionDef) -> list[ast.FunctionDef]:
    """The methods that may be the loss of the gradients."""
    return [m for n, m in methods.items() if m is not slope and (COST.fullmatch(n) or VALUED.fullmatch(n))
            and taken(m) == taken(slope) and len(returned(m) or ()) == 1]  # fmt: skip


def _of_a_dict(node: ast.ClassDef) -> tuple[str, str] | None:
    """The loss and the gradients of a model that keeps its parameters in a dict."""
    methods = _methods(node)
    slope = _slope(methods)
    if "__init__" not in methods or slope is None:
        return None
    costs, outs = _costs(methods, slope), returned(slope) or []
    held = len(costs) == len(outs) == 1 and isinstance(outs[0], ast.Name | ast.Dict)
    return (costs[0].name, slope.name) if held and _keeps_a_dict(constructing(methods)) else None


def _together(methods: dict[str, ast.FunctionDef], rates: tuple[str, ...]) -> Model | None:
    """A model whose method returns the loss and then the gradients: loss, dW, db = model.loss_and_grad(X, y)."""
    places = weights_in(constructing(methods))
    for name, method in methods.items():
        first, outs = (returned(method) or [])[:1], (returned(method) or [])[1:]
        value = any(isinstance(n, ast.Name) and (COST.fullmatch(n.id) or VALUED.fullmatch(n.id)) for n in first)
        if value and outs and len(outs) == len(places) and taken(method) and not clips(method):
            return Model(places, name, name, tuple(_order(outs, places)), tuple(taken(method)), rates)
    return None


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
