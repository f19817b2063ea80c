"""The laws of an optimizer about groups: added after some steps, frozen as a whole, split into two."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.examples.scenario import Scenario
from mlp_core.testing.laws.optimizers.book import FEW, OptimizerBook
from mlp_core.testing.laws.optimizers.driving import group_alone, numbered, renumbered, steps_of
from mlp_core.testing.laws.optimizers.groups import coupled
from mlp_core.testing.laws.optimizers.shared import SAME, look, same, shown_on

ADDED = (
    """\
from mlp_core.testing.subjects.snippets import added
params, optimizer, alone = added(globals(), mine, LATE, OWN)  # the second group after so many steps
got = look(params, optimizer, "{name}")[{index}].item()
params, optimizer = alone("{name}")  # its group by itself
expected = look(params, optimizer, "{name}")[{index}].item()
"""
    + SAME
)
"""LATE and OWN are filled in by the law"""

FROZEN = (
    """\
params = fresh()
for i in (0, len(params) - 1):
    params[i].requires_grad_(False)
*_, (params, optimizer) = run(mine, params=params)
got = look(params, optimizer, "{name}")[{index}].item()
everybody = fresh
fresh, counts, hyper = lambda: everybody()[1:-1], counts[1:-1], hyper[1:-1]
gradients = [row[1:-1] for row in gradients]
*_, (params, optimizer) = run(mine)
expected = look([None, *params], optimizer, "{name}")[{index}].item()
"""
    + SAME
)

UNTOUCHED = """\
params = fresh()
for i in (0, len(params) - 1):
    params[i].requires_grad_(False)
*_, (params, optimizer) = run(mine, params=params)
for i in (0, len(params) - 1):
    assert torch.equal(params[i], fresh()[i]), (params[i], fresh()[i])"""

TWO = (
    """\
*_, (params, optimizer) = run(mine)
got = look(params, optimizer, "{name}")[{index}].item()
counts, hyper = [sum(counts)], hyper[:1]
*_, (params, optimizer) = run(mine)
expected = look(params, optimizer, "{name}")[{index}].item()
"""
    + SAME
)

book = OptimizerBook(waivable=True)


def needs_two_groups(subject: Any) -> str | None:
    return "it accepts only one parameter group" if subject.max_groups < 2 else None


@book.law(
    lambda s: s.telling(groups=(2, 2), steps=(4, 5)), skip=needs_two_groups, share=FEW,
    closing=ADDED.replace("LATE", "2").replace("OWN", "{{}}"), doing="with a group added after two steps",
)  # fmt: skip
def takes_a_group_added_later(subject: Any, scenario: Scenario) -> Evidence:
    """A group that is added after some steps moves as in its own optimizer that starts then, with its own
    hyperparameters or the defaults. The groups before it are not affected.

    Layers are unfrozen, networks grow, and heads are replaced. State that is made in the constructor, or a rate that is
    kept in a list, is missing for a later group.
    """
    late, k = 2, len(scenario.parameters[0])
    bare = len(scenario.gradients) % 2 == 0  # without its own hyperparameters
    if bare:
        scenario = replace(scenario, groups=(scenario.groups[0],) * 2)
    first, second = group_alone(scenario, 0), steps_of(group_alone(scenario, 1), late)
    params = scenario.fresh()
    optimizer = subject.optimizer(first, params[:k])
    own = {} if bare else scenario.groups[1]
    closing = ADDED.replace("LATE", str(late)).replace("OWN", repr(own).replace("{", "{{").replace("}", "}}"))
    with shown_on(scenario):
        for step in range(len(scenario.gradients)):
            if step == late:
                with subject.foreign():
                    optimizer.add_param_group({"params": _as_given(optimizer, params[k:], k), **own})
            now, there = (first, params[:k]) if step < late else (scenario, params)
            now.begin(optimizer, step)
            now.set_gradients(there, step)
            subject.step(now, optimizer, there)
        seen = look(scenario, params, optimizer)
        new = renumbered(look(second, *subject.finished(second)), k)
        try:
            same(numbered(seen, k, len(params)), new, "the added group: ", closing)
            return same(numbered(seen, 0, k), look(first, *subject.finished(first)), "the groups before it: ", closing)
        except Broken:
            if subject.exact or not coupled(subject, scenario, k):
                raise
            return Evidence(entries=1)


def _as_given(optimizer: Any, params: list[Tensor], k: int) -> list[Any]:
    """A group with names, if the others have names."""
    if "param_names" not in optimizer.param_groups[0]:
        return params
    return [(f"layers.{k + i}.{'weight' if p.ndim > 1 else 'bias'}", p) for i, p in enumerate(params)]


@book.law(
    lambda s: s.telling(steps=(3, 3)), skip=needs_two_groups, share=FEW, closing=UNTOUCHED,
    doing="beside groups of frozen parameters",
)  # fmt: skip
def takes_a_group_of_frozen_parameters(subject: Any, scenario: Scenario) -> Evidence:
    """If the first and last groups contain only frozen parameters, those do not change, and all others move as they do
    without them.

    Fine-tuning freezes whole groups. Code that looks for the first gradient of each group finds none, and decay must
    not act there.
    """
    p = scenario.parameters[0][0]
    (hyper,) = scenario.groups
    between = replace(
        scenario, groups=(hyper,) * 3, parameters=((p,), *scenario.parameters, (p,)),
        gradients=tuple((None, *row, None) for row in scenario.gradients),
    )  # fmt: skip
    params = between.fresh()
    for frozen in (params[0], params[-1]):
        frozen.requires_grad_(False)
    optimizer = subject.optimizer(between, params)
    with shown_on(between):
        for _ in subject.run(between, optimizer, params):
            pass
        ends = {"params[0]": params[0].detach(), f"params[{len(params) - 1}]": params[-1].detach()}
        start = p.to(scenario.dtype)
        same(ends, dict.fromkeys(ends, start), "frozen: ", UNTOUCHED)
        moved = numbered(look(between, params, optimizer), 1, len(params) - 1)
        expected = renumbered(look(scenario, *subject.finished(scenario)), 1)
        return same(moved, expected, "beside frozen groups: ", FROZEN)


def twins(subject: Any) -> st.SearchStrategy[Scenario]:
    """Parameters of one shape, in one group."""

    def alike(scenario: Scenario) -> Scenario:
        like = scenario.parameters[0][0]
        spread = torch.cat([p.flatten() for p in scenario.parameters[0]])
        n = like.numel()

        def several(row: tuple[Tensor | None, ...]) -> tuple[Tensor, ...]:
            first = row[0]
            assert first is not None
            return first, 3 - 2 * first, first / 2 - 1

        params = like, spread[:n].view(like.shape) / 2 + 1, 2 - like
        return replace(scenario, parameters=(params,), gradients=tuple(map(several, scenario.gradients)))

    return subject.telling(per_group=(1, 1), schedule=True).map(alike)


@book.law(
    twins, skip=needs_two_groups, share=FEW, doing="with one group split into two",
    beside="it needs no reference: it says that the grouping is the cause",
)  # fmt: skip
def steps_the_same_if_a_group_is_split_in_two(subject: Any, scenario: Scenario) -> Evidence:
    """Parameters of one group move as they do in two groups with the same hyperparameters.

    Splitting a group must not change anything. Code that finds state by the position in the group, or by shape,
    confuses one parameter with another.
    """
    (hyper,), (params,) = scenario.groups, scenario.parameters
    split = replace(scenario, groups=(hyper, hyper), parameters=(params[:1], params[1:]))
    expected = look(scenario, *subject.finished(scenario))
    with shown_on(split):
        try:
            return same(look(split, *subject.finished(split)), expected, "in two groups: ", TWO)
        except Broken as broken:
            if not subject.exact and coupled(subject, scenario, 1):
                unlike = _unlike(scenario)
                if unlike is None or coupled(subject, unlike, 1):
                    return Evidence(entries=1)
                broken.measured = "parameters of one shape share their state; of different shapes they do not"
            elif coupled(subject, split, 1) and not coupled(subject, scenario, 1):
                broken.measured = "parameters at the same place of two groups share their state"
            raise


def _unlike(scenario: Scenario) -> Scenario | None:
    """The same gradients with parameters of different lengths; None for single numbers, which have no length."""
    if not scenario.parameters[0][0].ndim:
        return None

    def longer(tensors: tuple[Tensor | None, ...]) -> tuple[Tensor, ...]:
        return tuple(torch.cat([t, *[t[..., -1:]] * k], -1) for k, t in enumerate(tensors) if t is not None)

    (params,) = scenario.parameters
    return replace(scenario, parameters=(longer(params),), gradients=tuple(map(longer, scenario.gradients)))
