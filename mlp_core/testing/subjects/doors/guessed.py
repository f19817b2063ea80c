"""Arguments of definitions in a file that shapes alone do not show: numbers, arrays for a constructor, and those for
which there is a result.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType, NoneType
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

from mlp_core.testing.engine.source import MADE, import_of, name_of
from mlp_core.testing.examples.foreign_arrays import copied, is_real
from mlp_core.testing.subjects.doors.assigned import NUMBERS, Found, built, is_shape
from mlp_core.testing.subjects.doors.function import Applied
from mlp_core.testing.subjects.doors.names import constants_of, key_of


def reordered(function: Callable[..., Any], back: Sequence[int]) -> Callable[..., Any]:
    """The function with its arguments in another order; back: where each of its own is among them."""
    def moved(*args: Any) -> Any:
        return function(*(args[k] for k in back))

    moved.__name__ = name_of(function)
    lines = [*import_of(function), f"from {__name__} import reordered"]
    setattr(moved, MADE, (lines, f"reordered({name_of(function)}, {tuple(back)!r})"))
    return moved


OTHER_SHAPE = "returned an invalid gradient"
"""what torch says if a backward returns a gradient that does not have the shape of its argument"""

NO_INVERSE: type[Exception] = vars(torch.linalg)["LinAlgError"]


def ran(fits: Callable[[list[Any]], bool], args: list[Any]) -> bool:
    """Whether foreign code fits arguments that are guessed."""
    try:
        return fits(args)
    except Exception:
        return False


def within(
    forward: Callable[..., Any], found: Found, *others: Callable[..., Any]
) -> st.SearchStrategy[tuple[Any, ...]]:  # fmt: skip
    """The arguments that were found, without those for which forward, or another function of the same arguments, says
    that it has no result: a singular matrix has no inverse.
    """
    def has_result(args: Sequence[Any]) -> bool:
        try:
            with np.errstate(all="ignore"):
                for one in (forward, *others):
                    one(*map(copied, args))
        except (np.linalg.LinAlgError, NO_INVERSE):
            return False
        except Exception:  # the laws report it
            return True
        return True

    zeros = [0 * a if is_real(a) else a for a in built(found.options, found.lib)]
    return found.strategy() if has_result(zeros) else found.strategy().filter(has_result)


def keyed(found: dict[Any, Any], names: Sequence[str], args: Sequence[Any]) -> bool:
    """Whether each gradient of a dict has a key that names an argument, and the shape of that argument."""
    keys = {key: k for k, name in enumerate(names) if (key := key_of(found, name, k)) is not None}
    return len(keys) == len(found) > 0 and all(np.shape(found[key]) == np.shape(args[k]) for key, k in keys.items())


def with_numbers(
    names: Sequence[str], found: Found, apply: Callable[..., Any], fits: Callable[..., bool],
    defaults: Mapping[str, Any] = MappingProxyType({}),
) -> Found:  # fmt: skip
    """The same with numbers for the parameters that may be numbers and get no gradient, such as a temperature.
    defaults: the defaults of parameters. A parameter that gets no gradient and has one is no array.
    """
    got = differentiated(apply, found)
    for k, name in enumerate(names):
        if found.given or k in got or not is_shape(found.options[k]):
            continue
        default = defaults.get(name, [])
        values = [0.5] if NUMBERS.fullmatch(name) or type(default) is float else []
        for value in [*values, default]:
            if not isinstance(value, (bool, int, float, str, NoneType)):
                continue
            options = tuple(value if i == k else one for i, one in enumerate(found.options))
            places = [i for i, one in enumerate(options) if not is_shape(one)]
            before = [i for i in places if i != k]
            constants = tuple(
                tuple(value if i == k else dict(zip(before, others, strict=True))[i] for i in places)
                for others in found.constants or ((),)
            )
            if ran(fits, built(options, "torch")):
                found = replace(found, options=options, constants=constants)
                break
    return found


def differentiated(apply: Callable[..., Any], found: Found) -> list[str | int]:
    """The arguments for which backward returns a gradient at all: None marks those without one by design. All of them
    if one has another shape than its argument, which the laws report.
    """
    args = built(found.options, "torch")
    leaves = Applied(apply).leaves(args)
    outs = Applied(apply).outputs(leaves, list(args))
    own = [k for k, a in enumerate(leaves) if is_real(a)]
    asked, above = [leaves[k] for k in own], [torch.ones_like(o) for o in outs]
    try:
        grads = torch.autograd.grad(outs, asked, above, allow_unused=True)
    except RuntimeError as error:
        if OTHER_SHAPE in str(error):
            return [*own]
        raise
    return [k for k, g in zip(own, grads, strict=True) if g is not None]


def constructed(names: Sequence[str]) -> list[tuple[Any, ...]]:
    """Arguments with which a constructor of a layer is tried: sizes, or the arrays of its parameters."""
    if not names:
        return [()]
    if (places := [k for k, n in enumerate(names) if FRACTIONS.fullmatch(n)]):
        others = constructed([n for k, n in enumerate(names) if k not in places])
        return [_filled(one, places) for one in others]
    arrays_of = [next((shapes for words, shapes in HANDED if words.fullmatch(n)), None) for n in names]
    if all(shapes is not None for shapes in arrays_of):
        numbers = np.random.default_rng(0)
        several = [*zip(*(shapes for shapes in arrays_of if shapes is not None), strict=True), *_cells(names)]
        return [tuple(numbers.standard_normal(shape) for shape in shapes) for shapes in several]
    if len(names) == 2 and any(map(DIVIDES.fullmatch, names)):
        return [tuple(2 if DIVIDES.fullmatch(n) else 4 for n in names)]
    if len(names) > 2:
        return _sizes(names)
    return [(3, 2), (2, 3), (2, 4), (3, 3)] if len(names) == 2 else [(3,)]


def _sizes(names: Sequence[str]) -> list[tuple[Any, ...]]:
    """Three or more arguments: constants where a name shows one, such as a kernel or a stride, and sizes elsewhere."""
    divided = any(map(DIVIDES.fullmatch, names))
    known = [2 if DIVIDES.fullmatch(n) else next(iter(constants_of(n)), None) for n in names]
    several = [(4, 4, 4, 4)] if divided else [(3, 2, 4, 5), (2, 3, 4, 5), (3, 3, 3, 3), (3, 4, 3, 4)]
    found = []
    for sizes in several:
        left = iter(sizes)
        found.append(tuple(next(left, 3) if one is None else one for one in known))
    return list(dict.fromkeys(found))


def _cells(names: Sequence[str]) -> list[tuple[tuple[int, ...], ...]]:
    """Shapes of the matrices of a recurrent cell with 3 inputs and a state of 2 numbers: one of each, or side by side
    those of the three or four gates of a GRU or an LSTM.
    """
    kinds = [next((kind for kind, words in CELL.items() if words.fullmatch(n)), "") for n in names]
    if not {"input", "state"} <= set(kinds) or "" in kinds:
        return []
    sizes = {"input": (3,), "state": (2,), "bias": ()}
    return [tuple((*sizes[kind], 2 * gates) for kind in kinds) for gates in (1, 4, 3)]


def _filled(sizes: Sequence[Any], places: Sequence[int]) -> tuple[Any, ...]:
    """Arguments with a fraction in some places."""
    found = list(sizes)
    for k in places:
        found.insert(k, FRACTION)
    return tuple(found)


FRACTIONS = re.compile(r"(drop_?(out)?_?)?(rate|p|prob|probability|ratio)|dropout|keep_?prob|alpha|slope|momentum")
"""names of a fraction, such as the rate of a dropout"""

FRACTION = 0.25
"""its value: with 1/2, a fraction and the rest are the same"""

DIVIDES = re.compile(r"(n_?|num_?)?(heads?|groups?|h|g)", re.IGNORECASE)
"""names of a number that divides the other size"""


CELL = {
    "input": re.compile(r"w_?(x|i|in|input|ih|xh)h?\d?", re.IGNORECASE),
    "state": re.compile(r"w_?(h|hh|hid|hidden|rec|r)\d?|u", re.IGNORECASE),
    "bias": re.compile(r"b\w?|bias", re.IGNORECASE),
}
"""names of the arrays of a recurrent cell"""

HANDED = (
    (re.compile(r"w\w*|kernels?|filters?|matrix", re.IGNORECASE), ((3, 2), (2, 3, 3, 3), (3,))),
    (re.compile(r"b|bias(es)?|beta|shift", re.IGNORECASE), ((2,), (2,), (3,))),
    (re.compile(r"gamma|scale|g", re.IGNORECASE), ((3,), (3,), (3,))),
)
"""names of arrays that a constructor is given, and their shapes for vectors, for images and for features"""
