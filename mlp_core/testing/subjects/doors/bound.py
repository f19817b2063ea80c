"""A method that returns a value with its gradient: of the parameters that its class keeps in a dict, or of its first
argument, as in `minimize(self._loss_grad, w, args=(X, y), jac=True)`. And two methods: a function and its derivative.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.engine.source import MADE, import_with, name_of
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.given import required
from mlp_core.testing.subjects.doors.network import found_in
from mlp_core.testing.subjects.doors.recognised import not_found, told
from mlp_core.testing.subjects.doors.recognised_derivative import of_derivative, of_value_and_gradient


def of_method(cls: type, method: str, value: str = "") -> Form:
    """The form of cls(...).method. Raises ArgumentError if no shapes are found with which it runs. value: the method
    that returns the value, if the other one returns the gradients alone.
    """
    if (network := found_in(cls, method, value)) is not None:
        form = told(*network)
        return replace(form, found=f"{form.found}; {network[0].found}") if network[0].found else form
    call = f'value_and_gradient(f, subjects.arrays("..."))  # f(params, *data) calls {cls.__name__}.{method}'
    error = not_found(f"{cls.__name__}.{method}", call)  # with what the code has raised so far
    if not required(cls) and len(required(getattr(cls, method))) > 2:  # self, the parameters and data
        with suppress(ArgumentError):
            return replace(of_value_and_gradient(_alone(cls, method, method)), name=f"{cls.__name__}.{method}")
    raise error


def of_activation(cls: type, function: str, derivative: str) -> Form:
    """The form of two methods of one argument. Raises ArgumentError if no shapes are found with which they run."""
    f, df = (_alone(cls, method, derivative) for method in (function, derivative))
    form = of_derivative(f, df)
    return replace(form, name=f"{cls.__name__}.{derivative}{form.name.partition(df.__name__)[2]}")


def _alone(cls: type, method: str, subject: str) -> Callable[..., Any]:
    """The method of an object that is made with the defaults of its class, as a function. subject: the method that is
    verified.
    """
    names = ", ".join(required(getattr(cls(), method)))
    text = f"lambda {names}: {name_of(cls)}().{method}({names})"
    made: Callable[..., Any] = eval(text, {name_of(cls): cls})  # noqa: S307  (of names in the file)
    made.__name__ = made.__qualname__ = f"{cls.__name__}_{method.strip('_')}"
    setattr(made, MADE, (import_with(cls, f"{cls.__name__}.{subject}"), text))
    return made
