"""Classes of activations: a method for the function, and one for its derivative, such as __call__ and gradient."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from mlp_core.base.lazy import later
from mlp_core.testing.foreign.beside import taken
from mlp_core.testing.foreign.doors import Door, returns, wanted

of_activation = later("mlp_core.testing.subjects.doors.bound", "of_activation")

LOOKS = "a class with __call__(x) and gradient(x)"

FUNCTION = re.compile(r"__call__|forward|fn|f|func(tion)?|activat(e|ion)|call|value|eval(uate)?|compute|apply|output")
DERIVATIVE = re.compile(
    r"(calc_|compute_)?(grad(ient)?|deriv(ative)?|derivate)(_fn)?|prime|df|d|dfn|d_fn|dfunc|f_prime|fprime|"
    r"d_?activation|activation_(derivative|prime|gradient)"
)
"""names of the two methods"""


def activations(file: Any) -> Iterator[Door]:
    """A class that needs no arguments, with two methods of one argument."""
    for node in file.classes():
        methods = {m.name: m for m in node.body if isinstance(m, ast.FunctionDef)}
        if any(re.search("Module|Function", ast.unparse(base)) for base in node.bases):
            continue
        if "__init__" in methods and len(wanted(methods["__init__"])) > 1:
            continue
        one, other = (
            [n for n, m in methods.items() if form.fullmatch(n) and len(taken(m)) == 1 and returns(m)]
            for form in (FUNCTION, DERIVATIVE)
        )
        if one and len(other) == 1:
            yield f"{node.name}.{other[0]}", (node.name,), _made(one[0], other[0])


def _made(function: str, derivative: str) -> Any:
    return lambda cls, _: of_activation(cls, function, derivative)
