"""An objective of gradient boosting that a function returns, or that is a method of an object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from mlp_core.testing.engine.source import MADE, import_with, name_of
from mlp_core.testing.subjects.doors.objective import objective
from mlp_core.testing.subjects.doors.objective_alone import of_objective


def of_made(thing: Any, name: str, text: str, loss: str) -> Any:
    """The subject of an objective that is `text` in Python, made by `thing`, a function that returns it or a class.
    name: that of the subject in its file. loss: the same as text for its loss; empty if it is looked for among the
    usual ones.
    """
    f = _made(thing, name, text)
    found = of_objective(f) if not loss else objective(f, _made(thing, name, loss), hessian="told")
    words = f"it is {text}"
    return replace(found, name=text, found="; ".join([one for one in (words, found.found) if one]))


def _made(thing: Any, name: str, text: str) -> Callable[..., Any]:
    """The result of an expression, as a function that the lines of a snippet can make again."""
    one = eval(text, {name_of(thing): thing})  # noqa: S307  (a call with constants of ours)

    @wraps(one)
    def function(*args: Any) -> Any:
        return one(*args)

    setattr(function, MADE, (import_with(thing, name), text))
    return function
