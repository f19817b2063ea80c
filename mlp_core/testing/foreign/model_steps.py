"""Methods of a model that take a step along its gradients: `self.W -= self.lr * dW` behind
`loss, dW, db = self.loss_and_grad(X, y)`. The step, divided by the rate, is compared with the loss."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from mlp_core.base.lazy import later
from mlp_core.testing.foreign.alone import RATE, clips
from mlp_core.testing.foreign.attributes import taken
from mlp_core.testing.foreign.models import Model, model_of
from mlp_core.testing.foreign.moves import moves_in

of_model = later("mlp_core.testing.subjects.doors.model", "of_model")
Step = later("mlp_core.testing.subjects.doors.model", "Step")

LOOKS = "a method that takes a step along the gradients of its model"


def steps(file: Any) -> Iterator[tuple[Any, ...]]:
    """The methods in a file, each with what is judged; it is verified beside the gradients of the class."""
    for node in file.classes():
        model = None if file.is_module(node) else model_of(node)
        for method in node.body if model is not None else ():
            if isinstance(method, ast.FunctionDef) and model is not None and not clips(method):
                passed = _passed(method, model)
                if passed is not None and _moves_along(method, model):
                    name = f"{node.name}.{method.name}"
                    yield name, (node.name,), _made(model, method.name, passed), frozenset(), (name,), True


def _made(model: Model, method: str, passed: str) -> Any:
    order = range(len(model.places))
    return lambda cls, _: of_model(cls, model.places, model.cost, method, order, Step(passed, model.rates))


def _passed(method: ast.FunctionDef, model: Model) -> str | None:
    """The arguments in Python: the data of the model, and 1 for a rate; None if another one is needed."""
    places = {name: f"args[{len(model.places) + k}]" for k, name in enumerate(model.data)}
    found = ["1.0" if RATE.fullmatch(name) else places.get(name) for name in taken(method)]
    known = [one for one in found if one is not None]
    return ", ".join(known) if set(model.data) <= set(taken(method)) and len(known) == len(found) else None


def _moves_along(method: ast.FunctionDef, model: Model) -> bool:
    """Whether it subtracts from each parameter a product of a rate and what the model's method has returned, perhaps
    with numbers. A step of another kind, such as one with a decay or a velocity, is another rule.
    """
    made = [n for n in ast.walk(method) if isinstance(n, ast.Assign) and isinstance(n.value, ast.Call)
            and ast.unparse(n.value.func) == f"self.{model.slope}"]  # fmt: skip
    slopes = {t.id for one in made for target in one.targets for t in ast.walk(target) if isinstance(t, ast.Name)}
    moved = list(moves_in(method))
    plain = all(isinstance(op, ast.Add | ast.Sub) and is_along(step, slopes) for _, op, step in moved)
    return plain and sorted(target for target, _, _ in moved) == sorted(f"self.{place}" for place in model.places)


def is_along(step: ast.expr, slopes: set[str]) -> bool:
    """Whether an expression is a product of a rate, one of these names or an entry of it, and numbers."""
    match step:
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div(), right=right):
            return is_along(left, slopes) and is_along(right, slopes)
        case ast.UnaryOp(operand=inner):
            return is_along(inner, slopes)
        case ast.Subscript(value=ast.Name(id=held)):
            return held in slopes
    return isinstance(step, ast.Constant) or ast.unparse(step) in slopes or bool(
        RATE.fullmatch(ast.unparse(step).removeprefix("self."))
    )
