"""A method that returns a value with its gradient: of the parameters that its class keeps in a dict, or of its first
argument, as in `minimize(self._loss_grad, w, args=(X, y), jac=True)`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.engine.source import MADE, import_of, name_of
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.given import required
from mlp_core.testing.subjects.doors.recognised import of_network, of_value_and_gradient


def of_method(cls: type, method: str) -> Form:
    """The form of cls(...).method. Raises ArgumentError if no shapes are found with which it runs."""
    try:
        return of_network(cls, method)
    except ArgumentError:
        if required(cls) or len(required(getattr(cls, method))) < 3:  # self, the parameters and data
            raise
        try:
            form = of_value_and_gradient(_alone(cls, method))
        except ArgumentError:
            form = None
        if form is None:
            raise
        return replace(form, name=f"{cls.__name__}.{method}")


def _alone(cls: type, method: str) -> Callable[..., Any]:
    """The method of an object that is made with the defaults of its class, as a function."""
    names = ", ".join(required(getattr(cls, method))[1:])
    text = f"lambda {names}: {name_of(cls)}().{method}({names})"
    made: Callable[..., Any] = eval(text, {name_of(cls): cls})  # noqa: S307  (of names in the file)
    made.__name__ = made.__qualname__ = method
    setattr(made, MADE, (import_of(cls), text))
    return made
