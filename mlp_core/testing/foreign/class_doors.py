"""Finds gradients that are methods of a class in a file, by heads alone: layers, networks and models."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mlp_core.base.lazy import later
from mlp_core.testing.foreign.doors import PRIMES, Door, is_gradient, positional, returns, wanted
from mlp_core.testing.subjects.doors.names import BELOW, OUTPUTS

of_layer = later("mlp_core.testing.subjects.doors.recognised_layer", "of_layer")
of_method = later("mlp_core.testing.subjects.doors.bound", "of_method")
of_methods = later("mlp_core.testing.subjects.doors.methods", "of_methods")


def is_layer(node: ast.ClassDef) -> bool:
    """Whether a class has forward(self, x) and backward(self, dout), and is not a torch module."""
    methods = {m.name: m for m in node.body if isinstance(m, ast.FunctionDef)}
    if not {"forward", "backward"} <= set(methods) or any("Module" in ast.unparse(b) for b in node.bases):
        return False
    both = [wanted(methods[name]) for name in ("forward", "backward")]
    if both[0] == both[1] and len(both[0]) > 2:
        return False  # a loss, whose gradient takes the same arguments
    gives = returns(methods["forward"]) or (keeps(methods["forward"], OUTPUTS) and keeps(methods["backward"], BELOW))
    return all(len(names) in (2, 3) and names[0] == "self" for names in both) and gives


def keeps(method: ast.FunctionDef, names: Sequence[str]) -> bool:
    """Whether a method assigns one of these attributes of its object."""
    assigned = (n for n in ast.walk(method) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store))
    return any(n.attr in names and isinstance(n.value, ast.Name) and n.value.id == "self" for n in assigned)


def gives_a_dict(node: ast.ClassDef) -> str | None:
    """The method of a class that returns a value with gradients of the parameters it keeps in a dict; None for torch
    modules.
    """
    if any("Module" in ast.unparse(base) for base in node.bases):
        return None
    for method in node.body:
        if isinstance(method, ast.FunctionDef) and wanted(method)[:1] == ["self"] and len(positional(method)) > 2:
            returned = [n.value for n in ast.walk(method) if isinstance(n, ast.Return)]
            if any(isinstance(v, ast.Tuple) and len(v.elts) == 2 and is_gradient(v.elts[1]) for v in returned):
                return method.name
    return None


CHAIN = (
    r"log_?like(lihood)?|nll|loss|cost|objective|fun|func|value|energy|log_?prob|logp|f",
    r"score|grad(ient)?|jac(obian)?|dloss|fprime|first_derivative|g", r"hess(ian)?|second_derivative",
)
"""names of methods that return a function's value, its gradient and its Hessian"""


def chain_of(node: ast.ClassDef) -> list[str]:
    """Methods of a class with one argument, each the derivative of the one before."""
    methods = [m for m in node.body if isinstance(m, ast.FunctionDef) and len(wanted(m)) == 2 and returns(m)]
    named = [next((m.name for m in methods if re.fullmatch(form, m.name)), None) for form in CHAIN]
    if named[0] is not None and named[1] is None:  # nll and nll_grad
        forms = [form.format(named[0]) for form in PRIMES]
        named[1] = next((m.name for m in methods if m.name in forms), None)
    found = named if named[0] is not None else named[1:]
    kept = [name for name in found if name is not None]
    return kept if len(kept) > 1 and None not in found[: len(kept)] else []


def layers(file: Any) -> Iterator[Door]:
    yield from ((node.name, (node.name,), lambda cls, _: of_layer(cls)) for node in file.classes() if is_layer(node))


def networks(file: Any) -> Iterator[Door]:
    for node in file.classes():
        method = gives_a_dict(node)
        if method is not None:
            yield node.name, (node.name,), _of_method(method)


def methods(file: Any) -> Iterator[Door]:
    for node in file.classes():
        chain = chain_of(node)
        if chain and not any("Module" in ast.unparse(base) for base in node.bases):
            yield f"{node.name}.{chain[-1]}", (node.name,), _of_chain(chain)


def _of_chain(chain: list[str]) -> Callable[..., Any]:
    return lambda cls, _: of_methods(cls, chain)


def _of_method(method: str) -> Callable[..., Any]:
    return lambda cls, _: of_method(cls, method)
