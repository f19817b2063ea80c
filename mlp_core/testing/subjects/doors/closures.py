"""Pairs of a forward and a backward that meet in an object: a function that returns its value and its pullback, and a
class with forward(ctx, x) and backward(ctx, dout) that is no autograd.Function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mlp_core.testing.engine.source import MADE, import_of, name_of
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.given import required
from mlp_core.testing.subjects.doors.recognised import of_pair


class Context:
    """The object in which forward saves values for backward.

    >>> ctx = Context()
    >>> ctx.save_for_backward(2.0, 3.0)
    >>> ctx.saved_tensors
    (2.0, 3.0)
    """

    saved_tensors: tuple[Any, ...] = ()
    saved_values: tuple[Any, ...] = ()

    def save_for_backward(self, *values: Any) -> None:
        self.saved_tensors = self.saved_values = values


def pulled_back(dout: Any, cache: Callable[[Any], Any]) -> Any:
    """The gradients from a pullback.

    >>> pulled_back(3.0, lambda dout: 2 * dout)
    6.0
    """
    return cache(dout)


LINES = """\
def forward(NAMES):
    ctx = Context()
    out = F.forward(ctx, NAMES)
    return (*out, ctx) if isinstance(out, tuple) else (out, ctx)
def backward(ABOVE, cache):
    return F.backward(cache, ABOVE)"""


def with_context(cls: type) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """forward(x) -> out, cache and backward(dout, cache), of a class whose methods take a context first."""
    name = name_of(cls)
    names = ", ".join(required(cls.forward)[1:])  # type: ignore[attr-defined]
    above = ", ".join(f"d{n}" for n in required(cls.backward)[1:])  # type: ignore[attr-defined]
    scope: dict[str, Any] = {"Context": Context, "F": cls}
    exec(LINES.replace("NAMES", names).replace("ABOVE", above), scope)  # noqa: S102  (of the lines above)
    lines = [*import_of(cls), f"from {__name__} import with_context"]
    for k, part in enumerate(("forward", "backward")):
        scope[part].__name__ = scope[part].__qualname__ = f"{name}_{part}"
        setattr(scope[part], MADE, (lines, f"with_context({name})[{k}]"))
    return scope["forward"], scope["backward"]


def of_context(cls: type) -> Form:
    """The form of a class with forward(ctx, x) and backward(ctx, dout). Raises ArgumentError if no shapes are found
    with which it runs.
    """
    return replace(of_pair(*with_context(cls)), name=cls.__name__)


def of_closure(f: Callable[..., Any]) -> Form:
    """The form of f(x) -> value, pullback. Raises ArgumentError if no shapes are found with which it runs."""
    return replace(of_pair(f, pulled_back), name=name_of(f))
