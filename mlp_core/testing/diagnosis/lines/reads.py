"""The values that a line is about to read: names are followed through attributes and entries, without calling
anything."""

from __future__ import annotations

import ast
import operator
from dataclasses import dataclass
from types import FrameType
from typing import Any

import numpy as np
from torch import Tensor, nn

from mlp_core.testing.diagnosis.lines.memory import GIVEN, Memory, view_of

ARITHMETIC: dict[type, Any] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod, ast.USub: operator.neg,
}  # fmt: skip
"""the operations in indices"""

NOTHING = object()


class Unknown(Exception):
    """A value that cannot be determined without calling something."""


@dataclass(frozen=True)
class Read:
    """A value that a line read: its numbers at that time, and the line runs that wrote it."""

    words: str
    numbers: np.ndarray[Any, Any] | None
    """None if the value is not an array"""
    writers: frozenset[int]
    picked: frozenset[int] = frozenset()
    """the writers that selected the value, as in x = kept[1], and wrote none of its numbers"""


def read(chain: ast.expr, frame: FrameType, memory: Memory, names: dict[str, int]) -> Read:
    """The value of a chain of names in a frame. names: the line runs that bound its local names."""
    steps = list[ast.expr]()
    inner = chain
    while isinstance(inner, ast.Attribute | ast.Subscript):
        steps.insert(0, inner)
        inner = inner.value
    assert isinstance(inner, ast.Name)
    writers = {names[inner.id]} if inner.id in names else set[int]()
    value = _named(inner.id, frame)
    for step in steps:
        if value is NOTHING:
            break
        try:
            key, following = _followed(value, step, frame)
        except Unknown:
            break
        if isinstance(value, Tensor | np.ndarray) and isinstance(step, ast.Subscript):
            numbers = view_of(value)  # the whole array, which may be known
            whole = None if numbers is None else numbers.copy()
            return Read(ast.unparse(chain), whole, frozenset((memory.writers(following) | writers) - {GIVEN}))
        writers = {memory.places.get((id(value), key), GIVEN)}
        value = following
    view = None if value is NOTHING else view_of(value)
    if view is not None:
        wrote = memory.writers(value)
        picked = frozenset(writers - wrote - {GIVEN})
        return Read(ast.unparse(chain), view.copy(), frozenset((wrote | writers) - {GIVEN}), picked)
    inside = (
        set() if value is NOTHING or (callable(value) and not isinstance(value, nn.Module)) else memory.writers(value)
    )
    return Read(ast.unparse(chain), None, frozenset((inside | writers) - {GIVEN}))


def region(chain: ast.expr, frame: FrameType) -> Any:
    """The array that a chain refers to, or a part of one; None for other values."""
    try:
        value = _value(chain, frame)
    except Unknown:
        return None
    return value if value is not NOTHING and view_of(value) is not None else None


def _named(name: str, frame: FrameType) -> Any:
    if name in frame.f_locals:
        return frame.f_locals[name]
    return frame.f_globals.get(name, NOTHING)


def _followed(value: Any, step: ast.expr, frame: FrameType) -> tuple[Any, Any]:
    """The place of an entry or attribute in its container, and its value."""
    if isinstance(step, ast.Attribute):
        if isinstance(value, Tensor | np.ndarray) and step.attr != "grad":
            raise Unknown
        if isinstance(value, Tensor):
            return ("attribute", "grad"), value.grad if value.is_leaf else NOTHING
        own = getattr(value, "__dict__", {})
        if step.attr in own:
            return ("attribute", step.attr), own[step.attr]
        for several in ("_parameters", "_buffers", "_modules"):
            if step.attr in own.get(several, {}):
                return ("attribute", several), own[several][step.attr]
        raise Unknown
    assert isinstance(step, ast.Subscript)
    key = _index(step.slice, frame)
    if isinstance(value, nn.ModuleDict):
        value = value._modules
    if isinstance(value, dict | list | tuple) and not isinstance(key, slice | tuple):
        try:
            return ("item", key if isinstance(key, str | int | float) else id(key)), value[key]
        except Exception as error:
            raise Unknown from error
    if isinstance(value, Tensor | np.ndarray):
        try:
            return None, value.detach()[key] if isinstance(value, Tensor) else value[key]
        except Exception as error:
            raise Unknown from error
    raise Unknown


def _value(node: ast.expr, frame: FrameType) -> Any:
    if isinstance(node, ast.Name):
        found = _named(node.id, frame)
        if found is NOTHING:
            raise Unknown
        return found
    if isinstance(node, ast.Attribute | ast.Subscript):
        return _followed(_value(node.value, frame), node, frame)[1]
    raise Unknown


def _index(node: ast.expr, frame: FrameType) -> Any:
    """An index, if it consists of numbers, names and str() of them."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name() | ast.Attribute() | ast.Subscript():
            return _value(node, frame)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
            both = _index(left, frame), _index(right, frame)
            if all(isinstance(one, str | int) for one in both):
                return ARITHMETIC[type(op)](*both)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            value = _index(operand, frame)
            if isinstance(value, int):
                return -value
        case ast.Call(func=ast.Name(id="str"), args=[one], keywords=[]):
            return str(_index(one, frame))
        case ast.JoinedStr(values=values):
            return "".join(str(_index(v.value if isinstance(v, ast.FormattedValue) else v, frame)) for v in values)
        case ast.Slice(lower=lower, upper=upper, step=step):
            return slice(*(None if one is None else _index(one, frame) for one in (lower, upper, step)))
        case ast.Tuple(elts=elts):
            return tuple(_index(one, frame) for one in elts)
    raise Unknown
