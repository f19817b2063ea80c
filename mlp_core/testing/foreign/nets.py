"""Networks by hand as classes, recognised from names alone: a constructor that makes weights, a forward, a backward.

The backward takes a target. It returns the gradients, keeps them beside the weights, or takes a step.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mlp_core.testing.foreign.alone import BIAS, RATE, TARGET, Gradient, clips, made_of
from mlp_core.testing.foreign.attributes import attributes, constructing, taken, values, weights_of
from mlp_core.testing.foreign.passes import COST, OUTPUT, STRONG, returned
from mlp_core.testing.subjects.doors.names import COUNTS, constants_of
from mlp_core.testing.subjects.doors.parts import Parts
from mlp_core.testing.subjects.roles import role

LOOKS = "a class with weights, forward(X) and backward(X, y) or train(X, y)"

FORWARD = (
    r"forward|__call__", r"feed_?forward|forward_?(pass|prop(agat(e|ion))?)?|fwd",
    r"predict(_proba)?|query|think|output",
)  # fmt: skip
BACKWARD = (
    r"back_?prop(agat(e|ion))?|backward(_?(pass|prop(agat(e|ion))?))?|bwd", r"(compute_|calc_)?grad(ient)?s?",
    r"train(_step|_on_batch|_batch)?|update(_weights|_params)?|step|learn|fit_batch|partial_fit",
)  # fmt: skip
"""names of its methods, the likeliest first"""

SIZES = re.compile(r"(layer_?|layers_?)?(sizes|dims|dimensions|layers|shape|units|neurons|topology|architecture)",
                   re.IGNORECASE)  # fmt: skip
INPUT = re.compile(r"x\w?|x_\w+|inputs?(_\w+)?|data|features?|sample|a0", re.IGNORECASE)


@dataclass(frozen=True)
class Net:
    """The parts of a network that the names in a class show."""

    node: ast.ClassDef
    forward: ast.FunctionDef
    backward: ast.FunctionDef
    cost: ast.FunctionDef | None
    weights: tuple[str, ...]
    """names as arguments, W1 or weights_0, in the order of the layers"""
    places: tuple[str, ...]
    """the same as attributes of the object, W1 or weights[0]"""
    rates: tuple[str, ...]
    """attributes that are the size of a step"""
    kept: tuple[str, ...] = ()
    """the data and the target, if the constructor takes and keeps them: NeuralNetwork(x, y)"""


def nets(file: Any) -> Iterator[Gradient]:
    for node in file.classes():
        if not file.is_module(node) and (net := read(node)) is not None:
            parts = parts_of(net)
            if parts is not None:
                yield f"{node.name}.{net.backward.name}", (node.name,), made_of(parts, file)


def read(node: ast.ClassDef) -> Net | None:
    methods = {m.name: m for m in node.body if isinstance(m, ast.FunctionDef)}
    kept = _kept(methods.get("__init__"))
    forward = _likeliest(methods, FORWARD, lambda m: len(taken(m)) == (0 if kept else 1))
    backward = _likeliest(
        methods, BACKWARD, lambda m: (not taken(m) if kept else any(map(is_target, taken(m)))) and not clips(m)
    )
    if "__init__" not in methods or forward is None or backward is None:
        return None
    made = constructing(methods)
    weights, places = weights_of(made)
    rates = tuple(n for n in attributes(made) if RATE.fullmatch(n))
    costs = [m for m in methods.values() if COST.fullmatch(m.name) and any(map(is_target, taken(m)))
             and len(returned(m) or ()) == 1]  # fmt: skip
    cost = costs[0] if len(costs) == 1 and costs[0] is not backward else None
    return Net(node, forward, backward, cost, weights, places, rates, kept) if weights else None


def _kept(init: ast.FunctionDef | None) -> tuple[str, ...]:
    """The data and the target, if a constructor takes one of each and keeps both in attributes."""
    names = [] if init is None else taken(init)
    targets, data = [n for n in names if is_target(n)], [n for n in names if INPUT.fullmatch(n)]
    if init is None or len(targets) != 1 or len(data) != 1:
        return ()
    written = {ast.unparse(one) for name in attributes(init) for one in values(init, name)}
    return (data[0], targets[0]) if {data[0], targets[0]} <= written else ()


def _likeliest(methods: dict[str, ast.FunctionDef], names: tuple[str, ...], right: Any) -> ast.FunctionDef | None:
    found = (m for form in names for n, m in methods.items() if re.fullmatch(form, n, re.IGNORECASE) and right(m))
    return next(found, None)


SLOPE = re.compile(r"d[A-Z_]\w*|grad_\w+|\w+_grad")
"""names of a gradient by a target, such as dY: the upstream gradient of a layer"""


def is_target(name: str) -> bool:
    return TARGET.fullmatch(name) is not None or (role(name) == "true" and not SLOPE.fullmatch(name))


def parts_of(net: Net, method: str = "", passed: Sequence[str] = ()) -> Parts | None:
    """The functions that are made of a network. method: another one than its backward, with what is passed to it."""
    matrices = [w for w in net.weights if not BIAS.fullmatch(w.rpartition("_")[0] or w)]
    made = _constructed(net, matrices)
    x, target = net.kept or (taken(net.forward)[0], next(n for n in taken(net.backward) if is_target(n)))
    results = _results(net.forward)
    given = [n if n in results else _handed(n, x, target) for n in taken(net.backward)]
    cost = None if net.cost is None else [_handed(n, x, target) for n in taken(net.cost)]
    if made is None or (None in given and not method) or x == target or (cost is not None and None in cost):
        return None
    arguments = (*net.weights, x, target)
    head = f"({', '.join(arguments)}):"
    widths = [
        "    widths = [3]", f"    for matrix in ({', '.join(matrices)},):",
        "        widths.append(int(np.prod(matrix.shape)) // widths[-1])",
    ]  # fmt: skip
    first = [
        *([*widths, f"    net = {made}"] if net.kept
          else [f"    net = MADE.pop() if MADE else new({', '.join(arguments)})"]),
        *(f"    net.{place} = copy.deepcopy({name})" for name, place in zip(net.weights, net.places, strict=True)),
        *(f"    net.{rate} = 1.0" for rate in net.rates), *_outputs(net, x),
    ]  # fmt: skip
    many = ", ".join(f"net.{place}" for place in net.places)
    gives = [
        f"    before = copy.deepcopy([{many}])",
        f"    found = net.{method or net.backward.name}({', '.join(map(str, passed if method else given))})",
        f"    return taken(net, found, {net.weights!r}, before, [{many}])",
    ]  # fmt: skip
    lines = [
        "import copy", "import numpy as np", f"def gives{head}", *first, *gives,
        f"def meets{head}", *first, f"    return output, {target}",
    ]  # fmt: skip
    if not net.kept:
        lines += ["MADE = []", f"def new{head}", *widths, f"    return {made}"]
        lines += [f"def more{head}", *first, *_outputs(net, f"np.concatenate([{x}, {x}[:1]])"), "    return output"]
    if cost is not None and net.cost is not None:
        lines += [f"def value{head}", *first, f"    return net.{net.cost.name}({', '.join(map(str, cost))})"]
    biases = frozenset(w for w in net.weights if w not in matrices)
    name = f"{net.node.name}.{method or net.backward.name}"
    return Parts(
        name, "\n".join(lines), arguments, net.weights, target, biases, "1.0", own=cost is not None, new=not net.kept
    )  # fmt: skip


def _results(forward: ast.FunctionDef) -> tuple[str, ...]:
    """The names of several values that a forward returns, such as a_h and a_out; empty if it returns one."""
    names = [one.id for one in returned(forward) or [] if isinstance(one, ast.Name)]
    return tuple(names) if len(names) == len(returned(forward) or []) > 1 else ()


def _outputs(net: Net, x: str) -> list[str]:
    """The lines that assign the output for some data: it is returned, or kept in an attribute. Of several values it is
    the last, if no other one is called so.
    """
    call = f"net.{net.forward.name}({'' if net.kept else x})"
    if several := _results(net.forward):
        output = next(filter(STRONG.fullmatch, several), several[-1])
        return [f"    {', '.join(several)} = {call}", f"    output = {output}"]
    if any(isinstance(n, ast.Return) and n.value is not None for n in ast.walk(net.forward)):
        return [f"    output = {call}"]
    kept = attributes(net.forward)
    return [f"    {call}", f"    output = net.{kept[-1]}"] if kept else [f"    output = {call}"]


SIZE = re.compile(r"(\w+_)?(dim|size)|[hk]", re.IGNORECASE)
"""names of one size in a constructor, which are those of an axis or a factor elsewhere"""


def _constructed(net: Net, matrices: list[str]) -> str | None:
    """The call that makes it, in Python: sizes of the layers, one by one or as a list, and constants."""
    init = next(m for m in net.node.body if isinstance(m, ast.FunctionDef) and m.name == "__init__")
    names, sizes, handed = taken(init), 0, list[str]()
    for name in names:
        constant = () if COUNTS.fullmatch(name) or SIZE.fullmatch(name) else constants_of(name)
        if name in net.kept:
            handed.append(name)
        elif RATE.fullmatch(name) or re.fullmatch(r"learning\w*", name):
            handed.append("1.0")
        elif SIZES.fullmatch(name):
            handed.append("list(widths)")
        elif constant:
            handed.append(repr(constant[0]))
        else:
            handed.append(f"widths[{sizes}]")
            sizes += 1
    return f"{net.node.name}({', '.join(handed)})" if sizes <= len(matrices) + 1 else None


def _handed(name: str, x: str, target: str) -> str | None:
    """The expression passed for a parameter of a method; None if its name shows none."""
    if name in (x, target):
        return name
    if is_target(name):
        return target
    if RATE.fullmatch(name):
        return "1.0"
    if INPUT.fullmatch(name):
        return x
    if OUTPUT.fullmatch(name) or role(name) == "predicted":
        return "output"
    constant = constants_of(name)
    return repr(constant[0]) if constant else None
