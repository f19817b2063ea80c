"""A step of gradient descent on a few numbers, and its cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mlp_core.testing.engine.source import name_of
from mlp_core.testing.subjects.doors.beside import Beside, formed, refused
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.given import required


def of_step(
    step: Callable[..., Any], cost: Callable[..., Any], count: int, order: Sequence[int], rate: int
) -> Form:  # fmt: skip
    """step(p1, ..., data, rate) returns the new values of its first `count` arguments, which are numbers. order: the
    arguments of the cost among those of the step without the rate. rate: the place of the rate.
    """
    names = required(step)
    taken = [n for k, n in enumerate(names) if k != rate]
    places = [f"args[0][{k}]" for k in range(count)] + [f"args[{k + 1}]" for k in range(len(taken) - count)]
    handed = [*places[:rate], "1.0", *places[rate:]]
    lines = (
        "def both(args):", f"    new = {name_of(step)}({', '.join(handed)})  # the rate is 1",
        f"    assert len(new) == len(args[0]) == {count}",
        "    gradient = np.array([old - one for old, one in zip(args[0], new)])",
        f"    return {name_of(cost)}({', '.join(places[k] for k in order)}), gradient",
    )  # fmt: skip
    whole = (f"({', '.join(taken[:count])})", *taken[count:])
    form = formed(name_of(step), whole, Beside(lines, (step, cost)), ("numpy",))
    if form is None:
        call = f'jacobian({name_of(cost)}, gradient, subjects.arrays("({count}),(n,2)"))'
        raise refused(f"{name_of(step)} runs", "a step on a few numbers, beside its cost", call)
    return form
