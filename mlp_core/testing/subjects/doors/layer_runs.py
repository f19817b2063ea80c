"""One run of a layer from a file: its outputs, and whose gradients its backward returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from mlp_core.testing.examples.foreign_arrays import copied, is_array, is_real, ones_like
from mlp_core.testing.subjects.doors.assigned import Found, built
from mlp_core.testing.subjects.doors.guessed import ran
from mlp_core.testing.subjects.doors.layer import upstream
from mlp_core.testing.subjects.doors.layered import given_by, kept_in
from mlp_core.testing.subjects.doors.names import BELOW, OUTPUTS
from mlp_core.testing.subjects.doors.seeds import seeded
from mlp_core.testing.subjects.doors.whose import Pulled, distance, whose


def run_of(one: Any, *args: Any) -> tuple[list[Any], Callable[[list[Any]], Any], bool]:
    """The outputs of a layer, a function from upstream gradients to what its backward returns, and whether backward
    takes a learning rate."""
    out = (getattr(one, "forward", None) or one)(*args)
    out = given_by(one, out, kept_in(one, out, OUTPUTS))
    outs = list(out) if isinstance(out, (tuple, list)) else [out]  # a cell with a state: h and c
    taken, steps = upstream(one.backward, len(outs))
    outs = outs[:taken]

    def pull(above: list[Any]) -> Any:
        below = one.backward(*above, *([1.0] if steps else []))
        return given_by(one, below, kept_in(one, below, BELOW))

    return outs, pull, steps


def nearness(made: Callable[[], Any], found: Found) -> tuple[float, tuple[int, ...] | None]:
    """The arguments whose gradients backward returns, and how near these are to right; 0 and None if it returns that of
    each.
    """
    args = built(found.options, found.lib)
    with np.errstate(all="ignore"):
        outs, pull, _ = run_of(made(), *map(copied, args))
        below = pull(list(map(ones_like, outs)))
    several = list(below) if isinstance(below, (tuple, list)) else [below]
    if below is None or len(several) >= sum(map(is_real, args)):
        return 0.0, None

    with np.errstate(all="ignore"):
        return whose(args, several, _pulling(made))


def _pulling(made: Callable[[], Any]) -> Pulled:
    """A function of arguments: a new layer runs with them."""

    def pulled(*moved: Any) -> tuple[list[Any], Callable[[list[Any]], list[Any]]]:
        with seeded():
            outs, pull, _ = run_of(made(), *map(copied, moved))
        return outs, lambda above: [got] if is_array(got := pull(above)) else list(got)

    return pulled


FAR = 1e-3
"""the distance of gradients from difference quotients above which they are those of another shape, or wrong"""


def as_column(made: Callable[[], Any], found: Found, fits: Callable[..., bool]) -> Found:
    """The arguments of a layer that takes one sample: a column, if its gradient is right for a column and wrong for a
    vector, whose transpose is the vector itself.
    """
    if len(found.options) != 1 or not isinstance(found.options[0], tuple) or len(found.options[0]) != 1:
        return found
    column = ((*found.options[0], 1),)
    args = built(column, found.lib)
    if not ran(fits, args) or _off(made, found) < FAR or _off(made, replace(found, options=column)) > FAR:
        return found
    return replace(found, options=column)


def _off(made: Callable[[], Any], found: Found) -> float:
    """How far the gradient of the only argument is from difference quotients."""
    with np.errstate(all="ignore"), seeded():
        return distance(built(found.options, found.lib), (0,), _pulling(made))
