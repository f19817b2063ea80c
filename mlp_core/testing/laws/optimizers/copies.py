"""The laws of an optimizer about its copies: deep copies, checkpoints, instances with other hyperparameters."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from mlp_core.testing.engine.evidence import Broken, Evidence, Raised
from mlp_core.testing.examples.scenario import Scenario
from mlp_core.testing.laws.optimizers.book import FEW, OptimizerBook
from mlp_core.testing.laws.optimizers.driving import doubled, equal_values, group_alone, steps_of, written
from mlp_core.testing.laws.optimizers.shared import ONCE, SAME, look, same, shown_on

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

LOADED = """\
import copy
*_, (params, optimizer) = run(mine)
saved = optimizer.state_dict()
before, params = copy.deepcopy(saved), fresh()
mine(groups(params), **hyper[0]).load_state_dict(saved)
def flat(tree):
    if isinstance(tree, dict):
        return [(k, flat(v)) for k, v in tree.items()]
    return [flat(v) for v in tree] if isinstance(tree, (list, tuple)) else repr(tree)
assert flat(saved) == flat(before), (saved, before)"""

ASKED = (
    HALF
    + """\
optimizer.state_dict(), repr(optimizer)
go_on(optimizer, params)
got = look(params, optimizer, "{name}")[{index}].item()
"""
    + SAME
)

OTHERWISE = (
    """\
own, others, half = hyper[:1], hyper[1:], len(gradients) // 2
hyper = own
"""
    + ONCE
    + """\
import copy
*_, (params, optimizer) = run(mine, stop=half)
saved, params = copy.deepcopy(optimizer.state_dict()), [p.detach().clone().requires_grad_() for p in params]
hyper = others
optimizer = mine(groups(params), **hyper[0])
optimizer.load_state_dict(saved)
for step in range(half, len(gradients)):
    for p, g in zip(params, gradients[step]):
        p.grad = g.clone()
    optimizer.step()
got = look(params, optimizer, "{name}")[{index}].item()
"""
    + SAME
)

book = OptimizerBook(waivable=True)


@book.law(
    lambda s: s.telling(groups=(1, s.max_groups), steps=(4, 5)), share=FEW, closing=doubled(ALIKE),
    doing="as a deep copy",
    beside="a copy is not a checkpoint: it says which of the two loses the state",
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
        # torch's Optimizer.__getstate__ keeps state, groups and defaults; a copy of what keeps more is of no use
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
            if name != "params" and not (name in copied and _alike_values(copied[name], own[name])):
                got = written(copied[name]) if name in copied else "missing"
                raise Broken(f"{where}[{name!r}] of the copy", got, written(own[name]), closing=ALIKE)


def _alike_values(a: Any, b: Any) -> bool:
    """Whether two values are equal. Values other than numbers, texts and lists of them are compared by type only,
    because a copied function is another object."""
    plain = (int, float, str, bool, type(None), torch.Tensor, list, tuple, dict)
    return equal_values(a, b) if isinstance(b, plain) else type(a) is type(b)


@book.law(
    lambda s: s.telling(groups=(1, s.max_groups), steps=(4, 5)), share=FEW, closing=LOADED, doing="with state_dict"
)
def leaves_a_checkpoint_alone(subject: Any, scenario: Scenario) -> Evidence:
    """Loading a checkpoint does not change the checkpoint. Calling state_dict(), or showing the optimizer as text, does
    not change the optimizer.

    One checkpoint is loaded by several runs and saved again. If loading removes keys from it, the next run does not
    have them.
    """
    expected, half = look(scenario, *subject.finished(scenario)), len(scenario.gradients) // 2
    params, optimizer = subject.finished(steps_of(scenario, 0, half))
    fresh = scenario.fresh()
    other = subject.optimizer(scenario, fresh)
    with subject.foreign():
        saved = copy.deepcopy(optimizer.state_dict())
        before = copy.deepcopy(saved)
        other.load_state_dict(saved)
        repr(optimizer)
    where = _changed("state_dict", saved, before)
    if where:
        raise Broken(
            where, "changed by load_state_dict", "as it was", closing=LOADED,
            measured=f"load_state_dict changes its argument, at {where}",
        )  # fmt: skip
    for _ in subject.run(steps_of(scenario, half), optimizer, params):
        pass
    return same(look(scenario, params, optimizer), expected, "after state_dict(): ", ASKED)


def _changed(where: str, now: Any, before: Any) -> str:
    """The first place at which a checkpoint has changed."""
    if isinstance(before, dict) and isinstance(now, dict) and now.keys() == before.keys():
        return next((found for key in before if (found := _changed(f"{where}[{key!r}]", now[key], before[key]))), "")
    if isinstance(before, list) and isinstance(now, list) and len(now) == len(before):
        pairs = enumerate(zip(now, before, strict=True))
        return next((found for k, (a, b) in pairs if (found := _changed(f"{where}[{k}]", a, b))), "")
    return "" if _alike_values(now, before) else where


def single(subject: Any) -> Sequence[torch.dtype]:
    """float32, if the optimizer takes it: loading casts state that torch keeps in float32 to the dtype of p."""
    return [torch.float32] if torch.float32 in subject.dtypes else subject.dtypes


def needs_others(subject: Any) -> str | None:
    if subject.max_groups < 2:
        return "it takes a single group"
    names = set(subject.varied) - set(subject.common)
    return None if names else "none of the hyperparameters in its groups varies"


@book.law(
    lambda s: s.telling(groups=(2, 2), steps=(4, 5), dtypes=single(s)), skip=needs_others, share=FEW,
    doing="loaded into an instance with other hyperparameters",
    beside="it says that a hyperparameter is lost, where resuming says that the end differs",
)  # fmt: skip
def puts_its_hyperparameters_back(subject: Any, scenario: Scenario) -> Evidence:
    """A checkpoint that is loaded into an optimizer with other hyperparameters restores the saved ones.

    A run is often resumed from a script that has changed. A rate that is stored outside the groups stays that of the
    new script.
    """
    one = group_alone(scenario, 0)
    expected, half = look(one, *subject.finished(one)), len(scenario.gradients) // 2
    params, optimizer = subject.finished(steps_of(one, 0, half))
    with subject.foreign():
        saved = copy.deepcopy(optimizer.state_dict())
    params = [p.detach().clone().requires_grad_() for p in params]
    other = replace(one, groups=scenario.groups[1:])
    optimizer = subject.optimizer(other, params)
    with subject.foreign():
        optimizer.load_state_dict(saved)
    for step in range(half, len(scenario.gradients)):
        one.set_gradients(params, step)
        subject.step(one, optimizer, params)
    shown = replace(scenario, parameters=(scenario.parameters[0], ()), gradients=one.gradients)
    with shown_on(shown):
        return same(look(one, params, optimizer), expected, "loaded into one with other hyperparameters: ", OTHERWISE)
