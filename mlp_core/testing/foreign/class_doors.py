"""Finds gradients that are methods of a class in a file, by heads alone: layers, networks and models."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mlp_core.base.lazy import later
from mlp_core.testing.foreign.doors import PRIMES, Door, is_gradient, own_bases, positional, returns, wanted
from mlp_core.testing.subjects.doors.names import ABOVE, BELOW, BESIDE, OUTPUTS

of_layer = later("mlp_core.testing.subjects.doors.recognised_layer", "of_layer")
of_method = later("mlp_core.testing.subjects.doors.bound", "of_method")
of_methods = later("mlp_core.testing.subjects.doors.methods", "of_methods")


METHODS = (
    ("forward", "backward"), ("forward", "backprop"), ("forward_pass", "backward_pass"),
    ("forward_propagation", "backward_propagation"), ("forward_propagation", "back_propagation"),
    ("forward_prop", "backward_prop"), ("forward_prop", "back_prop"), ("fprop", "bprop"),
)  # fmt: skip
"""names of the two methods of a layer"""

FROM_ABOVE = re.compile(rf"{ABOVE.pattern}|(output_?)?err(or)?(_\w+)?")
"""names of the first parameter of a backward that is not called backward"""


MOST = 6
"""below how many parameters the forward of a recurrent cell has: forward(self, x, h, c), backward(self, dh, dc)"""


def methods_of_layer(file: Any, node: ast.ClassDef) -> tuple[str, str] | None:
    """The methods forward(self, x) and backward(self, dout) of a class, under these names or others; None for torch
    modules, and for other classes.
    """
    methods = {m.name: m for m in node.body if isinstance(m, ast.FunctionDef)}
    if file.is_module(node):
        return None
    return next((names for names in METHODS if set(names) <= set(methods) and _is_layer(methods, names)), None)


def _is_layer(methods: dict[str, ast.FunctionDef], names: tuple[str, str]) -> bool:
    forward, backward = (methods[name] for name in names)
    both = [wanted(forward), wanted(backward)]
    if both[0] == both[1] and len(both[0]) > 2:
        return False  # a loss, whose gradient takes the same arguments
    gives = returns(forward) or (keeps(forward, OUTPUTS) and keeps(backward, BELOW))
    named = names == METHODS[0] or (len(both[1]) > 1 and FROM_ABOVE.fullmatch(both[1][1]) is not None)
    if any(one[:1] != ["self"] for one in both) or not gives or not named:
        return False
    cell = len(both[0]) in range(3, MOST) and len(both[1]) in range(2, len(both[0]) + 1)
    return (cell and all(map(ABOVE.fullmatch, both[1][1:]))) or all(len(one) in (2, 3) for one in both)


def keeps(method: ast.FunctionDef, names: Sequence[str]) -> bool:
    """Whether a method assigns one of these attributes of its object."""
    assigned = (n for n in ast.walk(method) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store))
    return any(n.attr in names and isinstance(n.value, ast.Name) and n.value.id == "self" for n in assigned)


def gives_a_dict(node: ast.ClassDef) -> str | None:
    """The method of a class that returns a value with gradients of the parameters it keeps in a dict; None if it has
    none.
    """
    for method in node.body:
        if isinstance(method, ast.FunctionDef) and wanted(method)[:1] == ["self"] and len(positional(method)) > 2:
            returned = [n.value for n in ast.walk(method) if isinstance(n, ast.Return)]
            pairs = [v.elts for v in returned if isinstance(v, ast.Tuple) and len(v.elts) == 2]
            if any(is_gradient(one[1]) and not is_gradient(one[0]) for one in pairs):
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
    """Classes with both methods, and classes that inherit both: Tanh(Activation), whose constructor passes tanh and its
    derivative on. A class that needs functions is verified in the classes that derive from it.
    """
    bases = {node.name: own_bases(file, node) for node in file.classes()}
    inherited = {base.name for several in bases.values() for base in several}
    for node in file.classes():
        names = methods_of_layer(file, node)
        if names is None:
            names = next(filter(None, (methods_of_layer(file, base) for base in bases[node.name])), None)
        elif node.name in inherited and _calls_what_it_is_given(node):
            continue
        if names is not None:
            kept = _kept_results(file, node, names)
            yield node.name, (node.name,), lambda cls, _, names=names, kept=kept: of_layer(cls, *names, kept)


def _kept_results(file: Any, node: ast.ClassDef, names: tuple[str, str]) -> tuple[str, ...]:
    """The results of a backward that returns gradients of attributes too, as in `return dx, dW, db`: for each of these
    its name, and "" for every other result. Empty if there is none.
    """
    classes = [node, *own_bases(file, node)]
    both = [next((m for c in classes for m in c.body if isinstance(m, ast.FunctionDef) and m.name == n), None)
            for n in names]  # fmt: skip
    if both[0] is None or both[1] is None:
        return ()
    gives = [n.value for n in ast.walk(both[1]) if isinstance(n, ast.Return)]
    if len(gives) != 1 or not isinstance(gives[0], ast.Tuple) or len(gives[0].elts) < len(wanted(both[0])):
        return ()
    read = [n for c in classes for n in ast.walk(c) if isinstance(n, ast.Attribute) and ast.unparse(n.value) == "self"]
    kept = {ast.unparse(n) for n in ast.walk(both[0]) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)}
    forms = {form.format(n.attr) for n in read if f"self.{n.attr}" not in kept for form in BESIDE}
    found = tuple(one.id if isinstance(one, ast.Name) and one.id in forms else "" for one in gives[0].elts)
    return found if any(found) and not all(found) else ()


def _calls_what_it_is_given(node: ast.ClassDef) -> bool:
    """Whether a class keeps an argument of its constructor and calls it: self.f = f, and self.f(x)."""
    init = next((m for m in node.body if isinstance(m, ast.FunctionDef) and m.name == "__init__"), None)
    kept = [s for s in ast.walk(init) if isinstance(s, ast.Assign) and isinstance(s.value, ast.Name)] if init else []
    given = {ast.unparse(t) for s in kept for t in s.targets if init and ast.unparse(s.value) in wanted(init)}
    return any(isinstance(n, ast.Call) and ast.unparse(n.func) in given for n in ast.walk(node))


def networks(file: Any) -> Iterator[Door]:
    for node in file.classes():
        method = None if file.is_module(node) else gives_a_dict(node)
        if method is not None:
            yield node.name, (node.name,), _of_method(method)


def methods(file: Any) -> Iterator[Door]:
    for node in file.classes():
        chain = chain_of(node)
        if chain and not file.is_module(node):
            yield f"{node.name}.{chain[-1]}", (node.name,), _of_chain(chain)


def _of_chain(chain: list[str]) -> Callable[..., Any]:
    return lambda cls, _: of_methods(cls, chain)


def _of_method(method: str) -> Callable[..., Any]:
    return lambda cls, _: of_method(cls, method)
