"""Arrays of a layer that change its output, and of which no gradient was found: parameters whose gradient is forgotten,
or constants of the layer."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from mlp_core.testing.examples.foreign_arrays import tensor_of
from mlp_core.testing.subjects.doors.held import Held
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


def sorted_out(make: Callable[[], Any], arrays: Sequence[Held], graded: Sequence[str], *, steps: bool) -> Ungraded:
    """Sort the arrays that change the output and have no gradient. graded: the names of the arrays that have one.
    steps: whether backward takes a step. Then an array may have stayed where it was because its gradient was 0.
    """
    missing, constants, unknown = list[Held](), list[str](), list[str]()
    for one in arrays:
        if PARAMETER.fullmatch(re.sub(r"_?\d+$", "", re.findall(r"\w+", one.name)[-1])):
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
