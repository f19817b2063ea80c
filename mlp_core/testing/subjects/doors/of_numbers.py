"""Gradients that a backward returns for arguments without arrays of real numbers: single numbers, and whole numbers.
They can be tested if the code also runs with real numbers in an array.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mlp_core.testing.examples.foreign_arrays import is_array, is_real
from mlp_core.testing.subjects.doors.alive import alive
from mlp_core.testing.subjects.doors.assigned import Classes, Found, built, is_shape
from mlp_core.testing.subjects.doors.guessed import ran
from mlp_core.testing.subjects.doors.names import key_of

UNTESTED = (
    "the gradient of {name} was not tested: {name} was {drawn}, and the gradient has the shape {shape}; give the "
    "shapes of all arguments with --shapes"
)


def graded(
    names: Sequence[str], found: Found, returned: Callable[[list[Any]], Any], fits: Callable[[list[Any]], bool]
) -> tuple[Found, str]:  # fmt: skip
    """The arguments with arrays of real numbers wherever a gradient is returned, and the gradient that cannot be
    tested, in words; empty if there is none. returned: what backward returns for arguments.
    """
    for k, name in enumerate(names):
        args = built(found.options, found.lib)
        gradient: Any = None if is_real(args[k]) else _of(returned(args), names, k)
        if not alive_number(gradient):
            continue
        option = found.options[k]
        array = option.shape if isinstance(option, Classes) else ()
        other = _with_shape(found, k, array)
        if not found.given and ran(fits, built(other.options, found.lib)):
            found = other
        else:
            drawn = "an array of whole numbers" if isinstance(option, Classes) else "a single number"
            return found, UNTESTED.format(name=name, drawn=drawn, shape=tuple(np.shape(gradient)))
    return found, ""


def alive_number(gradient: Any) -> bool:
    """Whether it is a gradient that is not 0. A gradient of 0 for an index says that it has none."""
    return (is_array(gradient) or isinstance(gradient, (int, float, np.number))) and alive(gradient)


def _of(found: Any, names: Sequence[str], k: int) -> Any:
    """The gradient of argument k among returned values, if their places or their keys show it."""
    if isinstance(found, dict):
        return found.get(key_of(found, names[k], k))
    return found[k] if isinstance(found, (tuple, list)) and len(found) == len(names) else None


def _with_shape(found: Found, k: int, shape: tuple[int, ...]) -> Found:
    """The same with an array of real numbers for argument k."""
    fixed = [i for i, one in enumerate(found.options) if not is_shape(one)]
    constants = [tuple(v for i, v in zip(fixed, values, strict=True) if i != k) for values in found.constants]
    options = tuple(shape if i == k else one for i, one in enumerate(found.options))
    return replace(found, options=options, constants=tuple(dict.fromkeys(constants)))
