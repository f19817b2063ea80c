"""Classes of costs with the error at the output: fn(a, y), and delta(z, a, y), the derivative by the pre-activation z.

A network of such a file calls `cost.delta(zs[-1], activations[-1], y)`. The activation is a function of the file.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from mlp_core.base.lazy import later
from mlp_core.testing.foreign.alone import TARGET
from mlp_core.testing.foreign.beside import taken
from mlp_core.testing.foreign.doors import returns, wanted
from mlp_core.testing.subjects.roles import role

of_delta = later("mlp_core.testing.subjects.doors.delta", "of_delta")

LOOKS = "a class of costs with fn(a, y) and delta(z, a, y)"

VALUE = re.compile(r"fn|f|func(tion)?|cost|loss|value|forward|compute|calc(ulate)?|eval(uate)?|__call__")
DELTA = re.compile(r"(get_|compute_|output_)?(delta|error|grad(ient)?|deriv(ative)?|prime|backward|dz|d)(_z|_output)?")
"""names of the two methods"""

BEFORE = re.compile(r"z\w?|zs|net|pre_?act(ivation)?|weighted_input|logits?", re.IGNORECASE)
"""names of what the activation is applied to"""

ACTIVATION = re.compile(
    r"(?!\w*(prime|deriv|grad|backward|cost|loss|_d$|d_))\w*(sigmoid|sigm|tanh|softmax|relu|logistic|softplus|elu|activation)\w*",
    re.IGNORECASE,
)


def deltas(file: Any) -> Iterator[tuple[str, tuple[str, ...], Any, frozenset[str], tuple[str, ...], bool]]:
    """The fields of a `Found` for each class. It is verified also if the network of the file uses it."""
    plain = [node.name for node, _ in file.functions() if len(wanted(node)) == 1]
    functions = [name for name in plain if ACTIVATION.fullmatch(name)]
    for node in file.classes():
        methods = {m.name: m for m in node.body if isinstance(m, ast.FunctionDef)}
        if any(re.search("Module|Function", ast.unparse(base)) for base in node.bases) or not functions:
            continue
        if "__init__" in methods and len(wanted(methods["__init__"])) > 1:
            continue
        value = next((m for n, m in methods.items() if VALUE.fullmatch(n) and len(taken(m)) == 2 and returns(m)), None)
        delta = next((m for n, m in methods.items() if DELTA.fullmatch(n) and len(taken(m)) == 3 and returns(m)), None)
        order = _order(taken(delta)) if delta is not None else ()
        if value is None or delta is None or not order or not any(map(_is_target, taken(value))):
            continue
        first = [n for n in functions if any(n in ast.unparse(part) for part in delta.body)]  # sigmoid_prime(z)
        acts = list(dict.fromkeys([*first, *functions]))
        swapped = _is_target(taken(value)[0])
        name = f"{node.name}.{delta.name}"
        make = _made(value.name, delta.name, swapped, order, len(acts))
        yield name, (node.name, *acts), make, frozenset(), (name,), True


def _is_target(name: str) -> bool:
    return TARGET.fullmatch(name) is not None or role(name) == "true"


def _order(names: list[str]) -> tuple[str, ...]:
    """The role of each parameter of a delta, z, a or y; empty if the names do not show it."""
    kinds = tuple("z" if BEFORE.fullmatch(n) else "y" if _is_target(n) else "a" for n in names)
    return kinds if sorted(kinds) == ["a", "y", "z"] else ()


def _made(value: str, delta: str, swapped: bool, order: tuple[str, ...], count: int) -> Any:
    return lambda cls, *rest: of_delta(cls, value, delta, rest[:count], swapped=swapped, order=order)
