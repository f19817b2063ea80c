"""Arrays of a layer that change its output, and of which no gradient was found: parameters whose gradient is forgotten,
or constants of the layer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from mlp_core.equality import same_bits
from mlp_core.testing.examples.foreign_arrays import is_real, tensor_of
from mlp_core.testing.subjects.doors.held import Held, Place, walked
from mlp_core.testing.subjects.doors.seeds import seeded

PARAMETER = re.compile(
    r"(w|v|u)(_?(x|h|i|f|o|c|g|r|z|q|k|v)){0,2}|b_?(i|f|o|c|g|r|z|h|y)?|.*(weight|bias)(e?s)?|gamma|beta|theta|scale|shift",
    re.IGNORECASE,
)
"""names that layers give to what they learn, without a number at their end"""

CONSTANT = "no gradient of {} was found, and a new layer has always the same numbers there: taken for a constant"

UNKNOWN = (
    "no gradient of {} was found, although the output depends on it; if it is a constant, name the gradients of all "
    "others: layer(..., gradients={{{}}})"
)


class Ungraded(NamedTuple):
    """missing: parameters by their names, whose gradient must exist. `told`, `untested`: the words for the report about
    all other parameters.
    """

    missing: list[Held]
    told: str
    untested: str


def values_in(made: Any) -> dict[Place, Any]:
    """The numbers of the arrays in an object, by their places."""
    return {place: tensor_of(value) for place, value in walked(made, is_real)}


def written(made: Any, before: Mapping[Place, Any], claimed: Sequence[Place]) -> list[tuple[int, ...]]:
    """The shapes of the arrays in an object that are new or have other numbers than before, the claimed ones aside:
    they may be gradients by names that show no parameter.
    """
    now = values_in(made)
    new = [p for p in now if p not in claimed and (p not in before or not same_bits(before[p], now[p]))]
    return [tuple(now[p].shape) for p in new]


def sorted_out(
    make: Callable[[], Any], arrays: Sequence[Held], graded: Sequence[str], written: Sequence[tuple[int, ...]] = (), *,
    steps: bool,
) -> Ungraded:  # fmt: skip
    """Sort the arrays that change the output and have no gradient. graded: the names of the arrays that have one.
    written: the shapes of other arrays that backward writes. steps: whether backward takes a step. Then an array may
    have stayed where it was because its gradient was 0.
    """
    missing, constants, unknown = list[Held](), list[str](), list[str]()
    for one in arrays:
        if not steps and written and tuple(np.shape(one.of(make()))) in written:
            unknown.append(one.name)
        elif PARAMETER.fullmatch(re.sub(r"_?\d+$", "", re.findall(r"\w+", one.name)[-1])):
            missing.append(one)
        elif _is_fixed(make, one):
            constants.append(one.name)
        elif steps:
            missing.append(one)
        else:
            unknown.append(one.name)
    known = ", ".join(f'"{name}": "..."' for name in graded)
    return Ungraded(
        missing,
        CONSTANT.format(" and ".join(constants)) if constants else "",
        UNKNOWN.format(" and ".join(unknown), known) if unknown else "",
    )


def _is_fixed(make: Callable[[], Any], one: Held) -> bool:
    """Whether each new layer has the same numbers there, and several of them: what is learned begins with random
    numbers or with equal ones, but a table of sines or the weights of a filter do not.
    """
    found = []
    for seed in (0, 1):
        with seeded(seed=seed):
            found.append(tensor_of(one.of(make())))
    first, second = found
    return first.shape == second.shape and bool((first == second).all()) and len(first.unique()) > 1
