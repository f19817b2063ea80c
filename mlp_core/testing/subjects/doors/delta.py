"""A class of costs with the error at the output: delta(z, a, y) is the derivative of fn(f(z), y) by z, for an
activation f of its file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mlp_core.testing.engine.source import name_of
from mlp_core.testing.examples.foreign_arrays import tensor_of
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.subjects.doors.asked import not_run
from mlp_core.testing.subjects.doors.beside import Beside, formed
from mlp_core.testing.subjects.doors.form import Form

LINES = """\
def both(args):
    z, y = args[0], ACT(args[1])  # the target is in the range of the activation
    a = ACT(z)
    made = NAME()
    return np.sum(made.VALUE(FIRST)), made.DELTA(ORDER)"""

STEP, NEAR = 2.0**-13, 1e-5
"""the step of a quotient that chooses the activation, and how near it must be"""


def of_delta(
    cls: type, value: str, delta: str, activations: Sequence[Callable[..., Any]], *, swapped: bool, order: Sequence[str]
) -> Form:  # fmt: skip
    """value, delta: the names of the methods; swapped: whether the target is the first argument of value; order: which
    argument of delta is z, a and y. The first activation that explains the error is chosen, or the first that runs.
    Raises ArgumentError if nothing runs.
    """
    forms = list[Form]()
    for act in activations:
        lines = LINES.replace("ACT", name_of(act)).replace("NAME", cls.__name__).replace("VALUE", value)
        lines = lines.replace("DELTA", delta).replace("FIRST", "y, a" if swapped else "a, y")
        lines = lines.replace("ORDER", ", ".join(order))
        beside = Beside(tuple(lines.split("\n")), (cls, act))
        form = formed(f"{cls.__name__}.{delta}", ("z", "before_y"), beside)
        if form is None:
            continue
        told = f"{form.found}; a is {name_of(act)}(z), y is {name_of(act)}(before_y)"
        forms.append(replace(form, found=told))
        if all(_explains(forms[-1], example.fresh()) for example in sample(form.inputs, 3)):
            return forms[-1]
    if not forms:
        call = f'gradient(loss, {cls.__name__}.{delta}, subjects.arrays("(n),(n)"))'
        raise not_run(f"{cls.__name__}.{value} runs", "a cost of an output and a target", call)
    return forms[0]


def _explains(form: Form, args: list[Any]) -> bool:
    """Whether the error agrees with a quotient along one line."""
    with np.errstate(all="ignore"):
        ran = form.run(args)
        slope = tensor_of(ran.pull([1.0]))
        line = np.random.default_rng(0).standard_normal(slope.shape)
        high, low = (float(form.run([args[0] + s * STEP * line, args[1]]).outs[0]) for s in (1, -1))
    own, quotient = float((slope.numpy() * line).sum()), (high - low) / (2 * STEP)
    return abs(own - quotient) <= NEAR * (abs(own) + abs(quotient))
