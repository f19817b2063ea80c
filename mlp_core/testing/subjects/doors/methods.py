"""A class with a function of its parameters, its gradient and its Hessian: loglike, score and hessian."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mlp_core.testing.engine.source import import_with
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.subjects.doors.asked import not_run
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.given import required
from mlp_core.testing.subjects.doors.tried import tried
from mlp_core.testing.subjects.doors.value_and_gradient import Chained, jacobian

LINES = """\
def values(point, *data):
    made = NAME(*data)
    return np.concatenate([np.ravel(getattr(made, m)(point)) for m in FIRST])
def slopes(point, *data):
    made = NAME(*data)
    return np.concatenate([np.reshape(getattr(made, m)(point), (-1, np.size(point))) for m in NEXT])"""
"""the results of a chain of methods, and their derivatives: each is the next method's result"""


def of_methods(cls: type, chain: Sequence[str]) -> Form:
    """cls(*data), and methods with one argument, each the derivative of the one before. Raises ArgumentError if no
    shapes are found with which they run.
    """
    name = cls.__name__
    lines = LINES.replace("NAME", name).replace("FIRST", repr(chain[:-1])).replace("NEXT", repr(chain[1:]))
    scope: dict[str, Any] = {"np": np, name: cls}
    exec(lines, scope)  # noqa: S102  (of the lines above)
    values, slopes = scope["values"], scope["slopes"]
    names = (required(getattr(cls, chain[0]))[1], *required(cls))

    def several(point: Any, *data: Any) -> list[Any]:
        made = cls(*data)
        return [getattr(made, m)(point) for m in chain[1:]]

    def fits(args: list[Any]) -> bool:
        out, slope = values(*args), slopes(*args)
        wanted = len(chain) == 2 or np.size(args[0]) > 1
        first = np.size(getattr(cls(*args[1:]), chain[0])(args[0])) == 1 or len(chain) == 2
        return wanted and first and np.ndim(args[0]) == 1 and slope.shape == (out.size, np.size(args[0]))

    found = tried(names, fits)
    if found is None:
        call = f'jacobian(score, hessian, subjects.arrays("(d),(n),(n,d)"))  # of {name}'
        raise not_run(f"{name} runs", "its arguments, as in these two lines in the file", call)
    form = jacobian(values, slopes, found.strategy(), name=f"{name}.{chain[-1]}")
    chained = Chained(values, slopes, several)
    return replace(form, run=chained, names=names, source=_source(cls, chain, lines), found=found.words(names))


def _source(cls: type, chain: Sequence[str], lines: str) -> Callable[[Arguments], list[str]]:
    """Lines for a snippet."""
    load = import_with(cls, f"{cls.__name__}.{chain[-1]}")
    run = [
        "def jacobian(args):", "    return slopes(*args)", "def run(args):",
        "    out, J = values(*args), slopes(*args)",
        "    return [out], lambda above: np.tensordot(np.ravel(above[0]), J, axes=1)",
    ]  # fmt: skip
    return lambda example: [*load, *lines.split("\n"), *run]
