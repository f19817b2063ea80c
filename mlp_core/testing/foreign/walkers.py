"""Update rules that walk over layers, as subjects: functions, optimizers, and methods of a network."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from mlp_core.testing.foreign.doors import positional, wanted
from mlp_core.testing.foreign.rule_code import COUNT, defaults, first, further, keeps, known, literals, number
from mlp_core.testing.foreign.updates import ACTS, METHODS, made
from mlp_core.testing.foreign.walking import LAYERS, Walk, alone, others, source_of, walk
from mlp_core.testing.subjects.reading import Reading, Said

LOOKS = "an update rule that walks over layers: for layer in layers: layer.W -= lr * layer.dW"

AROUND = ("pre_update_params", "post_update_params"), ("pre_update", "post_update"), ("before_step", "after_step")
"""methods that are called before and after those of all layers"""


def walkers(file: Any) -> Iterator[tuple[Any, ...]]:
    """Functions, classes and methods in a file, each with what is judged."""
    for node, _ in file.functions():
        found = _function(node) if ACTS.search(node.name) else None
        if found is not None:
            yield node.name, (node.name,), made(found)
    for node in file.classes():
        found = None if file.is_module(node) else _class(node)
        if found is not None:
            own = found.reading.kind == "own layers"
            name = f"{node.name}.{found.reading.method}" if own else node.name
            yield name, (node.name,), made(found), frozenset(), (name,), own


def _reading(kind: str, node: ast.FunctionDef, found: Walk, **more: Any) -> Reading | None:
    """The reading, if nothing but hyperparameters and the number of the step is passed beside the layers."""
    source = source_of(found.origin, positional(node))
    rest = others(node, source)
    count = next((n for n in rest if COUNT.fullmatch(n)), "")
    taken = tuple(n for n in rest if n != count)
    if not source or not all(map(known, taken)):
        return None
    return Reading(
        kind, () if source == "self" else (source,), count=count, first=first(node, count), pairs=found.pairs,
        single=found.single, holds="dict" if found.dicts else "list", taken=taken, **more,
    )  # fmt: skip


def _function(node: ast.FunctionDef) -> Said | None:
    found = walk(node)
    reading = _reading("layers", node, found) if found is not None else None
    if reading is None or found is None or reading.params == ():
        return None
    values = {n: v for n, v in defaults(node).items() if n not in reading.params}
    hyper = {n: values.get(n) for n in (*reading.taken, *values) if known(n) and number(values.get(n))}
    stores = any(isinstance(n, ast.Call) and ast.unparse(n.func) == "hasattr" for n in ast.walk(node))
    return Said(
        node.name, reading, hyper, tuple(literals(node)), stores or bool(reading.count),
        *further(values, {*hyper, reading.count}),
    )  # fmt: skip


def _class(node: ast.ClassDef) -> Said | None:
    methods = {m.name: m for m in node.body if isinstance(m, ast.FunctionDef)}
    begin = methods.get("__init__")
    needed = wanted(begin)[1:] if begin is not None else []
    values = defaults(begin) if begin is not None else {}
    around = next((pair for pair in AROUND if set(pair) & set(methods)), ("", ""))
    for method in (methods[name] for name in (*METHODS, "update_weights", "step_all") if name in methods):
        found = walk(method)
        if found is None:
            continue
        layers = needed[:1] if source_of(found.origin, positional(method)) == "self" else []
        if layers and LAYERS.fullmatch(layers[0]) and all(map(known, needed[1:])):
            reading = _reading("kept layers", method, found, method=method.name, around=around)
        elif source_of(found.origin, positional(method)) == "self":
            return _of_network(method, found)
        else:
            reading = _reading("layers", method, found, method=method.name, around=around)
            reading = reading if all(map(known, needed)) else None
        if reading is None or reading.taken:
            continue
        names = (*needed[len(layers) :], *values)
        own = {n: values.get(n) for n in names if known(n) and number(values.get(n))}
        return Said(node.name, reading, own, tuple(literals(node)), keeps(node), *further(values, {*own, *layers}))
    return None


def _of_network(method: ast.FunctionDef, found: Walk) -> Said | None:
    """A method of a network, which needs nothing of it but its layers and hyperparameters."""
    within = found.origin.split(".")[1]
    own = {n.attr for n in ast.walk(method) if isinstance(n, ast.Attribute) and ast.unparse(n.value) == "self"}
    numbers = tuple(sorted(n for n in own - {within} if known(n)))
    reading = _reading("own layers", method, found, method=method.name, within=within)
    if reading is None or not alone(method, [within, *numbers]):
        return None
    hyper = {**dict.fromkeys((*reading.taken, *numbers)), **{n: v for n, v in defaults(method).items() if known(n)}}
    return Said(method.name, reading, hyper, tuple(literals(method)), bool(reading.count))
