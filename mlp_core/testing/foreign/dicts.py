"""Pairs whose forward takes its parameters in a dict, `parameters["Wax"]`: the keys that its source reads."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

from mlp_core.base.lazy import later

HELD = re.compile(r"param(eter)?s?|weights?|theta|model|p")
"""names of a parameter that is a dict of arrays"""

spread = later("mlp_core.testing.subjects.doors.spread", "spread")
of_pair = later("mlp_core.testing.subjects.doors.recognised", "of_pair")
of_spread = later("mlp_core.testing.subjects.doors.cells", "of_spread")


def paired(forward: ast.FunctionDef) -> Callable[..., Any]:
    """A function that makes the subject of a forward and a backward."""
    names = [a.arg for a in forward.args.args]
    for name in filter(HELD.fullmatch, names):
        keys = keys_of(forward, name)
        if keys and all(map(str.isidentifier, keys)) and not set(keys) & set(names):
            return lambda one, other: of_spread(spread(one, name, keys), other)
    return of_pair


def keys_of(node: ast.FunctionDef, name: str) -> list[str]:
    """The keys that a function reads of a dict, in the order of its source; none if it uses the dict as a whole other
    than to keep it.
    """
    reads = [
        (part.lineno, part.col_offset, part.slice.value) for part in ast.walk(node)
        if isinstance(part, ast.Subscript) and isinstance(part.value, ast.Name) and part.value.id == name
        and isinstance(part.slice, ast.Constant) and isinstance(part.slice.value, str)
    ]  # fmt: skip
    return list(dict.fromkeys(key for *_, key in sorted(reads)))
