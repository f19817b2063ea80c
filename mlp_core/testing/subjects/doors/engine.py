"""An autograd engine: a class with operators, whose backward() leaves the gradient in every node.

Each operator becomes an argument of a form: the numbers on which it is computed. Its value and its gradient are those
of the same expression of torch's numbers. Each is also tried inside `(...) * a + a`: there its upstream gradient is
a, so one that is forgotten shows, and a is used twice, so a gradient that is set instead of added shows. A node that
takes arrays is also tried with matrices, and with a row that is added to every row of a matrix.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np
import torch

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.testing.engine.source import import_of
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.subjects.doors.arrays import arrays
from mlp_core.testing.subjects.doors.form import Form, Run
from mlp_core.testing.subjects.doors.given import required, strategy_of
from mlp_core.testing.subjects.doors.seeds import seeded

LINES = """\
def parts(text, numbers):
    if text not in SHAPES:
        return dict(zip("ab", map(float, numbers)))
    sizes = [int(np.prod(shape)) for shape in SHAPES[text]]
    several = np.split(np.asarray(numbers), np.cumsum(sizes)[:-1])
    return {n: part.reshape(shape) for n, part, shape in zip("abc", several, SHAPES[text])}
def made(text, numbers):
    nodes = {n: NAME(v) for n, v in parts(text, numbers).items()}
    return eval(text, dict(nodes)), nodes
def plain(value):
    while hasattr(value, "DATA") and not isinstance(value, (np.ndarray, np.generic)):
        value = value.DATA
    return 0.0 if value is None else value
def number(value):
    return float(np.sum(plain(value)))
def gradient(node):
    return plain(node.GRAD)
KNOWN = {}
def right(text, numbers):
    if text in OWN:
        return number(made(text, numbers)[0])
    key = text, *numbers.tolist()
    if key not in KNOWN:
        if len(KNOWN) > 10_000:
            KNOWN.clear()
        tensors = {n: torch.tensor(v, dtype=torch.float64) for n, v in parts(text, numbers).items()}
        KNOWN[key] = float(eval(text, tensors).sum())
    return KNOWN[key]
def run(args):
    values = np.array([right(text, numbers) for text, numbers in zip(TEXTS, args)])
    def pull(above):
        found = []
        for text, numbers, one, square in zip(TEXTS, args, *above):
            out, nodes = made(text, numbers)
            out.backward()
            slopes = np.concatenate([np.ravel(gradient(node)) for node in nodes.values()]).astype(float)
            found.append(slopes * (one + square * number(out)))  # by the value and by half its square
        return found
    return [values, values**2 / 2], pull"""


class Expression(NamedTuple):
    """An expression of the nodes a and b, in Python, and the method that it needs."""

    text: str
    method: str
    positive: bool = False
    optional: bool = False
    """whether an engine need not have it: a plain number as the other operand"""
    shapes: tuple[tuple[int, ...], ...] = ()
    """of the nodes a, b, c, if they are arrays"""

    @property
    def size(self) -> int:
        return sum(map(prod, self.shapes)) or (2 if "b" in self.text.replace("abs", "") else 1)

    def numbers(self, point: tuple[float, float]) -> tuple[float, ...]:
        """The numbers of its nodes at a point."""
        return tuple(point[k % 2] + (k // 2) / 16 * (point[0] != 0) for k in range(self.size))


OPERATORS = (
    Expression("a + b", "__add__"), Expression("a * b", "__mul__"), Expression("a - b", "__sub__"),
    Expression("a / b", "__truediv__", positive=True), Expression("-a", "__neg__"),
    Expression("2 + a", "__radd__"), Expression("2 * a", "__rmul__"), Expression("2 - a", "__rsub__"),
    Expression("2 / a", "__rtruediv__", positive=True), Expression("2 ** a", "__rpow__"),
    Expression("abs(a)", "__abs__"), Expression("a ** 3", "__pow__", positive=True, optional=True),
    Expression("a ** 0.5", "__pow__", positive=True, optional=True),
    Expression("a ** -1", "__pow__", positive=True, optional=True),
    Expression("a ** b", "__pow__", positive=True, optional=True),
    Expression("a + 2", "__add__", optional=True), Expression("a * 2", "__mul__", optional=True),
    Expression("a - 2", "__sub__", optional=True), Expression("a / 2", "__truediv__", optional=True),
)  # fmt: skip

TWICE = (
    Expression("a + a", "__add__"), Expression("a * a", "__mul__"), Expression("(c := a + b) * c + a", "__mul__"),
    Expression("(c := a * b) + ((d := c + a) * c + d)", "__mul__"), Expression("(a - b) - a", "__sub__"),
)  # fmt: skip
"""a node is used twice: its gradient is a sum"""

WIDE, ROW = (2, 3), (3,)

SIGNS = ("+", "__add__"), ("-", "__sub__"), ("*", "__mul__")

ARRAYS = (
    Expression("(a @ b) * c", "__matmul__", optional=True, shapes=(WIDE, (3, 2), (2, 2))),
    *(Expression(f"(a {sign} b) * c", name, shapes=(WIDE, ROW, WIDE)) for sign, name in SIGNS),
    *(Expression(f"(b {sign} a) * c", name, shapes=(WIDE, ROW, WIDE)) for sign, name in SIGNS),
    Expression("(a / b) * c", "__truediv__", positive=True, shapes=(WIDE, ROW, WIDE)),
)  # fmt: skip
"""operators of arrays; b is a row, which is added to every row of a, or a matrix to multiply with"""

OTHERS = frozenset({"backward", "zero_grad", "item"})
"""methods that are no operators"""

POINTS = (0.7, 0.3), (-0.7, 0.4), (0.0, 0.0)
"""where an expression is tried: a method that runs only at the first point takes positive numbers"""


def of_engine(cls: type, data: str, grad: str) -> Form:
    """Every operator and method of an engine. data and grad: the attributes with the value and the gradient of a node.
    Raises ArgumentError if none runs.
    """
    name = cls.__name__
    whole = list(_expressions(cls))
    lines = LINES.replace("NAME", name).replace("DATA", data).replace("GRAD", grad)
    plain = _scope(cls, lines, [], [], {one.text: one.shapes for one in whole if one.shapes})
    broadcasts = any(ROW in one.shapes and _whole(plain, one) for one in whole)
    held = _holds_arrays(plain, cls)
    whole = [one for one in whole if not one.shapes or (held and (broadcasts or ROW not in one.shapes))]
    kept = [one for one in whole if not one.optional or _runs(plain, one, POINTS[0])]
    if not any(_runs(plain, one, POINTS[0]) for one in kept):
        raise ArgumentError("subject", Described(name), "an operator that runs, such as a + b")
    own = [one.text for one in kept if not _is_of_torch(one)]
    texts = [one.text for one in kept]
    positive = [one.positive or any(not _runs(plain, one, point) for point in POINTS[1:]) for one in kept]
    sizes = [one.size for one in kept]
    shapes = {one.text: one.shapes for one in kept if one.shapes}
    signature = ",".join(f"({n}){'>0' * above}" for n, above in zip(sizes, positive, strict=True))
    told = f"compared with autograd: {', '.join(t for t in texts if t not in own)}"
    told += f"; with difference quotients of their own values: {', '.join(own)}" if own else ""
    text = f"TEXTS, OWN, SHAPES = {texts!r}, {own!r}, {shapes!r}\n{lines}"

    def source(example: Arguments) -> list[str]:
        return [*import_of(cls), *text.split("\n")]

    return Form(
        name, "engine", strategy_of(arrays(signature)), _scope(cls, lines, texts, own, shapes)["ran"], source,
        names=tuple(texts), upstream=False, weighted=True, found=told,
    )  # fmt: skip


def _scope(
    cls: type, lines: str, texts: Sequence[str], own: Sequence[str], shapes: Mapping[str, Sequence[tuple[int, ...]]]
) -> dict[str, Any]:
    given = {"TEXTS": texts, "OWN": own, "SHAPES": shapes}
    scope: dict[str, Any] = {"np": np, "torch": torch, cls.__name__: cls, **given}
    exec(lines, scope)  # noqa: S102  (of the lines above)
    scope["ran"] = lambda args: Run(*scope["run"](args))
    return scope


def _expressions(cls: type) -> Iterator[Expression]:
    yield from (one for one in OPERATORS if hasattr(cls, one.method))
    methods = [n for n, f in vars(cls).items() if inspect.isfunction(f) and n[0] != "_" and n not in OTHERS]
    calls = []
    for name in methods:
        count = len(required(getattr(cls, name)))
        call = {1: f"a.{name}()", 2: f"a.{name}(b)"}.get(count)
        if call is not None:
            calls.append(Expression(call, name, optional=True))
    yield from calls
    yield from (one for one in ARRAYS if hasattr(cls, one.method) and hasattr(cls, "__mul__"))
    for one in calls:
        if hasattr(cls, "__mul__") and one.text.endswith("()"):
            yield one._replace(text=f"{one.text} * b", shapes=(WIDE, WIDE))
    yield from (one for one in TWICE if hasattr(cls, one.method) and hasattr(cls, "__add__"))
    for one in (*(o for o in OPERATORS if hasattr(cls, o.method)), *calls):
        if hasattr(cls, "__add__"):
            inside = f"({one.text}) * a" if hasattr(cls, "__mul__") else f"({one.text})"
            yield one._replace(text=f"{inside} + a", optional=True)


def _runs(scope: dict[str, Any], one: Expression, point: tuple[float, float]) -> bool:
    """Whether an expression is a node of the engine, and its backward runs."""
    try:
        with seeded(), np.errstate(all="ignore"):
            out, nodes = scope["made"](one.text, one.numbers(point))
            if type(out) is not type(nodes["a"]) or not np.isfinite(scope["number"](out)):
                return False
            out.backward()
    except Exception:  # foreign code with guessed numbers
        return False
    return True


def _holds_arrays(scope: dict[str, Any], cls: type) -> bool:
    try:
        return isinstance(scope["plain"](cls(POINTS[0][0])), np.ndarray)
    except Exception:  # foreign code
        return False


def _whole(scope: dict[str, Any], one: Expression) -> bool:
    """Whether an expression runs, and every node gets a gradient of its own shape."""
    if not _runs(scope, one, POINTS[0]):
        return False
    with seeded(), np.errstate(all="ignore"):
        out, nodes = scope["made"](one.text, one.numbers(POINTS[0]))
        out.backward()
        return all(np.shape(scope["gradient"](n)) == np.shape(scope["plain"](n)) for n in nodes.values())


def _is_of_torch(one: Expression) -> bool:
    """Whether torch's numbers have the same method."""
    several = one.shapes or ((), ())
    numbers = {n: torch.full(shape, v, dtype=torch.float64)
               for n, v, shape in zip("abc", (*POINTS[0], 0.2), several, strict=False)}  # fmt: skip
    try:
        found = eval(one.text, numbers)  # noqa: S307  (of names of methods)
    except (AttributeError, TypeError, RuntimeError):
        return False
    return isinstance(found, torch.Tensor) and (found.ndim == 0 or bool(one.shapes))
