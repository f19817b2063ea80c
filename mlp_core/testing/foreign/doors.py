"""Finds gradients that are functions in a file, by heads alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from mlp_core.base.lazy import later
from mlp_core.testing.foreign.alone import TARGET
from mlp_core.testing.foreign.dicts import of_pair, paired
from mlp_core.testing.foreign.graded import asked_by, shaped_like
from mlp_core.testing.foreign.listed import head_of
from mlp_core.testing.foreign.stubs import stub
from mlp_core.testing.foreign.top_level import as_object
from mlp_core.testing.subjects.doors.names import ABOVE

FORWARD = (("forward", "backward"), ("fwd", "bwd"), ("Forward", "Backward"))
"""parts of the names of two functions that belong together"""

PRIMES = (
    "{}_prime", "{}_derivative", "{}_deriv", "{}_der", "d_{}", "d{}", "{}_grad", "grad_{}", "{}_gradient", "{}Prime",
    "{}_backward", "derivative_{}", "{}_p", "{}_jac", "jac_{}", "{}_jacobian", "{}_score",
)  # fmt: skip
"""names of the derivative of a function"""

VALUES = ("_loss", "_nll", "_cost", "_loglik", "_log_likelihood", "_objective", "_energy")
"""ends of the name of a function that the name of its gradient may lack: nb_nll and nb_grad"""

MANY = 6
"""the number of parameters up to which two functions may belong together; beyond three, they must be the same and have
no target: a cost and its gradient are another form
"""

GRADIENT = re.compile(r"d[A-Z_]\w*|dx|dw|db|grads?|gradients?|g|\w+_grads?|grad_\w+|grad[A-Z]\w*|jac")
"""names of a gradient that is returned beside a value"""


def positional(node: ast.FunctionDef) -> list[str]:
    return [a.arg for a in (*node.args.posonlyargs, *node.args.args)]


def wanted(node: ast.FunctionDef) -> list[str]:
    """The parameters without a default."""
    names = positional(node)
    return names[: len(names) - len(node.args.defaults)]


def _pairs(functions: dict[str, ast.FunctionDef]) -> Iterator[tuple[str, str, str]]:
    """Each pair: the common name, the forward and the backward."""
    for name in functions:
        for one, other in FORWARD:
            partner = name.replace(one, other)
            if one in name and partner in functions and any(map(ABOVE.fullmatch, wanted(functions[partner])[:3])):
                yield name.replace(one, "").strip("_") or name, name, partner
        for end in ("backward", "back", "bwd", "vjp", "pullback"):
            if (partner := f"{name}_{end}") in functions:
                own, theirs = wanted(functions[name]), wanted(functions[partner])
                if any(map(ABOVE.fullmatch, [*theirs[:1], *(theirs[-1:] if theirs[:-1] == own else [])])):
                    yield name, name, partner


def _derivatives(functions: dict[str, ast.FunctionDef]) -> Iterator[tuple[str, str]]:
    """Each function with its derivative, if their parameters are the same."""
    for name, node in functions.items():
        partners = (form.format(stem) for stem in stems(name) for form in PRIMES)
        partner = next((p for p in partners if p in functions and p != name), None)
        if partner is None or not returns(node):
            continue
        if not returns(functions[partner]) and stub(functions[partner]) is None:
            continue
        own, other = wanted(node), wanted(functions[partner])
        many = own == other and len(own) in range(4, MANY + 1) and not any(map(TARGET.fullmatch, own))
        if many or len(own) == len(other) in (1, 2, 3):
            yield name, partner


def _again(functions: dict[str, ast.FunctionDef]) -> Iterator[tuple[str, str]]:
    """Each forward with a backward that has the same parameters, and returns the gradient by one of them: dtheta."""
    for name, node in functions.items():
        partners = [name.replace(*both) for both in FORWARD if both[0] in name and name.replace(*both) in functions]
        for partner in partners:
            other = functions[partner]
            if wanted(other) == wanted(node) and returns(node) and shaped_like(other, wanted(other)) is not None:
                yield name, partner


def stems(name: str) -> list[str]:
    """The names under which the derivative of a function may mention it.

    >>> stems("nb_nll")
    ['nb_nll', 'nb']
    """
    return [name, *(name.removesuffix(end) for end in VALUES if name.endswith(end))]


def returns(node: ast.FunctionDef) -> bool:
    return any(isinstance(n, ast.Return) and n.value is not None for n in ast.walk(node))


def gives_gradient(node: ast.FunctionDef) -> bool:
    """Whether every return is a value together with something that is named as a gradient."""
    found = [n.value for n in ast.walk(node) if isinstance(n, ast.Return)]
    return bool(found) and bool(wanted(node)) and all(
        isinstance(v, ast.Tuple) and len(v.elts) >= 2 and not isinstance(v.elts[0], ast.Constant)
        and not is_gradient(v.elts[0], wanted(node))
        and all(isinstance(bared(e), ast.Name | ast.UnaryOp | ast.Tuple | ast.Dict) for e in v.elts[1:])
        and all(is_gradient(e, wanted(node)) for e in v.elts[1:])
        for v in found
    )  # fmt: skip


SAME = frozenset({"reshape", "ravel", "flatten", "squeeze", "view", "copy", "clone", "astype", "numpy", "detach"})
"""methods that return the same numbers"""


def bared(node: ast.expr) -> ast.expr:
    """An expression without methods that return the same numbers: dx for dx.reshape(shape), dW for dW.T."""
    match node:
        case ast.Call(func=ast.Attribute(value=inner, attr=name)) if name in SAME:
            return bared(inner)
        case ast.Attribute(value=inner, attr="T"):
            return bared(inner)
    return node


def is_gradient(node: ast.expr, parameters: Sequence[str] = ()) -> bool:
    """Whether a name is that of a gradient: dW, grads, or d with the beginning of a parameter, such as dmu."""
    match bared(node):
        case ast.Name(id=name):
            stem = name.removeprefix("d").removeprefix("_")
            begins = stem if len(stem) > 1 else f"{stem}_"  # dv is the gradient of v_c
            parts = any(p.startswith(begins) or stem.startswith(f"{p}_") for p in parameters)  # dx_flat
            known = bool(stem) and (stem in parameters or parts)
            return (name.startswith("d") and known) or GRADIENT.fullmatch(name) is not None
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return is_gradient(inner, parameters)  # the gradient of minus a log likelihood
        case ast.Tuple(elts=several) | ast.List(elts=several):
            return all(is_gradient(one, parameters) for one in several)
    return isinstance(node, ast.Dict)


DERIVATIVE = "mlp_core.testing.subjects.doors.recognised_derivative"

of_function = later("mlp_core.testing.subjects.doors.recognised", "of_function")
of_derivative, of_value_and_gradient = later(DERIVATIVE, "of_derivative"), later(DERIVATIVE, "of_value_and_gradient")


Door = tuple[str, tuple[str, ...], Callable[..., Any]]
"""the name of the subject, the definitions it needs, and a function that makes it of them and the batch sizes"""


def _made(make: Callable[..., Any]) -> Callable[..., Any]:
    """A function that makes a subject of what was loaded. The batch sizes are its last argument, and unused."""
    return lambda *things: make(*things[:-1])


def _functions(file: Any) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node, _ in file.functions()}


def is_function(file: Any, node: ast.ClassDef) -> bool:
    """Whether a class is a torch.autograd.Function, also through another class of the file."""
    direct = any(file.origins.dotted(base).endswith("autograd.Function") for base in node.bases)
    return direct or any(is_function(file, base) for base in own_bases(file, node))


def is_derived(file: Any, name: str) -> bool:
    """Whether a class derives from another class of the file."""
    return bool(own_bases(file, file.definitions[name]))


def own_bases(file: Any, node: ast.ClassDef) -> list[ast.ClassDef]:
    """The bases of a class that are classes of the file."""
    found = [file.definitions.get(b.id) for b in node.bases if isinstance(b, ast.Name) and b.id != node.name]
    return [one for one in found if isinstance(one, ast.ClassDef)]


def _has_methods(file: Any, node: ast.ClassDef, names: Sequence[str]) -> bool:
    """Whether a class of the file defines methods of these names, or inherits them from another class of the file."""
    own = {m.name for m in node.body if isinstance(m, ast.FunctionDef)}
    left = [n for n in names if n not in own]
    return not left or any(_has_methods(file, base, left) for base in own_bases(file, node))


def autograd_functions(file: Any) -> Iterator[Door]:
    for node in file.classes():
        if is_function(file, node) and _has_methods(file, node, ("forward", "backward")):
            yield node.name, (node.name,), _made(of_function)


def pairs(file: Any) -> Iterator[Door]:
    functions = _functions(file)
    for name, forward, backward in _pairs(functions):
        called = forward if name in file.definitions else name
        make = paired(functions[forward], functions)
        wrt = asked_by(functions[backward], wanted(functions[forward]))
        yield _both(file, called, forward, backward, partial(make, wrt=wrt) if make is of_pair and wrt else make)


def derivatives(file: Any) -> Iterator[Door]:
    functions = _functions(file)
    for name, derivative in (*_derivatives(functions), *_again(functions)):
        yield _both(file, name, name, derivative, slope_of(functions[name], functions[derivative]))


def slope_of(node: ast.FunctionDef, derivative: ast.FunctionDef) -> Callable[..., Any]:
    """A function that makes the subject of a function and its derivative."""
    apart = taken_apart(node) or taken_apart(derivative)
    values = [n.value for n in ast.walk(derivative) if isinstance(n, ast.Return)]
    several = bool(apart) and all(isinstance(v, ast.Tuple | ast.List) and len(v.elts) == len(apart) for v in values)
    wrt = asked_by(derivative, wanted(node)) if wanted(node) == wanted(derivative) else None
    own = [n.value for n in ast.walk(node) if isinstance(n, ast.Return)]
    more = all(isinstance(v, ast.Tuple) for v in own)
    at = shaped_like(derivative, wanted(derivative))
    return partial(of_derivative, apart=apart, several=several, at=at, wrt=wrt, more=more)


def taken_apart(node: ast.FunctionDef) -> tuple[str, ...]:
    """The names into which a function takes its first parameter apart: w, b = params."""
    for several in (parts for name in wanted(node)[:1] for parts in unpacked(node, name)):
        if all(isinstance(one, ast.Name) for one in several):
            return tuple(one.id for one in several if isinstance(one, ast.Name))
    return ()


def unpacked(node: ast.FunctionDef, name: str) -> Iterator[list[ast.expr]]:
    """The targets of every statement that takes a parameter apart."""
    for part in ast.walk(node):
        match part:
            case ast.Assign(targets=[ast.Tuple(elts=several) | ast.List(elts=several)], value=ast.Name(id=of)):
                if of == name:
                    yield several


def _both(file: Any, called: str, one: str, other: str, make: Callable[..., Any]) -> Door:
    """Two definitions that belong together. Snippets import each of them by its name. If the user named one of them, it
    is verified by itself if it has a form of its own, and otherwise together with the other.
    """
    if file.asked in (one, other) and file.asked != called:
        node = file.definitions.get(file.asked)
        if not isinstance(node, ast.FunctionDef) or head_of(node).form() is not None:
            return file.asked, (file.asked,), as_object
        return file.asked, (one, other), _made(make)
    return called, (one, other), _made(make)


def values(file: Any) -> Iterator[Door]:
    for name, node in _functions(file).items():
        if gives_gradient(node):
            wrt = asked_by(node, wanted(node), first=1)
            yield name, (name,), _made(partial(of_value_and_gradient, apart=taken_apart(node), wrt=wrt))
