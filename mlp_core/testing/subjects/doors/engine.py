"""A scalar autograd engine: a class with operators, whose backward() leaves the gradient in every node.

Each operator becomes an argument of a form: the numbers on which it is computed. Its value and its gradient are those
of the same expression of torch's numbers. Each is also tried inside `(...) * a + a`: there its upstream gradient is
a, so one that is forgotten shows, and a is used twice, so a gradient that is set instead of added shows.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
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
def made(text, numbers):
    nodes = {n: NAME(float(v)) for n, v in zip("ab", numbers)}
    return eval(text, dict(nodes)), nodes
def number(value):
    while hasattr(value, "DATA"):
        value = value.DATA
    return 0.0 if value is None else float(value)
KNOWN = {}
def right(text, numbers):
    if text in OWN:
        return number(made(text, numbers)[0])
    key = text, *numbers.tolist()
    if key not in KNOWN:
        if len(KNOWN) > 10_000:
            KNOWN.clear()
        tensors = {n: torch.tensor(v, dtype=torch.float64) for n, v in zip("ab", key[1:])}
        KNOWN[key] = float(eval(text, tensors))
    return KNOWN[key]
def run(args):
    values = np.array([right(text, numbers) for text, numbers in zip(TEXTS, args)])
    def pull(above):
        found = []
        for text, numbers, one, square in zip(TEXTS, args, *above):
            out, nodes = made(text, numbers)
            out.backward()
            slopes = np.array([number(nodes[n].GRAD) for n in "ab"[:len(numbers)]])
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
    plain = _scope(cls, lines, [], [])
    kept = [one for one in whole if not one.optional or _runs(plain, one, POINTS[0])]
    if not any(_runs(plain, one, POINTS[0]) for one in kept):
        raise ArgumentError("subject", Described(name), "an operator that runs, such as a + b")
    own = [one.text for one in kept if not _is_of_torch(one)]
    texts = [one.text for one in kept]
    positive = [one.positive or any(not _runs(plain, one, point) for point in POINTS[1:]) for one in kept]
    sizes = [2 if "b" in one.text.replace("abs", "") else 1 for one in kept]
    signature = ",".join(f"({n}){'>0' * above}" for n, above in zip(sizes, positive, strict=True))
    told = f"compared with autograd: {', '.join(t for t in texts if t not in own)}"
    told += f"; with difference quotients of their own values: {', '.join(own)}" if own else ""
    text = f"TEXTS, OWN = {texts!r}, {own!r}\n{lines}"

    def source(example: Arguments) -> list[str]:
        return [*import_of(cls), *text.split("\n")]

    return Form(
        name, "engine", strategy_of(arrays(signature)), _scope(cls, lines, texts, own)["ran"], source,
        names=tuple(texts), upstream=False, weighted=True, found=told,
    )  # fmt: skip


def _scope(cls: type, lines: str, texts: Sequence[str], own: Sequence[str]) -> dict[str, Any]:
    scope: dict[str, Any] = {"np": np, "torch": torch, cls.__name__: cls, "TEXTS": texts, "OWN": own}
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
    yield from (one for one in TWICE if hasattr(cls, one.method) and hasattr(cls, "__add__"))
    for one in (*(o for o in OPERATORS if hasattr(cls, o.method)), *calls):
        if hasattr(cls, "__add__"):
            inside = f"({one.text}) * a" if hasattr(cls, "__mul__") else f"({one.text})"
            yield one._replace(text=f"{inside} + a", optional=True)


def _runs(scope: dict[str, Any], one: Expression, point: tuple[float, float]) -> bool:
    """Whether an expression is a node of the engine, and its backward runs."""
    try:
        with seeded(), np.errstate(all="ignore"):
            out, nodes = scope["made"](one.text, point)
            if type(out) is not type(nodes["a"]) or not np.isfinite(scope["number"](out)):
                return False
            out.backward()
    except Exception:  # foreign code with guessed numbers
        return False
    return True


def _is_of_torch(one: Expression) -> bool:
    """Whether torch's numbers have the same method."""
    numbers = {n: torch.tensor(v, dtype=torch.float64) for n, v in zip("ab", POINTS[0], strict=True)}
    try:
        found = eval(one.text, numbers)  # noqa: S307  (of names of methods)
    except (AttributeError, TypeError, RuntimeError):
        return False
    return isinstance(found, torch.Tensor) and found.ndim == 0

