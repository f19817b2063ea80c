"""Gradients that run with one row of data alone, although their loss runs with several: `X.T @ (h - y) * h @ (1 - h)`.

With one row many wrong products have the right shape. Where the data is called X, or by another name of a whole table,
several rows are required. A gradient of one sample, such as `step(w, x, y)`, is not shown to be right for several.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from mlp_core.testing.examples.foreign_arrays import copied
from mlp_core.testing.subjects.doors.alone_parts import Alone
from mlp_core.testing.subjects.doors.alone_shapes import ROWS, Given, given_for
from mlp_core.testing.subjects.doors.asked import SHAPES
from mlp_core.testing.subjects.doors.parts import Parts
from mlp_core.testing.subjects.doors.seeds import seeded

TABLE = re.compile(r"X\w*|\w*(inputs|data|features|batch|samples|examples)(_\w+)?")
"""names of data with several rows; those of one sample begin with a small x"""

RAISES = "the gradient raises an exception for several samples"
RESHAPED = "the gradient has other shapes for several samples"
"""the behaviour of a gradient with several samples"""

ALONE = "; tested with one sample alone: {}"

UNTESTED = (
    "was tested with one sample alone: the loss runs with several samples, but {}; if it is meant for one sample, say "
    "so: --shapes {!r}"
)


def several_rows(parts: Parts, things: Sequence[Any], given: Given) -> tuple[Given, str] | None:
    """The same shapes with any number of rows, and what the gradient does with them, if its loss runs with them; None
    if the shapes have several rows already, the loss does not run, or the gradient does.
    """
    if given.several or SHAPES.get() is not None:
        return None
    wide = next(filter(lambda one: _widens(one, given), given_for(
        parts.arguments, parts.wrt, parts.target, parts.biases, parts.rate, flat_target=parts.flat_target,
        numbers=parts.numbers,
    )), None)  # fmt: skip
    told = _with_rows(parts, things, wide) if wide is not None else ""
    return (wide, told) if wide is not None and told else None


def is_table(parts: Parts) -> bool:
    """Whether the data has the name of a table with several rows."""
    data = [n for n in parts.arguments if n not in (*parts.wrt, parts.target, parts.rate)]
    return any(map(TABLE.fullmatch, data))


def untested_words(what: str, given: Given) -> str:
    """The words for a gradient of one row, for the report."""
    return UNTESTED.format(what, given.signature())


def _widens(one: Given, given: Given) -> bool:
    """Whether shapes differ from those with one row only by the number of rows."""
    if one.layout() != given.layout() or not one.several:
        return False
    small = [tuple(1 if n == "n" else n for n in s) if isinstance(s, tuple) else s for s in one.shapes]
    return small == list(given.shapes)


def _with_rows(parts: Parts, things: Sequence[Any], given: Given) -> str:
    """Whether a gradient raises, or changes its shapes, with several rows, in words; empty if it returns gradients of
    the shapes of the parameters, or its loss does not run.
    """
    alone = Alone(parts, things, given.axis)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scope = alone.scope()
        for args in (given.built(seed) for seed in range(len(ROWS))):
            try:
                with seeded(alone.kept):
                    here = [copied(a) for a in args]
                    p, t = (scope["value"](*here), 0.0) if parts.own else scope["met"](alone.axis, *here)
            except Exception:  # foreign code that does not take several rows
                return ""
            if np.shape(p) != np.shape(t) or not np.isfinite(p).all():
                return ""
            try:
                with seeded(alone.kept):
                    found = scope["gives"](*[copied(a) for a in args])
            except Exception:  # the law shows it
                return RAISES
            several = found if isinstance(found, (tuple, list)) else [found]
            held = dict(zip(parts.arguments, args, strict=True))
            if [np.shape(g) for g in several] != [np.shape(held[n]) for n in parts.wrt]:
                return RESHAPED
    return ""
