"""A function of a dict of arrays as a function of these arrays, f(x, {"W": W, "b": b}) as f(x, W, b), and the static
methods of a class as functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any

from mlp_core.testing.engine.source import MADE, import_of, import_with, name_of
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.given import required
from mlp_core.testing.subjects.doors.recognised import of_pair


def spread(function: Callable[..., Any], held: str, keys: Sequence[str]) -> Callable[..., Any]:
    """The function with one argument per key instead of its argument `held`.

    >>> spread(lambda x, params: x + params["b"], "params", ["b"])(1.0, 2.0)
    3.0
    """
    name, names = name_of(function), required(function)
    taken = [one for n in names for one in (keys if n == held else [n])]
    whole = "{" + ", ".join(f"{key!r}: {key}" for key in keys) + "}"
    text = f"lambda {', '.join(taken)}: {name}({', '.join(whole if n == held else n for n in names)})"
    made: Callable[..., Any] = eval(text, {name: function})  # noqa: S307  (of names in the file)
    made.__name__ = made.__qualname__ = f"{name}_of_arrays"
    setattr(made, MADE, (import_of(function), text))
    return made


def of_static(cls: type, forward: str, backward: str) -> Form:
    """The form of two static methods of a class."""
    form = of_pair(_method(cls, forward, backward), _method(cls, backward, backward))
    return replace(form, name=f"{cls.__name__}.{backward}")


def _method(cls: type, name: str, subject: str) -> Callable[..., Any]:
    """A static method as a function of its own, which the lines of a snippet can make again."""
    method = getattr(cls, name)

    @wraps(method)
    def function(*args: Any) -> Any:
        return method(*args)

    setattr(function, MADE, (import_with(cls, f"{cls.__name__}.{subject}"), f"{cls.__name__}.{name}"))
    return function
