"""An object that has run forward and backward before: what the first run left in it stays, except for gradients and the
arrays that a new object has as well."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.foreign_arrays import (
    copied,
    is_array,
    is_jax,
    is_number,
    ones_like,
    overwrite,
    source_of,
)
from mlp_core.testing.subjects.doors.given import required
from mlp_core.testing.subjects.doors.held import LIBRARIES, Place, at, found, held, put, removed, walked

SLOPE = re.compile(r"_?(d|grad|delta)|.*grad(ient)?s?$", re.IGNORECASE)
"""names of attributes that a backward may add to, or may keep for the next backward"""

NEAR = 1 + 2.0**-24
"""the factor of numbers that `allclose` takes for the same"""

EVERY = 4
"""one example of this many runs after numbers that are so near"""

RESETS = re.compile(r"(reset|clear|zero|init|flush)(_?[a-z]+)*", re.IGNORECASE)
"""names of methods that are called between two passes"""


@dataclass(frozen=True)
class Again:
    """How one object is run twice. make() -> a new object, which run(args, made) uses. judged: the arguments whose
    gradients are checked in the second run; None for all. If backward takes a step, the step may depend on earlier
    ones, as with momentum.
    """

    make: Callable[..., Any]
    judged: tuple[int, ...] | None = None
    drawn: list[Arguments] = field(default_factory=list)
    """a few examples of the form, once they are known"""
    sized: bool = False
    """whether make takes the arguments, whose sizes it needs; then it makes a list of objects"""

    def made_for(self, args: Sequence[Any]) -> Callable[[], Any]:
        """A function that makes an object which can run on these arguments."""
        return partial(self.make, list(args)) if self.sized else self.make

    def earlier(self, example: Arguments) -> list[list[Any]]:
        """Arguments on which the object runs before an example: those with other shapes, such as a larger batch, if
        some are known; the same shapes with the entries in another order and with other signs, because a mask or the
        place of a maximum may be kept; last, other numbers of the same signs, which in some examples are so near that
        a comparison by `allclose` takes them for the same.
        """
        shapes = _shapes(example)
        others = [] if self.sized else self.drawn  # with other sizes it would be another object
        other = next((one for one in others if _shapes(one) != shapes), None)
        near = example.texture % EVERY == EVERY - 1
        return [
            *([other.fresh()] if other is not None else []), example.turned(), example.others(NEAR if near else 1.25)
        ]  # fmt: skip

    def lines(self, earlier: Sequence[Any]) -> str:
        """Lines after which `run` uses an object that has run on other arguments before. They follow those of `anew`.
        """
        return (
            "from mlp_core.testing.subjects.doors.again import again\n"
            f"once, earlier = run, {source_of(list(earlier))}\n"
            f"def run(args): return again(once, {'lambda: new(earlier)' if self.sized else 'new'}, earlier, args)"
            "  # one object runs twice\n"
        )


def anew(expression: str, function: str = "run") -> list[str]:
    """The lines that define `new`, which makes an object by an expression, and begin a function of arguments. This
    function uses a given object, or a new one.
    """
    return [
        f"def new(): return {expression}", f"def {function}(args, made=None):",
        "    made = new() if made is None else made",
    ]  # fmt: skip


def _shapes(example: Arguments) -> list[tuple[int, ...]]:
    return [tuple(np.shape(example.at(path))) for path in example.paths()]


def again(run: Callable[..., Any], make: Callable[[], Any], earlier: Sequence[Any], args: list[Any]) -> Any:
    """run(args, made) for an object that has already run forward and backward on other arguments."""
    made = make()
    first = run([copied(a) for a in earlier], made)
    outs, pull = first if isinstance(first, tuple) else (first.outs, first.pull)
    pull([ones_like(o) if is_number(o) else None for o in outs])
    return run(args, settled(made, make()))


def settled(made: Any, new: Any) -> Any:
    """The object after what is done between two passes: its own methods without arguments that reset it are called, and
    its gradients, and all arrays that a new object has, are those of the new object.
    """
    own = (cls for cls in type(made).__mro__ if cls.__module__.partition(".")[0] not in LIBRARIES)
    for name in dict.fromkeys(name for cls in own for name in vars(cls) if RESETS.fullmatch(name)):
        method = getattr(made, name)
        if callable(method) and not required(method):
            method()
    places = [place for one in held(new) for place in one.places]
    slopes = [place for place, _ in walked(made, is_array) if SLOPE.match(place[-1].strip(".[]'\""))]
    for place in dict.fromkeys([*places, *slopes]):
        _restore(made, new, place)
    return made


def _restore(made: Any, new: Any, place: Place) -> None:
    """Give a place the value that it has in a new object. An array of the same shape and dtype is overwritten. If a new
    object has nothing there, the value is removed.
    """
    *way, last = place
    now = found(made, place)
    if now is None:
        return
    try:
        value = at(new, place)
    except (LookupError, AttributeError, TypeError):
        removed(at(made, tuple(way)), last)
        return
    fits = is_array(value) and type(now) is type(value) and (now.shape, now.dtype) == (value.shape, value.dtype)
    if fits and not is_jax(now):
        overwrite(now, value)
    else:
        put(at(made, tuple(way)), last, copied(value))
