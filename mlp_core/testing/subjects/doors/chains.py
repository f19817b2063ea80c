"""Several functions, each the derivative of the one before: a function, its gradient and its Hessian."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.engine.source import import_of, name_of
from mlp_core.testing.subjects.doors.beside import refused
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.given import required
from mlp_core.testing.subjects.doors.guessed import reordered
from mlp_core.testing.subjects.doors.recognised_derivative import of_derivative
from mlp_core.testing.subjects.doors.tried import tried
from mlp_core.testing.subjects.doors.value_and_gradient import Chained, jacobian
from mlp_core.testing.subjects.roles import role

CHAIN = """\
def values(point, *data):
    return np.concatenate([np.ravel(one(point, *data)) for one in (FIRST,)])
def slopes(point, *data):
    return np.concatenate([np.reshape(one(point, *data), (-1, np.size(point))) for one in (NEXT,)])"""

ENTRIES = CHAIN.replace("np.reshape(one(point, *data), (-1, np.size(point)))", "np.diag(np.ravel(one(point, *data)))")
"""the same for functions that give one number for each entry of their argument"""

NUMBERS = """\
def values(point):
    return np.array([one(x) for one in (FIRST,) for x in np.ravel(point).tolist()])
def slopes(point):
    return np.concatenate([np.diag([one(x) for x in np.ravel(point).tolist()]) for one in (NEXT,)])"""
"""the same for functions of a single number"""


LEFT = "{} was not tested: it has no shape that the derivative of the gradient may have"


def of_chain(*functions: Callable[..., Any]) -> Form:
    """Functions of the same arguments, each the derivative of the one before by the first of them that is no target: a
    function, its gradient, its Hessian; or its second derivative, entry by entry. If they run with no shapes together,
    only the first two are tested, and the report says so. Raises ArgumentError if these do not run either.
    """
    try:
        return _of_chain(*functions)
    except ArgumentError:
        if len(functions) < 3:
            raise
        form = of_derivative(functions[0], functions[1])
        untested, told = form.omitted
        return replace(form, omitted=("; ".join(filter(None, [untested, LEFT.format(name_of(functions[2]))])), told))


def _of_chain(*functions: Callable[..., Any]) -> Form:
    names = required(functions[0])
    if len(names) > 1 and role(names[0]) == "true":  # f(y_true, y_pred)
        back = (1, 0, *range(2, len(names)))
        functions, names = tuple(reordered(one, back) for one in functions), tuple(names[k] for k in back)
    first, words = functions[0], [name_of(f) for f in functions]

    def fits(args: list[Any]) -> bool:
        out, slope = values(*args), slopes(*args)
        if lines is CHAIN and not (np.size(first(*args)) == 1 and np.ndim(args[0]) == 1 and np.size(args[0]) > 1):
            return False
        if lines is ENTRIES and any(np.shape(one(*args)) != np.shape(args[0]) for one in functions):
            return False
        return np.ndim(args[0]) == 1 and bool(slope.shape == (out.size, np.size(args[0])))

    found = None
    for lines in (CHAIN, ENTRIES, NUMBERS) if len(names) == 1 else (CHAIN, ENTRIES):
        text = lines.replace("FIRST", ", ".join(words[:-1])).replace("NEXT", ", ".join(words[1:]))
        scope: dict[str, Any] = {"np": np, **dict(zip(words, functions, strict=True))}
        exec(text, scope)  # noqa: S102  (of the lines above)
        values, slopes = scope["values"], scope["slopes"]
        if (found := tried(names, fits)) is not None:
            break
    if found is None:
        call = f'jacobian({words[-2]}, {words[-1]}, subjects.arrays("(n)"))'
        raise refused(f"{', '.join(words)} run", "functions of the same arguments", call)
    form = jacobian(values, slopes, found.strategy(), name=words[-1])
    run = [
        *text.split("\n"), "def jacobian(args):", "    return slopes(*args)", "def run(args):",
        "    out, J = values(*args), slopes(*args)",
        "    return [out], lambda above: np.tensordot(np.ravel(above[0]), J, axes=1)",
    ]  # fmt: skip
    load = [line for f in functions for line in import_of(f)]
    chained = Chained(values, slopes, lambda *args: [one(*args) for one in functions[1:]])
    return replace(
        form, run=chained, names=names, source=lambda example: [*load, *run], found=found.words(names)
    )  # fmt: skip
