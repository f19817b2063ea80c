"""A value and its gradients in two places: two functions with the names that optimizers use, or a class of losses."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from mlp_core.base.lazy import later
from mlp_core.testing.foreign.alone import TARGET, clips, is_weight, stem
from mlp_core.testing.foreign.class_doors import CHAIN, keeps
from mlp_core.testing.foreign.doors import PRIMES, Door, positional, returns, slope_of, stems, wanted
from mlp_core.testing.subjects.doors.names import BELOW

of_batch_loss = later("mlp_core.testing.subjects.doors.batch_loss", "of_batch_loss")
of_loss = later("mlp_core.testing.subjects.doors.class_loss", "of_loss")
of_chain = later("mlp_core.testing.subjects.doors.chains", "of_chain")
of_written, of_force = (later("mlp_core.testing.subjects.doors.beside", name) for name in ("of_written", "of_force"))

LOOKS = "a function, its gradient and its Hessian (fun, jac and hess)"

OF_A_BATCH = "a class of losses with forward(y_pred, y_true) and backward(dvalues, y_true)"

HESSIANS = (
    "hess_{}", "{}_hess", "hessian_{}", "{}_hessian", "d2{}", "d2_{}", "{}_d2", "dd{}", "{}_hess_matrix",
    "{}_second_derivative", "{}_double_prime", "{}_prime_prime", "{}_prime2", "{}_der2", "{}_deriv2",
)  # fmt: skip
"""names of the second derivative of a function, or its Hessian"""

VALUE = re.compile(r"forward|__call__|loss|compute(_loss)?|calculate|calc|value|cost|error|eval(uate)?")
GRADIENT = re.compile(
    r"backward|backprop|(calc_|compute_|calculate_)?(grad|gradients?|deriv|derivative)|prime|d_?loss|grad_loss|loss_grad"
)
"""names of the methods of a loss"""


def chains(file: Any) -> Iterator[Door]:
    """A function, its gradient and its Hessian."""
    functions = {node.name: node for node, _ in file.functions()}
    for name, node in functions.items():
        first, second = (
            _beside(functions, node, [form.format(stem) for stem in stems(name) for form in forms])
            for forms in (PRIMES, HESSIANS)
        )
        if first is not None and second is not None:
            yield name, (name, first, second), lambda *things: of_chain(*things[:-1])


def minimized(file: Any) -> Iterator[Door]:
    """fun and jac, or the like, if there is one of each in a file."""
    functions = {node.name: node for node, _ in file.functions()}
    named = [n for form in CHAIN if len(n := _named(functions, form)) == 1]
    if len(named) > 1 and named[0] == _named(functions, CHAIN[0]):
        one, *rest = (functions[n[0]] for n in named)
        if all(wanted(other) == wanted(one) for other in rest) and _is_plain(one):
            make = of_chain if len(rest) > 1 else slope_of(one, rest[0])
            needs = (one.name, *(other.name for other in rest))
            yield one.name, needs, lambda *things, make=make: make(*things[:-1])


def written(file: Any) -> Iterator[Door]:
    """f(x, grad), which assigns entries of grad and returns a number."""
    for node, _ in file.functions():
        names = wanted(node)
        if len(names) == 2 == len(positional(node)) and names[1] in ("grad", "gradient") and _only_written(node):
            yield node.name, (node.name,), lambda f, _: of_written(f)


JACOBIAN = re.compile(
    r"((compute|get|calc|analytic(al)?|geometric|body|[hfg]x?)_?)?(jac(obian)?|gradients?|grad|derivatives?)"
    r"(_matrix|_analytic(al)?|_?(at|of))?",
    re.IGNORECASE,
)
"""names of a derivative that do not name its function"""


def alone_beside(file: Any) -> Iterator[Door]:
    """A function, and one that is merely called its Jacobian or gradient, if no other functions have their arguments.
    """
    nodes = [node for node, _ in file.functions() if wanted(node) and returns(node)]
    for slope in (n for n in nodes if JACOBIAN.fullmatch(n.name)):
        same = [n for n in nodes if n is not slope and wanted(n) == wanted(slope)]
        if len(same) == 1 and not JACOBIAN.fullmatch(same[0].name) and _is_plain(slope):
            make = slope_of(same[0], slope)
            yield same[0].name, (same[0].name, slope.name), lambda *things, make=make: make(*things[:-1])


VALUED = re.compile(
    r"(?!\w*(grad|deriv|prime|jac|hess|score|back|accura))\w*(cost|loss|objective|error|energy|divergence|likelihood|log_?lik"
    r"|log_?p(rob|df)?(_|$)|nll|elbo|stress|potential|penalty)\w*|kl|j",
    re.IGNORECASE,
)
"""names of a function that returns one number, if another one is called its gradient"""

SLOPED = re.compile(r"\w*(grad|deriv|jacobian)\w*|(\w+_)?score_(function|vector)", re.IGNORECASE)
"""names of its gradient; a score alone may be a metric"""

FEWEST, LARGEST = 2, 6
"""how many arguments they have: with one, a name such as `loss` does not show which of several gradients is its own"""


def of_fields(file: Any) -> list[ast.FunctionDef]:
    """The functions with so many arguments that return something."""
    return [node for node, _ in file.functions() if FEWEST <= len(wanted(node)) <= LARGEST and returns(node)]


def costs_beside(file: Any) -> Iterator[Door]:
    """A cost and a gradient with the same arguments in the same order, if there is one of each with these."""
    nodes = of_fields(file)
    slopes = [n for n in nodes if SLOPED.fullmatch(n.name) and not clips(n)]
    for slope in slopes:
        alike = [n for n in nodes if _stems(n) == _stems(slope)]
        values = [n for n in alike if n not in slopes and VALUED.fullmatch(n.name)]
        if len(values) == 1 and sum(n in slopes for n in alike) == 1 and belong(values[0].name, slope.name):
            make = partial(slope_of(values[0], slope), one_value=True)
            yield values[0].name, (values[0].name, slope.name), lambda *things, make=make: make(*things[:-1])


WEAK = re.compile(r"energy|error|potential|stress|penalty", re.IGNORECASE)
"""words for a value that is no function to minimize, unless its gradient has the same word: an energy of an image"""


def belong(value: str, slope: str) -> bool:
    """Whether a name is that of a cost, or shares a word with its gradient."""
    strong = VALUED.fullmatch(WEAK.sub("", value)) is not None
    return strong or bool(set(value.lower().split("_")) & set(slope.lower().split("_")))


def _stems(node: ast.FunctionDef) -> list[str]:
    """The parameters, without the words that only say which samples they hold: X and X_batch."""
    return [stem(n) for n in wanted(node)]


def _only_written(node: ast.FunctionDef) -> bool:
    """Whether entries of the second parameter are assigned, its numbers are never read, and one value is returned."""
    name = wanted(node)[1]
    stores = [n.value for n in ast.walk(node) if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store)]
    sizes = [n.value for n in ast.walk(node) if isinstance(n, ast.Attribute) and n.attr in ("size", "shape")]
    tests = [n.left for n in ast.walk(node) if isinstance(n, ast.Compare)]
    plain = {id(n) for n in (*stores, *sizes, *tests)}
    uses = [n for n in ast.walk(node) if isinstance(n, ast.Name) and n.id == name]
    values = [n.value for n in ast.walk(node) if isinstance(n, ast.Return)]
    one = bool(values) and not any(v is None or isinstance(v, ast.Tuple | ast.Constant) for v in values)
    return one and any(n in uses for n in stores) and all(id(n) in plain for n in uses)


ENERGY, FORCE = re.compile(r"potential_energy|energy|potential"), re.compile(r"forces?")


def forces(file: Any) -> Iterator[Door]:
    """An energy and a force with the same arguments, whose names are the same apart from these words."""
    nodes = [node for node, _ in file.functions() if wanted(node) and returns(node)]
    for one in nodes:
        stem = ENERGY.sub("", one.name, count=1)
        same = [n for n in nodes if n is not one and FORCE.sub("", n.name, count=1) == stem != n.name]
        if stem != one.name and stem.strip("_") not in OTHER and len(same) == 1 and wanted(same[0]) == wanted(one):
            yield one.name, (one.name, same[0].name), lambda *things: of_force(*things[:-1])
    for one in nodes:
        if _gives_both(one):
            yield one.name, (one.name,), lambda *things: of_force(things[0])


def _gives_both(node: ast.FunctionDef) -> bool:
    """Whether a function returns an energy and its force, by their names."""
    outs = [n.value for n in ast.walk(node) if isinstance(n, ast.Return)]
    if len(outs) != 1 or not isinstance(outs[0], ast.Tuple):
        return False
    names = [one.id if isinstance(one, ast.Name) else "" for one in outs[0].elts]
    if len(names) != 2 or not FORCE.search(names[1]):
        return False
    return bool(ENERGY.search(names[0]) or re.fullmatch(r"p?e|u|v|pot", names[0], re.IGNORECASE)) and not any(
        other in names[0].lower() for other in OTHER
    )


OTHER = ("kinetic", "total")
"""energies that are no potentials"""


PLAIN = re.compile(r"^(compute|calc|calculate|eval|evaluate)_|_(fn|func|function)$")
"""parts of the name of a function that only say that it is one"""


def _named(functions: dict[str, ast.FunctionDef], form: str) -> list[str]:
    """Functions with such a name. Single letters do not show that one is the gradient of another: f and g."""
    return [
        n for n, node in functions.items()
        if re.fullmatch(form, PLAIN.sub("", n)) and n != "g" and wanted(node) and returns(node)
    ]  # fmt: skip


def _is_plain(node: ast.FunctionDef) -> bool:
    """Whether its arguments are those of a function to minimize: no weights with data and a target."""
    names = wanted(node)
    return len(names) <= 3 and not (any(map(TARGET.fullmatch, names)) and any(map(is_weight, names)))


def _beside(functions: dict[str, ast.FunctionDef], node: ast.FunctionDef, names: list[str]) -> str | None:
    found = (n for n in names if n in functions and wanted(functions[n]) == wanted(node) != [])
    return next(found, None)


def losses(file: Any) -> Iterator[Door]:
    """Classes with a method for a loss of two or three arguments, and one for its gradients."""
    for node in file.classes():
        if file.is_module(node) or any("Function" in ast.unparse(b) for b in node.bases):
            continue
        methods = {m.name: m for m in node.body if isinstance(m, ast.FunctionDef)}
        value = methods.get(value_of(node))
        if value is None or not returns(value) or ("__init__" in methods and len(wanted(methods["__init__"])) > 1):
            continue
        for name, method in methods.items():
            same = taken(method) in ([], taken(value)) and len(positional(method)) > 0
            if GRADIENT.fullmatch(name) and same and returns(method):
                yield f"{node.name}.{name}", (node.name,), _loss(value.name, name)
                break


def value_of(node: ast.ClassDef) -> str:
    """The name of the method that gives the value of a loss; empty if there is none."""
    methods = [m for m in node.body if isinstance(m, ast.FunctionDef)]
    return next((m.name for m in methods if VALUE.fullmatch(m.name) and len(taken(m)) in (2, 3)), "")


def taken(method: ast.FunctionDef) -> list[str]:
    """The arguments that a method must be given, the object aside."""
    static = any(ast.unparse(one) == "staticmethod" for one in method.decorator_list)
    return wanted(method) if static else wanted(method)[1:]


def batch_losses(file: Any) -> Iterator[Door]:
    """Classes with forward(y_pred, y_true) and backward(dvalues, y_true), which takes the prediction as dvalues."""
    for node in file.classes():
        methods = {m.name: m for m in node.body if isinstance(m, ast.FunctionDef)}
        both = [methods.get("forward"), methods.get("backward")]
        if any(m is None or len(wanted(m)) != 3 or not TARGET.fullmatch(wanted(m)[2]) for m in both):
            continue
        forward, backward = (m for m in both if m is not None)
        begins = len(wanted(methods["__init__"])) > 1 if "__init__" in methods else False
        gives = returns(backward) or keeps(backward, BELOW)
        same = wanted(forward) == wanted(backward) and returns(backward)  # a loss that also returns its gradient
        if wanted(forward)[2] == wanted(backward)[2] and returns(forward) and gives and not (begins or same):
            yield f"{node.name}.backward", (node.name,), lambda cls, _: of_batch_loss(cls, "forward", "backward")


def _loss(value: str, gradient: str) -> Any:
    return lambda cls, _: of_loss(cls, value, gradient)
