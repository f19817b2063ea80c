"""The law of an optimizer about its copies."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import torch

from mlp_core.testing.engine.evidence import Broken, Evidence, Raised
from mlp_core.testing.examples.scenario import Scenario
from mlp_core.testing.laws.optimizers.book import FEW, OptimizerBook
from mlp_core.testing.laws.optimizers.driving import doubled, equal_values, steps_of, written
from mlp_core.testing.laws.optimizers.shared import ONCE, SAME, look, same

HALF = (
    ONCE
    + """\
import copy
half = len(gradients) // 2
*_, (params, optimizer) = run(mine, stop=half)
def go_on(optimizer, params):
    for step in range(half, len(gradients)):
        set_lr(optimizer, step)
        for p, g in zip(params, gradients[step]):
            p.grad = g.clone()
        optimizer.step()
"""
)

COPIED = (
    HALF
    + """\
params, optimizer = copy.deepcopy((params, optimizer))
go_on(optimizer, params)
got = look(params, optimizer, "{name}")[{index}].item()
"""
    + SAME
)

KEPT_APART = (
    HALF
    + """\
go_on(*reversed(copy.deepcopy((params, optimizer))))
go_on(optimizer, params)
got = look(params, optimizer, "{name}")[{index}].item()
"""
    + SAME
)

ALIKE = """\
import copy, pickle
*_, (params, optimizer) = run(mine)
repr(optimizer), pickle.dumps(optimizer)
twin = copy.deepcopy(optimizer)
own = [k for k in optimizer.param_groups[0] if k != "params"]
values = lambda o: repr([[d.get(k) for k in own] for d in (o.defaults, *o.param_groups)])
assert values(twin) == values(optimizer), (values(twin), values(optimizer))"""

book = OptimizerBook(waivable=True)


@book.law(
    lambda s: s.telling(groups=(1, s.max_groups), steps=(4, 5)), share=FEW, closing=doubled(ALIKE),
    doing="as a deep copy",
    beside="a copy is not a checkpoint; this law says that the copy loses the state",
)  # fmt: skip
def goes_on_as_a_deep_copy(subject: Any, scenario: Scenario) -> Evidence:
    """A deep copy together with its parameters has the same groups and defaults, reaches the same result, and does not
    affect the original. The original can be shown as text and pickled.

    Sweeps fork from one state, and tests and trainers copy what they get. A copy that shares its state with the
    original, or starts with an empty state, trains something else.
    """
    expected, half = look(scenario, *subject.finished(scenario)), len(scenario.gradients) // 2
    params, optimizer = subject.finished(steps_of(scenario, 0, half))
    with subject.foreign():
        repr(optimizer)
        if _found_by_name(type(optimizer)):
            pickle.dumps(optimizer)
        copied, twin = copy.deepcopy((params, optimizer))
    _alike(twin, optimizer)
    rest = steps_of(scenario, half)
    try:
        for _ in subject.run(rest, twin, copied):
            pass
    except Raised as raised:
        lost = str(getattr(raised.__cause__, "name", ""))
        if not isinstance(raised.__cause__, AttributeError) or hasattr(twin, lost) or not hasattr(optimizer, lost):
            raise
        # Optimizer.__getstate__ of torch keeps state, groups and defaults, so that the copy lacks everything else
        note = f"its copies lack {lost}, because torch's Optimizer.__getstate__ leaves it out"
        return Evidence(entries=len(expected), note=note)
    same(look(scenario, copied, twin), expected, "continued as a copy: ", COPIED)
    for _ in subject.run(rest, optimizer, params):
        pass
    return same(look(scenario, params, optimizer), expected, "after its copy was continued: ", KEPT_APART)


def _found_by_name(kind: type) -> bool:
    """Whether a class can be pickled; a class made inside a function cannot."""
    try:
        pickle.dumps(kind)
    except Exception:
        return False
    return True


def _alike(twin: Any, optimizer: Any) -> None:
    """The same defaults and the same values in every group."""
    told = [("defaults", twin.defaults, optimizer.defaults)]
    if len(twin.param_groups) != len(optimizer.param_groups):
        raise Broken("the copy", f"{len(twin.param_groups)} groups", len(optimizer.param_groups), closing=ALIKE)
    for k, (copied, own) in enumerate(zip(twin.param_groups, optimizer.param_groups, strict=True)):
        told.append((f"param_groups[{k}]", copied, own))
    for where, copied, own in told:
        for name in own:
            if name != "params" and not (name in copied and alike_values(copied[name], own[name])):
                got = written(copied[name]) if name in copied else "missing"
                raise Broken(f"{where}[{name!r}] of the copy", got, written(own[name]), closing=ALIKE)


def alike_values(a: Any, b: Any) -> bool:
    """Whether two values are equal. Values other than numbers, texts and lists of them are compared by type only,
    because a copied function is another object."""
    plain = (int, float, str, bool, type(None), torch.Tensor, list, tuple, dict)
    return equal_values(a, b) if isinstance(b, plain) else type(a) is type(b)
