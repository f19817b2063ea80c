"""Reads the code of an update rule: its numbers, its options, and the values that it keeps and returns."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import Any

from mlp_core.testing.foreign.doors import positional
from mlp_core.testing.foreign.hyper_names import ANY

COUNT = re.compile(r"t|step|iteration|iter|i|n_?iter|epoch")
"""names of the number of the step"""


def known(name: str) -> bool:
    return any(re.fullmatch(form, name, re.IGNORECASE) for form in ANY.values())


def first(node: ast.FunctionDef, count: str) -> int:
    """The number of the first step that a caller gives: 0 if the code adds 1 to it."""
    return 0 if re.search(rf"\b{count} (\+|\+=) 1\b", ast.unparse(node)) and count else 1


SWITCHES = "nesterov", "use_nesterov", "amsgrad", "use_amsgrad", "centered"

IDLE = (None, "None", "False", 0.0)
"""defaults that change nothing"""


def further(values: dict[str, Any], understood: set[str]) -> tuple[tuple[str, ...], bool]:
    """Options that are on by default, and whether other parameters have a default that may change the rule."""
    on = [name for name, value in values.items() if name in SWITCHES and value == "True"]
    others = [n for n, v in values.items() if v not in IDLE and not (n in understood or n in on or COUNT.fullmatch(n))]
    return tuple(name.removeprefix("use_") for name in on), bool(others)


def reads(node: ast.AST) -> bool:
    """Whether it reads the gradient of an object."""
    return any(isinstance(n, ast.Attribute) and n.attr == "grad" for n in ast.walk(node))


def keeps(node: ast.ClassDef) -> bool:
    """Whether some method other than the constructor changes an attribute of the object."""
    return any(
        isinstance(n, ast.Attribute | ast.Subscript) and isinstance(n.ctx, ast.Store) and "self." in ast.unparse(n)
        for m in node.body if isinstance(m, ast.FunctionDef) and m.name != "__init__" for n in ast.walk(m)
    )  # fmt: skip


def number(value: Any) -> bool:
    return value is None or isinstance(value, float)


def defaults(node: ast.FunctionDef) -> dict[str, Any]:
    """The defaults of parameters: floats as such, anything else as its code."""
    names = positional(node)
    return {n: _value(v) for n, v in zip(names[len(names) - len(node.args.defaults):], node.args.defaults, strict=True)}


def _value(node: ast.expr) -> Any:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return ast.unparse(node)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)


def literals(node: ast.AST) -> list[float]:
    found = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, float)]
    powers = [_power(n) for n in ast.walk(node) if isinstance(n, ast.BinOp)]
    return list(dict.fromkeys([*found, *(p for p in powers if p is not None)]))


def _power(node: ast.BinOp) -> float | None:
    """10 ** -8 as a number."""
    power = re.fullmatch(r"10(?:\.0?)? \*\* -(\d+)", ast.unparse(node))
    return float(f"1e-{power[1]}") if power else None


def returned(node: ast.FunctionDef) -> tuple[str, ...]:
    """The names in the tuple that it returns last."""
    found = [n.value for n in ast.walk(node) if isinstance(n, ast.Return)]
    if found and isinstance(found[-1], ast.Tuple):
        return tuple(e.id if isinstance(e, ast.Name) else "" for e in found[-1].elts)
    return ()


def keys_in(node: ast.FunctionDef) -> list[str]:
    """The keys of dicts that it names."""
    constants = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant)]
    return list(dict.fromkeys(value for value in constants if isinstance(value, str)))


def defaults_in(node: ast.FunctionDef, keys: Sequence[str]) -> dict[str, Any]:
    """The numbers that config.setdefault(key, number) or config.get(key, number) gives."""
    found: dict[str, Any] = dict.fromkeys(keys)
    for n in ast.walk(node):
        match n:
            case ast.Call(func=ast.Attribute(attr="setdefault" | "get"), args=[ast.Constant(value=str(key)), value]):
                if key in found and number(_value(value)):
                    found[key] = _value(value)
    return found
