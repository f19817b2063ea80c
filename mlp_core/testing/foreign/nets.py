"""Networks by hand as classes, recognised from names alone: a constructor that makes weights, a forward, a backward.

The backward takes a target. It returns the gradients, keeps them beside the weights, or takes a step.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mlp_core.testing.foreign.alone import BIAS, MATRIX, RATE, TARGET, Gradient, clips, made_of
from mlp_core.testing.foreign.doors import wanted
from mlp_core.testing.foreign.passes import COST, OUTPUT, returned
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

SEVERAL = re.compile(r"weights|biases|ws|bs|w|b|thetas?", re.IGNORECASE)
"""names of a list with one array per layer"""

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
            parts = _parts(net)
            if parts is not None:
                yield f"{node.name}.{net.backward.name}", (node.name,), _made(parts)


def _made(parts: Parts) -> Any:
    return made_of(parts)


def read(node: ast.ClassDef) -> Net | None:
    methods = {m.name: m for m in node.body if isinstance(m, ast.FunctionDef)}
    kept = _kept(methods.get("__init__"))
    forward = _likeliest(methods, FORWARD, lambda m: len(taken(m)) == (0 if kept else 1))
    backward = _likeliest(
        methods, BACKWARD, lambda m: (not taken(m) if kept else any(map(_is_target, taken(m)))) and not clips(m)
    )
    if "__init__" not in methods or forward is None or backward is None:
        return None
    made = constructing(methods)
    weights, places = _weights(made)
    rates = tuple(n for n in attributes(made) if RATE.fullmatch(n))
    costs = [m for m in methods.values() if COST.fullmatch(m.name) and any(map(_is_target, taken(m)))
             and len(returned(m) or ()) == 1]  # fmt: skip
    cost = costs[0] if len(costs) == 1 and costs[0] is not backward else None
    return Net(node, forward, backward, cost, weights, places, rates, kept) if weights else None


def _kept(init: ast.FunctionDef | None) -> tuple[str, ...]:
    """The data and the target, if a constructor takes one of each and keeps both in attributes."""
    names = [] if init is None else taken(init)
    targets, data = [n for n in names if _is_target(n)], [n for n in names if INPUT.fullmatch(n)]
    if init is None or len(targets) != 1 or len(data) != 1:
        return ()
    written = {ast.unparse(one) for name in attributes(init) for one in values(init, name)}
    return (data[0], targets[0]) if {data[0], targets[0]} <= written else ()


def constructing(methods: dict[str, ast.FunctionDef]) -> ast.FunctionDef:
    """The constructor, with the statements of the methods that it calls, such as self.initialize_weights()."""
    init = methods["__init__"]
    called = {ast.unparse(part.func).removeprefix("self.") for part in ast.walk(init) if isinstance(part, ast.Call)}
    more = [s for name, method in methods.items() if name in called and name != "__init__" for s in method.body]
    return ast.FunctionDef(init.name, init.args, [*init.body, *more], [], lineno=init.lineno) if more else init


def _likeliest(methods: dict[str, ast.FunctionDef], names: tuple[str, ...], right: Any) -> ast.FunctionDef | None:
    found = (m for form in names for n, m in methods.items() if re.fullmatch(form, n, re.IGNORECASE) and right(m))
    return next(found, None)


def taken(method: ast.FunctionDef) -> list[str]:
    """The parameters that a method must be given, the object aside."""
    return wanted(method)[1:]


SLOPE = re.compile(r"d[A-Z_]\w*|grad_\w+|\w+_grad")
"""names of a gradient by a target, such as dY: the upstream gradient of a layer"""


def _is_target(name: str) -> bool:
    return TARGET.fullmatch(name) is not None or (role(name) == "true" and not SLOPE.fullmatch(name))


def attributes(init: ast.FunctionDef) -> list[str]:
    """Attributes that a constructor sets, in their order."""
    places = [t for s in ast.walk(init) if isinstance(s, ast.Assign | ast.AnnAssign)
              for t in (s.targets if isinstance(s, ast.Assign) else [s.target])]  # fmt: skip
    flat = [one for t in places for one in (t.elts if isinstance(t, ast.Tuple) else [t])]
    named = [t for t in flat if isinstance(t, ast.Attribute) and isinstance(t.value, ast.Name) and t.value.id == "self"]
    return list(dict.fromkeys(t.attr for t in sorted(named, key=lambda t: (t.lineno, t.col_offset))))


def _weights(init: ast.FunctionDef) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The weights of a class, as names and as attributes: single arrays, or lists for two layers."""
    names = attributes(init)
    lists = [n for n in names if SEVERAL.fullmatch(n) and _is_list(init, n)]
    if lists:
        pairs = [(f"{n}_{k}", f"{n}[{k}]") for k in range(2) for n in lists]
        return tuple(a for a, _ in pairs), tuple(b for _, b in pairs)
    made = [n for n in names if (MATRIX.fullmatch(n) or BIAS.fullmatch(n)) and _is_array(init, n)]
    return tuple(made), tuple(made)


def weights_in(init: ast.FunctionDef) -> tuple[str, ...]:
    """The attributes that are single arrays of weights, if a constructor makes no lists of them."""
    names, places = _weights(init)
    return places if names == places else ()


def arrays_in(init: ast.FunctionDef) -> tuple[str, ...]:
    """The attributes that a constructor makes by a call, of any name."""
    return tuple(n for n in attributes(init) if _is_array(init, n) and not _is_list(init, n))


def values(init: ast.FunctionDef, name: str) -> Iterator[ast.expr]:
    """The expressions assigned to an attribute."""
    for s in (s for s in ast.walk(init) if isinstance(s, ast.Assign)):
        for target in s.targets:
            match target, s.value:
                case ast.Tuple(elts=targets), ast.Tuple(elts=values) if len(targets) == len(values):
                    yield from (v for t, v in zip(targets, values, strict=True) if ast.unparse(t) == f"self.{name}")
                case _ if ast.unparse(target) == f"self.{name}":
                    yield s.value


def _is_list(init: ast.FunctionDef, name: str) -> bool:
    return any(isinstance(v, ast.List | ast.ListComp) for v in values(init, name))


def _is_array(init: ast.FunctionDef, name: str) -> bool:
    return any(isinstance(n, ast.Call) for v in values(init, name) for n in ast.walk(v))


def _parts(net: Net) -> Parts | None:
    matrices = [w for w in net.weights if not BIAS.fullmatch(w.rpartition("_")[0] or w)]
    made = _constructed(net, matrices)
    x, target = net.kept or (taken(net.forward)[0], next(n for n in taken(net.backward) if _is_target(n)))
    given = [_handed(n, x, target) for n in taken(net.backward)]
    cost = None if net.cost is None else [_handed(n, x, target) for n in taken(net.cost)]
    if made is None or None in given or x == target or (cost is not None and None in cost):
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
        f"    before = copy.deepcopy([{many}])", f"    found = net.{net.backward.name}({', '.join(map(str, given))})",
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
    name = f"{net.node.name}.{net.backward.name}"
    return Parts(
        name, "\n".join(lines), arguments, net.weights, target, biases, "1.0", own=cost is not None, new=not net.kept
    )  # fmt: skip


def _outputs(net: Net, x: str) -> list[str]:
    """The lines that assign the output for some data: it is returned, or kept in an attribute."""
    call = f"net.{net.forward.name}({'' if net.kept else x})"
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
    if _is_target(name):
        return target
    if RATE.fullmatch(name):
        return "1.0"
    if INPUT.fullmatch(name):
        return x
    if OUTPUT.fullmatch(name) or role(name) == "predicted":
        return "output"
    constant = constants_of(name)
    return repr(constant[0]) if constant else None
