"""The laws of an optimizer about its checkpoints: loading restores every hyperparameter, and changes nothing else."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from mlp_core.equality import same_bits
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.examples.scenario import Scenario
from mlp_core.testing.laws.optimizers.book import FEW, OptimizerBook
from mlp_core.testing.laws.optimizers.copies import HALF, alike_values
from mlp_core.testing.laws.optimizers.driving import (
    changed_by_step,
    equal_values,
    group_alone,
    not_restored,
    steps_of,
    written,
)
from mlp_core.testing.laws.optimizers.shared import ONCE, SAME, as_saved, look, same, shown_on

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
    return "" if alike_values(now, before) else where


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
    beside="it says that a hyperparameter is lost; the law of resuming only says that the result differs",
)  # fmt: skip
def restores_its_hyperparameters_from_a_checkpoint(subject: Any, scenario: Scenario) -> Evidence:
    """A checkpoint that is loaded into an optimizer with other hyperparameters restores the saved ones.

    A run is often resumed from a script that has changed. A rate that is stored outside the groups stays that of the
    new script.
    """
    one = group_alone(scenario, 0)
    expected, half = look(one, *subject.finished(one)), len(scenario.gradients) // 2
    params, optimizer = subject.finished(steps_of(one, 0, half))
    state = look(one, params, optimizer)
    with subject.foreign():
        saved = copy.deepcopy(optimizer.state_dict())
    other = scenario.groups[1]
    shown = replace(scenario, parameters=(scenario.parameters[0], ()), gradients=one.gradients)
    with shown_on(shown):
        what = "loaded into one with other hyperparameters: "
        try:
            return same(as_saved(_continued(subject, one, other, saved, params), expected), expected, what, OTHERWISE)
        except Broken as broken:
            turned = changed_by_step(one, optimizer)
            broken.measured = turned or _lost(subject, one, other, saved, params, state, expected)
            raise


def _continued(
    subject: Any, one: Scenario, hyper: dict[str, Any], saved: Any, start: Sequence[Tensor]
) -> dict[str, Tensor]:
    """The end of the second half of a run, in an optimizer that is made with `hyper` and loads the checkpoint."""
    params = [p.detach().clone().requires_grad_() for p in start]
    optimizer = subject.optimizer(replace(one, groups=(hyper,)), params)
    with subject.foreign():
        optimizer.load_state_dict(copy.deepcopy(saved))
    for step in range(len(one.gradients) // 2, len(one.gradients)):
        one.set_gradients(params, step)
        subject.step(one, optimizer, params)
    return look(one, params, optimizer)


def _lost(
    subject: Any, one: Scenario, other: dict[str, Any], saved: Any, params: Sequence[Tensor],
    state: dict[str, Tensor], expected: dict[str, Tensor],
) -> str:  # fmt: skip
    """A hyperparameter or state that a checkpoint does not restore, in words; empty if no single one is lost."""
    (own,) = one.groups

    def alike(hyper: dict[str, Any]) -> bool:
        end = as_saved(_continued(subject, one, hyper, saved, params), expected)
        return end.keys() == expected.keys() and all(same_bits(end[name], expected[name]) for name in end)

    if not alike(own):
        held = [p.detach().clone().requires_grad_() for p in params]
        optimizer = subject.optimizer(one, held)
        with subject.foreign():
            optimizer.load_state_dict(copy.deepcopy(saved))
        return not_restored(state, look(one, held, optimizer))
    for name in (name for name in own if not equal_values(own[name], other[name])):
        if not alike({**own, name: other[name]}):
            return (
                f"load_state_dict does not restore {name}: the checkpoint was saved with {written(own[name])}, and the "
                f"steps after loading use {written(other[name])} of the constructor"
            )
    return ""
