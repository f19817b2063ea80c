"""Other values for defaults of 0 and 1, with which a forgotten factor, power or penalty does not show."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.given import every, in_words
from mlp_core.testing.subjects.doors.names import hides


def telling_defaults(*functions: Callable[..., Any]) -> dict[str, float]:
    """Values for the parameters whose default is 0 or 1, where functions that all have them are right with these
    alone: a forgotten factor, power or penalty does not show.

    >>> telling_defaults(lambda x, beta=1.0, eps=1.0: x), telling_defaults(lambda x, beta=1.0: x, lambda x: x)
    ({'beta': 0.5}, {})
    """
    several = [inspect.signature(f).parameters for f in functions]
    return {
        n: 0.5 for n, p in several[0].items()
        if hides(n, p.default) and all(n in other and other[n].default == p.default for other in several)
    }  # fmt: skip


def telling(
    form: Form, of: Callable[..., Form], *functions: Callable[..., Any], apart: bool = False
) -> Form:  # fmt: skip
    """The form with other values for defaults of 0 and 1, which hide mistakes, if the functions run with them; of: what
    makes a form of functions. apart: whether the functions after the first may lack them.
    """
    values = telling_defaults(*(functions[:1] if apart else functions))
    several = [{n: v for n, v in values.items() if n in every(f)} for f in functions]
    if not values:
        return form
    try:
        other = of(*(partial(f, **given) if given else f for f, given in zip(functions, several, strict=True)))
    except ArgumentError:
        return form
    return replace(other, found="; ".join(filter(None, [other.found, in_words(values)])))
