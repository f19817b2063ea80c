"""Layers that keep each gradient in an attribute of its tensor, `inp.g = out.g @ w.t()`, recognised from names alone:
classes with `__call__(inp)` and `backward()`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from mlp_core.base.lazy import later
from mlp_core.testing.foreign.alone import is_weight
from mlp_core.testing.foreign.doors import Door, wanted
from mlp_core.testing.foreign.kept import AIM, kept_in

of_kept_layer, of_kept_loss = (
    later("mlp_core.testing.subjects.doors.kept_layer", name) for name in ("of_kept_layer", "of_kept_loss")
)

LOOKS = "a class with __call__(inp) and backward() that keeps gradients in attributes (inp.g = out.g @ w.t())"


def layers(file: Any) -> Iterator[Door]:
    """Layers, and losses of a prediction and a target."""
    for node in file.classes():
        attribute, methods = kept_in(node), _methods(file, node)
        if attribute is None or "backward" not in methods or wanted(methods["backward"]) != ["self"]:
            continue
        call = methods.get("forward") if methods.get("__call__") is None or methods["__call__"].args.vararg else None
        call = call or methods.get("__call__")
        if call is None or ("__call__" not in methods and "forward" not in methods):
            continue
        weights = wanted(methods["__init__"])[1:] if "__init__" in methods else []
        names = wanted(call)[1:]
        if not all(map(is_weight, weights)) or not names:
            continue
        through = "__call__" if "__call__" in methods else "forward"
        make = of_kept_loss if len(names) == 2 and AIM.fullmatch(names[1]) else of_kept_layer
        yield node.name, (node.name,), _made(make, names, weights, attribute, through)


def _methods(file: Any, node: ast.ClassDef) -> dict[str, ast.FunctionDef]:
    """The methods of a class by name, with those of its bases in the file."""
    bases = [file.definitions.get(b.id) for b in node.bases if isinstance(b, ast.Name) and b.id != node.name]
    found = dict[str, ast.FunctionDef]()
    for base in (one for one in bases if isinstance(one, ast.ClassDef)):
        found |= _methods(file, base)
    return found | {m.name: m for m in node.body if isinstance(m, ast.FunctionDef)}


def _made(make: Any, names: list[str], weights: list[str], attribute: str, through: str) -> Any:
    return lambda cls, _: make(cls, names, weights, attribute, through)
