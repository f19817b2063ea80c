"""Finds update rules that are neither optimizers of torch nor rules of the core: functions on parameters and gradients,
and plain classes."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mlp_core.base.lazy import later
from mlp_core.testing.foreign.doors import Door, positional, wanted
from mlp_core.testing.foreign.hyper_names import ANY
from mlp_core.testing.subjects.reading import Reading, Said

LOOKS = "an update rule: update(parameters, grads, learning_rate), or a class with update(self, params, grads)"

ACTS = re.compile(
    r"(^|_)(update|step|optimi[sz]e|apply|descent|gd)(_|$)|sgd|adam|rms_?prop|adagrad|adadelta|momentum", re.IGNORECASE
)
"""names of functions that update"""

METHODS = "update", "step", "update_params", "update_parameters", "apply_gradients", "optimize", "apply", "__call__"

PARAMS = re.compile(r"param(eter)?s?|p|w|weights?|theta|x")
GRADS = re.compile(r"grad(ient)?s?|g|d_?w|d_?p|d_?theta|d_?x|grad_wrt_w|w_grads?|grad_w|dparams?")
STATE = re.compile(r"[vsmuhr]|cache|velocit(y|ies)|state|momentums?|[vsm]_?(t|prev)|moments?|mom_?buf(fer)?|vel")
COUNT = re.compile(r"t|step|iteration|iter|i|n_?iter|epoch")


@dataclass(frozen=True)
class _Parts:
    """The parameters of a function by their meaning."""

    params: tuple[str, ...]
    grads: tuple[str, ...]
    state: tuple[str, ...]
    count: str
    hyper: tuple[str, ...]


def updates(file: Any) -> Iterator[Door]:
    """Functions and classes in a file."""
    functions = {node.name: node for node, _ in file.functions()}
    for name, node in functions.items():
        yield from _function(name, node, functions)
    for node in file.classes():
        said = _class(node)
        if said is not None:
            yield node.name, (node.name,), _made(said)


def _made(said: Said) -> Callable[..., Any]:
    return lambda *things: later("mlp_core.testing.foreign.ruled", "subject")(things[:-1], said)


def _function(name: str, node: ast.FunctionDef, functions: dict[str, ast.FunctionDef]) -> Iterator[Door]:
    if not ACTS.search(name):
        return
    names, needed = positional(node), wanted(node)
    literals, returned = _literals(node), _returned(node)
    if len(names) == 3 and names[2] in ("config", "optim_config", "cfg") and _is_pair(names[0], names[1]):
        keys = [key for key in _keys(node) if _known(key)]
        reading = Reading("config", (names[0],), (names[1],), holds="array")
        yield name, (name,), _made(Said(name, reading, _defaults_in(node, keys), tuple(literals)))
        return
    parts = _parts(names)
    if parts is None or not set(needed) <= {*parts.params, *parts.grads, *parts.state, parts.count, *parts.hyper}:
        return
    values = _defaults(node)
    state = tuple(s for s in parts.state if s in needed)
    begins = _beginning(state, name, functions)
    reading = Reading(
        "function", parts.params, parts.grads, state, begins is not None, parts.count, _first(node, parts.count),
        returned=returned,
    )  # fmt: skip
    hyper = {h: values.get(h) for h in parts.hyper}
    if not all(v is None or isinstance(v, float) for v in hyper.values()):
        return
    keeps = bool(parts.state or parts.count)
    said = Said(name, reading, hyper, tuple(literals), keeps)
    yield name, (name, *([begins] if begins else [])), _made(said)


def _first(node: ast.FunctionDef, count: str) -> int:
    """The number of the first step that a caller gives: 0 if the code adds 1 to it."""
    return 0 if re.search(rf"\b{count} (\+|\+=) 1\b", ast.unparse(node)) and count else 1


def _is_pair(p: str, g: str) -> bool:
    plain = bool(PARAMS.fullmatch(p) and GRADS.fullmatch(g))
    return plain or g == f"g{p}" or _is_gradient_of(g, p)


def _is_gradient_of(name: str, parameter: str) -> bool:
    return name in (f"d{parameter}", f"d_{parameter}", f"grad_{parameter}", f"{parameter}_grad")


def _known(name: str) -> bool:
    return any(re.fullmatch(form, name, re.IGNORECASE) for form in ANY.values())


def _parts(names: Sequence[str]) -> _Parts | None:
    """The meaning of each name; None if the parameters or the gradients are not among them."""
    pairs = [(p, g) for p in names for g in names if _is_gradient_of(g, p)]
    if not pairs:
        p = next((n for n in names[:3] if PARAMS.fullmatch(n)), None)
        g = next((n for n in names[:4] if GRADS.fullmatch(n)), None)
        pairs = [(p, g)] if p and g else []
    if not pairs:
        return None
    used = {name for pair in pairs for name in pair}
    rest = [n for n in names if n not in used]
    count = next((n for n in rest if COUNT.fullmatch(n)), "")
    state = tuple(n for n in rest if n != count and STATE.fullmatch(n) and not _single_hyper(n, rest))
    hyper = tuple(n for n in rest if n != count and n not in state and _known(n))
    if len(pairs) > 1 and (state or count):
        return None
    return _Parts(tuple(p for p, _ in pairs), tuple(g for _, g in pairs), state, count, hyper)


def _single_hyper(name: str, rest: Sequence[str]) -> bool:
    """Whether "momentum" is the number, because something else is the state."""
    return name == "momentum" and not any(n in rest for n in ("beta", "mu", "gamma"))


def _beginning(state: Sequence[str], name: str, functions: dict[str, ast.FunctionDef]) -> str | None:
    """The function that makes the first state: init_NAME(parameters), which returns as many values."""
    if not state:
        return None
    word = name.lower()
    for other, node in functions.items():
        own = re.fullmatch(r"(?:init|initiali[sz]e)_?(\w*)", other, re.IGNORECASE)
        if own and len(wanted(node)) == 1 and PARAMS.fullmatch(wanted(node)[0]):
            last = [n.value for n in ast.walk(node) if isinstance(n, ast.Return) and n.value is not None]
            sizes = {len(v.elts) if isinstance(v, ast.Tuple) else 1 for v in last}
            kept = own[1].lower() in word or own[1].lower() in ("velocity", "state", "velocities", "moments", "cache")
            if sizes == {len(state)} and kept:
                return other
    return None


def _class(node: ast.ClassDef) -> Said | None:
    """A class without a base, with hyperparameters in its constructor and a method that updates."""
    if any(ast.unparse(base) not in ("object", "Optimizer", "BaseOptimizer", "Optim") for base in node.bases):
        return None
    methods = {m.name: m for m in node.body if isinstance(m, ast.FunctionDef)}
    begin = methods.get("__init__")
    names, needed = ([], []) if begin is None else (positional(begin)[1:], wanted(begin)[1:])
    values = {} if begin is None else _defaults(begin)
    for method in METHODS:
        found = methods.get(method)
        if found is None:
            continue
        taken, literals = wanted(found)[1:], tuple(_literals(node))
        if len(taken) == 2 and _is_pair(*taken) and all(map(_known, needed)):
            reading = Reading("class", (taken[0],), (taken[1],), method=method)
        elif not taken and needed and PARAMS.fullmatch(needed[0]) and all(map(_known, needed[1:])) and _reads(node):
            reading = Reading("objects", (needed[0],), method=method)
        else:
            continue
        own = {n: values.get(n) for n in names if n not in reading.params and _known(n) and _number(values.get(n))}
        return Said(node.name, reading, own, literals, _keeps(node))
    return None


def _reads(node: ast.AST) -> bool:
    """Whether it reads the gradient of an object."""
    return any(isinstance(n, ast.Attribute) and n.attr == "grad" for n in ast.walk(node))


def _keeps(node: ast.ClassDef) -> bool:
    """Whether some method other than the constructor changes an attribute of the object."""
    return any(
        isinstance(n, ast.Attribute | ast.Subscript) and isinstance(n.ctx, ast.Store) and "self." in ast.unparse(n)
        for m in node.body if isinstance(m, ast.FunctionDef) and m.name != "__init__" for n in ast.walk(m)
    )  # fmt: skip


def _number(value: Any) -> bool:
    return value is None or isinstance(value, float)


def _defaults(node: ast.FunctionDef) -> dict[str, Any]:
    """The defaults of parameters: floats as such, anything else as its code."""
    names = positional(node)
    return {n: _value(v) for n, v in zip(names[len(names) - len(node.args.defaults):], node.args.defaults, strict=True)}


def _value(node: ast.expr) -> Any:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return ast.unparse(node)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)


def _literals(node: ast.AST) -> list[float]:
    found = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, float)]
    powers = [_power(n) for n in ast.walk(node) if isinstance(n, ast.BinOp)]
    return list(dict.fromkeys([*found, *(p for p in powers if p is not None)]))


def _power(node: ast.BinOp) -> float | None:
    """10 ** -8 as a number."""
    power = re.fullmatch(r"10(?:\.0?)? \*\* -(\d+)", ast.unparse(node))
    return float(f"1e-{power[1]}") if power else None


def _returned(node: ast.FunctionDef) -> tuple[str, ...]:
    """The names in the tuple that it returns last."""
    found = [n.value for n in ast.walk(node) if isinstance(n, ast.Return)]
    if found and isinstance(found[-1], ast.Tuple):
        return tuple(e.id if isinstance(e, ast.Name) else "" for e in found[-1].elts)
    return ()


def _keys(node: ast.FunctionDef) -> list[str]:
    """The keys of dicts that it names."""
    constants = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant)]
    return list(dict.fromkeys(value for value in constants if isinstance(value, str)))


def _defaults_in(node: ast.FunctionDef, keys: Sequence[str]) -> dict[str, Any]:
    """The numbers that config.setdefault(key, number) or config.get(key, number) gives."""
    found: dict[str, Any] = dict.fromkeys(keys)
    for n in ast.walk(node):
        match n:
            case ast.Call(func=ast.Attribute(attr="setdefault" | "get"), args=[ast.Constant(value=str(key)), value]):
                if key in found and _number(_value(value)):
                    found[key] = _value(value)
    return found
