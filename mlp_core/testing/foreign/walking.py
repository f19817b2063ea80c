"""Finds update rules that walk over the layers of a network: for layer in layers: layer.W -= lr * layer.dW."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mlp_core.testing.foreign.doors import positional, wanted
from mlp_core.testing.subjects.reading import DICTS

LAYERS = re.compile(r"(trainable_|dense_)?layers|model|network|net|nn|mlp", re.IGNORECASE)
"""names of the layers of a network, or of the network"""

LAYER = re.compile(r"layer|l|dense")

GRADIENTS = "d{}", "d_{}", "grad_{}", "{}_grad", "grad{}", "{}_gradient", "{}_gradients", "dL_d{}"
"""names of a gradient beside its parameter"""


@dataclass(frozen=True)
class Walk:
    """Where a function has the layers from, and the attributes that it reads and writes."""

    origin: str
    """the code of the expression with the layers, such as self.layers, or the name of a single layer"""
    pairs: tuple[tuple[str, str], ...]
    single: bool

    @property
    def dicts(self) -> bool:
        return self.pairs[0] in DICTS


def walk(node: ast.FunctionDef) -> Walk | None:
    """The layers whose parameters a function moves by their gradients; None if there are none."""
    single = [(name, name) for name in positional(node) if LAYER.fullmatch(name)]
    for base, origin in (*_steps(node), *single):
        pairs = pairs_of(node, base)
        if pairs:
            return Walk(origin, tuple(pairs), (base, origin) in single)
    return None


def pairs_of(node: ast.FunctionDef, base: str, passed: Sequence[str] = ()) -> list[tuple[str, str]]:
    """The attributes of an object that a function moves, each with that of its gradient. passed: names of arguments,
    which may be gradients too.
    """
    attributes = [n for n in ast.walk(node) if isinstance(n, ast.Attribute) and ast.unparse(n.value) == base]
    names = list(dict.fromkeys(n.attr for n in attributes))
    moved = _moved(node, base)
    return [(p, g) for p in names for g in (*names, *passed) if p in moved and _belong(p, g)]


def _steps(node: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    """The code of one layer, and of the expression from which it is: layer and self.layers, or both in one."""
    for n in ast.walk(node):
        if isinstance(n, ast.For):
            target, source = n.target, n.iter
            while isinstance(source, ast.Call) and source.args:  # enumerate, reversed, zip, list
                first = not (isinstance(source.func, ast.Name) and source.func.id == "enumerate")
                target = (target.elts[0] if first else target.elts[-1]) if isinstance(target, ast.Tuple) else target
                source = source.args[0]
            source = source.value if isinstance(source, ast.Subscript) else source
            if isinstance(target, ast.Name):
                yield target.id, ast.unparse(source)
        elif isinstance(n, ast.Subscript):
            yield ast.unparse(n), ast.unparse(n.value)


def _belong(parameter: str, gradient: str) -> bool:
    own = (form.format(parameter) for form in GRADIENTS)
    return (parameter, gradient) in DICTS or gradient in own


def _moved(node: ast.FunctionDef, base: str) -> set[str]:
    """The attributes of a layer that are assigned, or whose entries are."""
    targets = [t for n in ast.walk(node) if isinstance(n, ast.Assign) for t in n.targets]
    targets += [n.target for n in ast.walk(node) if isinstance(n, ast.AugAssign)]
    plain = [t.value if isinstance(t, ast.Subscript) else t for t in targets]
    return {t.attr for t in plain if isinstance(t, ast.Attribute) and ast.unparse(t.value) == base}


def source_of(origin: str, parameters: Sequence[str]) -> str:
    """The parameter from which the layers are, or "self"; "" if it is neither.

    >>> source_of("model.layers", ["model"]), source_of("self.net.layers", []), source_of("data", [])
    ('model', 'self', '')
    """
    first, *rest = origin.split(".")
    if first == "self" and rest and LAYERS.fullmatch(rest[0].lstrip("_")):
        return "self"
    known = LAYERS.fullmatch(first) or LAYER.fullmatch(first)
    return first if first in parameters and known and rest in ([], ["layers"]) else ""


def alone(node: ast.FunctionDef, known: Sequence[str]) -> bool:
    """Whether a method uses nothing of its object but these attributes."""
    used = {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute) and ast.unparse(n.value) == "self"}
    return used <= set(known)


def others(node: ast.FunctionDef, layers: str) -> list[str]:
    """The parameters that a caller must pass beside the layers."""
    return [name for name in wanted(node) if name not in (layers, "self")]
