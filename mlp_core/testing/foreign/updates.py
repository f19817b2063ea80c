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
from mlp_core.testing.foreign.rule_code import (
    COUNT,
    defaults,
    defaults_in,
    first,
    further,
    keeps,
    keys_in,
    known,
    literals,
    number,
    reads,
    returned,
)
from mlp_core.testing.subjects.reading import Reading, Said

LOOKS = "an update rule: update(parameters, grads, learning_rate), or a class with update(self, params, grads)"

ACTS = re.compile(
    r"(^|_)(update|step|optimi[sz]e|apply|descent|gd)(_|$)|sgd|adam|rms_?prop|adagrad|adadelta|momentum|amsgrad|"
    r"nesterov|(^|_)(lion|nag)(_|$)", re.IGNORECASE
)
"""names of functions that update"""

METHODS = "update", "step", "update_params", "update_parameters", "apply_gradients", "optimize", "apply", "__call__"

PARAMS = re.compile(r"param(eter)?s?|p|w|weights?|theta|x")
GRADS = re.compile(r"grad(ient)?s?|g|d_?w|d_?p|d_?theta|d_?x|grad_wrt_w|w_grads?|grad_w|dparams?")
STATE = re.compile(
    r"[vsmuhr]|cache|velocit(y|ies)|(opt(im(izer)?)?_)?state|momentums?|[vsm]_?(t|prev|hat|max)|moments?|"
    r"mom_?buf(fer)?|vel"
)


BEGINS = re.compile(r"(?:init|initiali[sz]e|create)_?(\w*)|(\w+?)_(?:init|initiali[sz]e)", re.IGNORECASE)
"""names of functions that make the first state"""

PAIRS = re.compile(r"(grad(?:ient)?s?)_(?:and|n)_(?:var(?:iable)?s?|param(?:eter)?s?|weights?)|"
                   r"(?:var(?:iable)?s?|param(?:eter)?s?|weights?)_(?:and|n)_grad(?:ient)?s?")  # fmt: skip
"""names of lists of pairs; the first group matches if the gradient comes first"""

APPLIES = re.compile(r"apply_(updates?|deltas?)")
"""names of functions that apply updates to parameters"""


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
            yield node.name, (node.name,), made(said)


def made(said: Said) -> Callable[..., Any]:
    return lambda *things: later("mlp_core.testing.foreign.ruled", "subject")(things[:-1], said)


def _function(name: str, node: ast.FunctionDef, functions: dict[str, ast.FunctionDef]) -> Iterator[Door]:
    if not ACTS.search(name):
        return
    names, needed = positional(node), wanted(node)
    numbers, gives = literals(node), returned(node)
    if len(names) == 3 and names[2] in ("config", "optim_config", "cfg") and _is_pair(names[0], names[1]):
        keys = [key for key in keys_in(node) if known(key)]
        reading = Reading("config", (names[0],), (names[1],), holds="array")
        yield name, (name,), made(Said(name, reading, defaults_in(node, keys), tuple(numbers)))
        return
    parts = _parts(names) or _without_parameters(names)
    if parts is None or not set(needed) <= {*parts.params, *parts.grads, *parts.state, parts.count, *parts.hyper}:
        return
    values = defaults(node)
    state = tuple(s for s in parts.state if s in needed)
    begins = _beginning(state, name, functions)
    if not parts.params and begins is None:
        return
    adds = next((n for n, f in functions.items() if APPLIES.fullmatch(n) and len(wanted(f)) == 2), None)
    reading = Reading(
        "function", parts.params, parts.grads, state, begins is not None, parts.count, first(node, parts.count),
        returned=gives,
    )  # fmt: skip
    hyper = {h: values.get(h) for h in parts.hyper}
    if not all(v is None or isinstance(v, float) for v in hyper.values()):
        return
    keeping = bool(parts.state or parts.count)
    understood = {*parts.params, *parts.grads, *parts.state, parts.count, *parts.hyper}
    said = Said(name, reading, hyper, tuple(numbers), keeping, *further(values, understood))
    yield name, (name, *([begins, *([adds] if adds else [])] if begins else [])), made(said)


def _is_pair(p: str, g: str) -> bool:
    plain = bool(PARAMS.fullmatch(p) and GRADS.fullmatch(g))
    return plain or g == f"g{p}" or _is_gradient_of(g, p)


def _is_gradient_of(name: str, parameter: str) -> bool:
    return name in (f"d{parameter}", f"d_{parameter}", f"grad_{parameter}", f"{parameter}_grad")


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
    hyper = tuple(n for n in rest if n != count and n not in state and known(n))
    if len(pairs) > 1 and (state or count):
        return None
    return _Parts(tuple(p for p, _ in pairs), tuple(g for _, g in pairs), state, count, hyper)


def _without_parameters(names: Sequence[str]) -> _Parts | None:
    """The meaning of update(grads, state), which returns what is added to the parameters."""
    g = next((n for n in names[:2] if GRADS.fullmatch(n)), None)
    state = tuple(n for n in names[:3] if n.endswith("state"))
    rest = [n for n in names if n != g and n not in state]
    if g is None or len(state) != 1:
        return None
    return _Parts((), (g,), state, "", tuple(n for n in rest if known(n)))


def _single_hyper(name: str, rest: Sequence[str]) -> bool:
    """Whether "momentum" is the number, because something else is the state."""
    return name == "momentum" and not any(n in rest for n in ("beta", "mu", "gamma"))


def _beginning(state: Sequence[str], name: str, functions: dict[str, ast.FunctionDef]) -> str | None:
    """The function that makes the first state: init_NAME(parameters) or NAME_init, which returns as many values."""
    if not state:
        return None
    word = name.lower()
    for other, node in functions.items():
        own = BEGINS.fullmatch(other)
        if own and len(wanted(node)) == 1 and PARAMS.fullmatch(wanted(node)[0]):
            last = [n.value for n in ast.walk(node) if isinstance(n, ast.Return) and n.value is not None]
            sizes = {len(v.elts) if isinstance(v, ast.Tuple) else 1 for v in last}
            stem = (own[1] or own[2] or "").lower()
            kept = stem in word or stem in ("velocity", "state", "velocities", "moments", "cache", "opt", "optimizer")
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
    values = {} if begin is None else defaults(begin)
    for method in METHODS:
        found = methods.get(method)
        if found is None:
            continue
        taken, numbers = wanted(found)[1:], tuple(literals(node))
        if len(taken) == 2 and _is_pair(*taken) and all(map(known, needed)):
            reading = Reading("class", (taken[0],), (taken[1],), method=method)
        elif len(taken) == 1 and (pairs := PAIRS.fullmatch(taken[0])) and all(map(known, needed)):
            order = ("grads", "params") if pairs.group(1) else ("params", "grads")
            reading = Reading("pairs", (taken[0],), method=method, taken=order)
        elif not taken and needed and PARAMS.fullmatch(needed[0]) and all(map(known, needed[1:])) and reads(node):
            reading = Reading("objects", (needed[0],), method=method)
        else:
            continue
        own = {n: values.get(n) for n in names if n not in reading.params and known(n) and number(values.get(n))}
        return Said(node.name, reading, own, numbers, keeps(node), *further(values, {*own, *reading.params}))
    return None
