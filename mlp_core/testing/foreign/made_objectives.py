"""Finds objectives of gradient boosting that a function returns, focal(gamma, alpha), or that are methods of a class
whose constructor takes constants."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterator
from typing import Any

from mlp_core.base.lazy import later
from mlp_core.testing.foreign.doors import Door, wanted
from mlp_core.testing.foreign.objectives import is_loss, is_objective, stem

LOOKS = "a function that returns an objective of gradient boosting, or a class with one as a method"

of_made = later("mlp_core.testing.subjects.doors.objective_made", "of_made")

VALUES = (
    (re.compile(r"alpha|q|quantile|tau|p|percentile|level", re.I), 0.3),
    (re.compile(r"gamma|gamma_\w+|focus\w*|power", re.I), 2.0),
    (re.compile(r"delta|c|k|beta|scale|slope|h|d|eps\w*|threshold|margin|sigma", re.I), 1.5),
    (re.compile(r"(\w*_)?weight|w|penalty|factor|lambda_?|lamb?da?|rate|imbalance\w*|under|over|a|b", re.I), 3.0),
)
"""values of the constants, away from those that hide mistakes, such as 1"""


def made(file: Any) -> Iterator[Door]:
    for node, _ in file.functions():
        inner = {n.name: n for n in node.body if isinstance(n, ast.FunctionDef)}
        last = node.body[-1]
        if isinstance(last, ast.Return) and isinstance(last.value, ast.Name) and last.value.id in inner:
            constants = _constants(wanted(node))
            if is_objective(inner[last.value.id]) and constants is not None:
                yield node.name, (node.name,), _maker(node.name, f"{node.name}({constants})", "")
    for node in file.classes():
        methods = {m.name: _alone(m) for m in node.body if isinstance(m, ast.FunctionDef) and wanted(m)[:1] == ["self"]}
        constants = _constants(wanted(methods["__init__"])) if "__init__" in methods else ""
        found = [name for name, m in methods.items() if name != "__init__" and is_objective(m)]
        if len(found) == 1 and constants is not None:
            losses = [n for n, m in methods.items() if n not in (*found, "__init__") and is_loss(m)
                      and stem(n) == stem(found[0])]  # fmt: skip
            object_ = f"{node.name}({constants})"
            loss = f"{object_}.{losses[0]}" if len(losses) == 1 else ""
            name = f"{node.name}.{found[0]}"
            yield name, (node.name,), _maker(name, f"{object_}.{found[0]}", loss)


def _maker(name: str, objective: str, loss: str) -> Callable[..., Any]:
    return lambda thing, _: of_made(thing, name, objective, loss)


def _alone(method: ast.FunctionDef) -> ast.FunctionDef:
    """A method as a function without self."""
    function = copy.deepcopy(method)
    function.args.args = function.args.args[1:]
    return function


def _constants(names: list[str]) -> str | None:
    """Values for the parameters, in Python; None if the name of one does not show that it is a number."""
    found = [next((value for words, value in VALUES if words.fullmatch(n)), None) for n in names]
    return None if None in found else ", ".join(map(repr, found))
