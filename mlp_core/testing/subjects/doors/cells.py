"""A pair whose forward takes a dict of parameters: the gradients are in a dict too, some of them perhaps elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from mlp_core.testing.examples.sample import sample
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.given import required
from mlp_core.testing.subjects.doors.names import key_of
from mlp_core.testing.subjects.doors.recognised import of_pair

SCHEMES = (
    (((3, 4), (2, 4), (3, 4, 5)), ((2, 5), (2, 3), (2, 2), (6, 2)), ((2, 1), (6, 1))),
    (((4, 3), (4, 2), (4, 5, 3), (5, 4, 3)), ((5, 2), (3, 2), (2, 2), (2, 6)), ((2,), (6,), (1, 2), (1, 6))),
)
"""shapes of a recurrent cell with samples in columns and in rows: of its input and its states, of its matrices, and of
its biases. The input has 3 numbers, the state 2 and the output 6; a sequence has 5 steps.
"""


def _options(names: Sequence[str], arrays: Any, matrices: Any, biases: Any) -> list[Sequence[Any]]:
    """The shapes with which each parameter is tried, by the first letter of its name."""
    kinds = {"w": matrices, "u": matrices, "v": matrices, "b": biases}
    return [kinds.get(name[0].lower(), arrays) for name in names]


def of_spread(forward: Callable[..., Any], backward: Callable[..., Any]) -> Form:
    """The form of a forward that takes the arrays of its dict one by one. An array that is not among the keys of the
    gradients belongs to an output without an upstream gradient, such as the prediction of a recurrent cell.
    """
    form = of_pair(forward, backward, [_options(required(forward), *one) for one in SCHEMES])
    example = sample(form.inputs, 2)[-1]
    ran = form.call(example.fresh())
    found = ran.pull(form.above(example, ran.outs))
    if not isinstance(found, dict):
        return form
    without = [n for k, n in enumerate(form.names) if key_of(found, n, k) is None]
    told = f"{form.found}; backward returns no gradient of {', '.join(without)}" if without else form.found
    return replace(form, counted=True, found=told)
