"""Finds update rules that a function makes: it returns (init, update), an object of both, or (init, update,
get_params)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from mlp_core.testing.foreign.doors import Door, positional, wanted
from mlp_core.testing.foreign.rule_code import COUNT, defaults, first, further, known, literals, number
from mlp_core.testing.foreign.updates import GRADS, PARAMS, STATE, made
from mlp_core.testing.subjects.reading import Reading, Said

LOOKS = "a function that makes an update rule: it returns init(params) and update(grads, state, params)"


def rules(file: Any) -> Iterator[Door]:
    """Functions in a file that make a rule."""
    for node, _ in file.functions():
        said = _said(node)
        if said is not None:
            yield node.name, (node.name,), made(said)


def _said(node: ast.FunctionDef) -> Said | None:
    inner = {n.name: n for n in node.body if isinstance(n, ast.FunctionDef)}
    parts = [inner[name] for name in _made_of(node) if name in inner]
    if len(parts) not in (2, 3) or len(parts) != len(_made_of(node)) or len(wanted(parts[0])) != 1:
        return None
    begin, update, *get = parts
    roles = {name: _role(name) for name in positional(update)}
    taken = tuple(roles.values())
    if "" in taken or len(set(taken)) != len(taken) or not {"grads", "state"} <= set(taken):
        return None
    values, names = defaults(node), positional(node)
    if not all(known(name) for name in wanted(node)):
        return None
    count = next((n for n, role in roles.items() if role == "count" and _reads(update, n)), "")
    by_role = {role: (name,) for name, role in roles.items()}
    reading = Reading(
        "made", by_role.get("params", (positional(begin)[0],)), by_role["grads"], by_role["state"], not get, count,
        first(update, count) if count else 0, get[0].name if get else "", taken=taken,
    )  # fmt: skip
    hyper = {n: values.get(n) for n in names if known(n) and number(values.get(n))}
    return Said(node.name, reading, hyper, tuple(literals(node)), True, *further(values, set(hyper)))


def _made_of(node: ast.FunctionDef) -> list[str]:
    """The names of the functions that it returns, in a tuple or in a call."""
    last = node.body[-1]
    match last.value if isinstance(last, ast.Return) else None:
        case ast.Tuple(elts=parts):
            given: list[ast.expr] = parts
        case ast.Call(args=args, keywords=keywords):
            given = [*args, *(k.value for k in sorted(keywords, key=lambda k: k.arg != "init"))]
        case _:
            given = []
    return [part.id for part in given if isinstance(part, ast.Name)]


def _role(name: str) -> str:
    """The meaning of an argument of update."""
    if GRADS.fullmatch(name) or name == "updates":
        return "grads"
    if name.endswith("state") or STATE.fullmatch(name):
        return "state"
    if PARAMS.fullmatch(name):
        return "params"
    return "count" if COUNT.fullmatch(name) else ""


def _reads(node: ast.FunctionDef, name: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(node))
