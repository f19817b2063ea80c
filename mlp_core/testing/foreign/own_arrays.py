"""Finds methods that move the arrays of their own object by its gradients: `update(self, lr)` of a layer or a network,
with `self.W -= lr * self.dW`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from mlp_core.testing.foreign.doors import positional, wanted
from mlp_core.testing.foreign.rule_code import COUNT, defaults, first, known, literals, number
from mlp_core.testing.foreign.updates import ACTS, made
from mlp_core.testing.foreign.walking import pairs_of
from mlp_core.testing.subjects.reading import DICTS, Reading, Said

LOOKS = "a method that moves the arrays of its object: self.W -= lr * self.dW"

ZEROS = re.compile(r"(\w+\.)?(zeros|zeros_like)\(.*\)")
"""the code of an array of zeros"""


RULES = re.compile(r"sgd|adam|rms_?prop|adagrad|adadelta|momentum|nesterov|lion|nag", re.IGNORECASE)
"""names of rules in that of a method"""


def methods(file: Any) -> Iterator[tuple[Any, ...]]:
    """The methods in a file, each with what is judged; it is verified beside what else the class has."""
    for node in file.classes():
        if file.is_module(node):
            continue
        begin = next((m for m in node.body if isinstance(m, ast.FunctionDef) and m.name == "__init__"), None)
        for method in (m for m in node.body if isinstance(m, ast.FunctionDef) and m is not begin):
            said = None if method.decorator_list or not ACTS.search(method.name) else _said(method, begin)
            if said is not None:
                name = f"{node.name}.{method.name}"
                yield name, (node.name,), made(said), frozenset(), (name,), True


def _said(method: ast.FunctionDef, begin: ast.FunctionDef | None) -> Said | None:
    """The meaning of a method; None if it uses something of its object whose first value is not clear."""
    names = positional(method)
    if names[:1] != ["self"] or any(isinstance(n, ast.Return) and n.value is not None for n in ast.walk(method)):
        return None
    pairs = pairs_of(method, "self", names)
    within = {name for pair in pairs for name in pair}
    taken = [n for n in wanted(method) if n != "self" and n not in within]
    count = next((n for n in taken if COUNT.fullmatch(n)), "")
    taken = [n for n in taken if n != count]
    read = {n.attr for n in ast.walk(method) if isinstance(n, ast.Attribute) and ast.unparse(n.value) == "self"}
    starts = _starts(begin, sorted(read - within), [p for p, _ in pairs])
    if not pairs or starts is None or not all(map(known, taken)):
        return None
    own = {**defaults(begin), **defaults(method)} if begin is not None else defaults(method)
    numbers = [n for n in sorted(read - within) if n not in dict(starts)]
    hyper = {n: own.get(n) for n in (*taken, *numbers, *defaults(method)) if known(n)}
    if not all(map(number, hyper.values())):
        return None
    reading = Reading(
        "own arrays", grads=tuple(g for _, g in pairs if g in names), count=count, first=first(method, count),
        method=method.name, pairs=tuple(pairs), holds=_holds(method, pairs),
        taken=tuple(n for n in names if n in hyper), starts=starts,
    )  # fmt: skip
    called = _called(method.name, reading, list(hyper))
    return Said(called, reading, hyper, tuple(literals(method)), bool(starts or count))


def _holds(method: ast.FunctionDef, pairs: list[tuple[str, str]]) -> str:
    """Whether the attributes are arrays, dicts of arrays, or lists of them, which the method reads one by one."""
    if pairs[0] in DICTS:
        return "dict"
    read = [n for n in ast.walk(method) if isinstance(n, ast.Subscript) and isinstance(n.slice, ast.Name)]
    lists = {ast.unparse(n.value) for n in read}
    return "lists" if all(f"self.{p}" in lists for p, _ in pairs) else "list"


def _starts(
    begin: ast.FunctionDef | None, names: list[str], params: list[str]
) -> tuple[tuple[str, str], ...] | None:  # fmt: skip
    """For each attribute the parameter of whose shape its zeros are, or its first number; hyperparameters are left out.
    None if something else is among the attributes.
    """
    found = list[tuple[str, str]]()
    for name in names:
        code = _first_value(begin, name)
        if re.fullmatch(r"\d", code):
            found.append((name, code))
        elif ZEROS.fullmatch(code) or re.fullmatch(r"[\[{].*zeros.*[\]}]", code, re.DOTALL):
            like = [p for p in params if re.search(rf"self\.{p}\b", code)] or [p for p in params if p in name]
            if len(params) > 1 and not like:
                return None
            found.append((name, max(like or params, key=len)))
        elif not known(name):
            return None
    return tuple(found)


def _first_value(begin: ast.FunctionDef | None, name: str) -> str:
    """The code of the value that a constructor gives to an attribute; empty if it gives it none."""
    for s in ast.walk(begin) if begin is not None else ():
        match s:
            case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=attr)], value=value):
                if attr == name:
                    return ast.unparse(value)
    return ""


def _called(name: str, reading: Reading, hyper: list[str]) -> str:
    """The name that says the rule: that of the method, or what its hyperparameters and its state say."""
    if RULES.search(name):
        return name
    if any(re.search(r"beta_?2", n) for n in hyper):
        return f"{name}_adam"
    arrays = [start for start in reading.starts if not start[1].isdigit()]
    momentum = any(re.fullmatch(r"momentum|mom|mu|beta_?1?|gamma|rho", n) for n in hyper)
    return f"{name}_momentum" if momentum and len(arrays) == len(reading.pairs) else name
