"""Gradients that are kept in an attribute of each tensor, `w.g = inp.t() @ out.g`, recognised from names alone.

A function runs a network forward and backward, or a class calls its layers in one order and in the other.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from typing import Any

from mlp_core.testing.foreign.alone import BIAS, TARGET, is_weight, made_of
from mlp_core.testing.foreign.doors import wanted
from mlp_core.testing.subjects.doors.parts import Parts

Kept = tuple[str, tuple[str, ...], Any, frozenset[str]]
"""the name, the definitions it needs, a function that makes the subject, and the variables that the subject provides"""

LOOKS = "a function or a class that keeps each gradient in an attribute of its tensor (w.g = inp.t() @ out.g)"

KEPT = re.compile(r"g|grd|gradient|_grad")
"""the attribute; torch itself uses `grad`"""

AIM = re.compile(rf"targ\w*|yb|{TARGET.pattern}", re.IGNORECASE)

LOSS = re.compile(r"(\w*loss|cost|mse|err(or)?|l)\d?", re.IGNORECASE)


def passes(file: Any) -> Iterator[Kept]:
    """Functions that run forward and backward, and classes with __call__(x, targ) and backward()."""
    functions = {node.name: node for node, _ in file.functions()}
    attributes = [a for node in file.definitions.values() if (a := kept_in(node))]
    keeping = {name for name, node in functions.items() if kept_in(node)}
    for node in functions.values():
        called = {n.func.id for n in ast.walk(node) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
        if attributes and (called & keeping or (node.name in keeping and _loss(node))):
            yield from _function(node, attributes[0], set(file.definitions))
    for cls in file.classes():
        if attributes:
            yield from _class(cls, attributes[0])


def kept_in(node: ast.AST) -> str | None:
    """The attribute in which a definition keeps gradients of what it is given: the name after the dot."""
    for one in ast.walk(node):
        match one:
            case ast.Assign(targets=[ast.Attribute(attr=name, value=of)]) if KEPT.fullmatch(name):
                if ast.unparse(of) != "self":
                    return name
    return None


def _function(node: ast.FunctionDef, attribute: str, defined: set[str]) -> Iterator[Kept]:
    names, loss = wanted(node), _loss(node)
    targets = [n for n in names if AIM.fullmatch(n)]
    stored = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    read = [n for n in ast.walk(node) if isinstance(n, ast.Name)]
    read.sort(key=lambda n: (n.lineno, n.col_offset))
    free = [n.id for n in read if n.id not in {*names, *stored, *defined, *dir(builtins)} and is_weight(n.id)]
    weights = list(dict.fromkeys([*(n for n in names if is_weight(n) and n not in targets), *free]))
    data = [n for n in names if n not in weights and n not in targets]
    if loss is None or len(targets) != 1 or not weights or len(data) != 1:
        return
    arguments = (*weights, *data, *targets)
    head, call = f"({', '.join(arguments)}):", f"{node.name}({', '.join(names)})"
    given = ", ".join(f"{n}={n}" for n in dict.fromkeys(free))
    body = [s for s in node.body if not isinstance(s, ast.Return)]
    copy = [f"    {line}" for s in body for line in ast.unparse(s).split("\n")]
    text = "\n".join([
        f"def gives{head}", f"    theirs({node.name}).update({given})", f"    {call}",
        f"    return [{', '.join(f'{w}.{attribute}' for w in weights)}]",
        "def theirs(f):", "    return getattr(f, '__wrapped__', f).__globals__",
        f"def value{head}", *copy, f"    return {loss}",
    ])  # fmt: skip
    yield node.name, (node.name,), _made(node.name, text, arguments, weights, targets[0]), frozenset(free)


def _loss(node: ast.FunctionDef) -> str | None:
    """The loss that a function returns, or computes without returning it, in Python."""
    last = node.body[-1]
    if isinstance(last, ast.Return) and isinstance(last.value, ast.Name):
        return last.value.id
    stored = [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    return next((n for n in reversed(stored) if LOSS.fullmatch(n)), None)


def _class(cls: ast.ClassDef, attribute: str) -> Iterator[Kept]:
    methods = {m.name: m for m in cls.body if isinstance(m, ast.FunctionDef)}
    call = methods.get("__call__") or methods.get("forward")
    if call is None or "__init__" not in methods or "backward" not in methods or len(wanted(methods["backward"])) != 1:
        return
    weights, names = wanted(methods["__init__"])[1:], wanted(call)[1:]
    targets = [n for n in names if AIM.fullmatch(n)]
    if not weights or not all(map(is_weight, weights)) or len(targets) != 1 or len(names) != 2:
        return
    data = [n for n in names if n not in targets]
    arguments = (*weights, *data, *targets)
    head, made = f"({', '.join(arguments)}):", f"{cls.name}({', '.join(weights)})"
    through = "" if call.name == "__call__" else ".forward"
    text = "\n".join([
        f"def gives{head}", f"    whole = {made}", f"    whole{through}({', '.join(names)})", "    whole.backward()",
        f"    return [{', '.join(f'{w}.{attribute}' for w in weights)}]",
        f"def value{head}", f"    return {made}{through}({', '.join(names)})",
    ])  # fmt: skip
    yield cls.name, (cls.name,), _made(f"{cls.name}.backward", text, arguments, weights, targets[0]), frozenset()


def _made(name: str, text: str, arguments: tuple[str, ...], weights: list[str], target: str) -> Any:
    biases = frozenset(n for n in weights if BIAS.fullmatch(n))
    parts = Parts(name, text, arguments, tuple(weights), target, biases, "1.0", own=True, flat_target=True)
    return made_of(parts)
