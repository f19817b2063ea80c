"""The laws of an optimizer about several parameters: late gradients, groups, adjacent parameters in memory, shapes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.equality import same_bits
from mlp_core.testing.bounds import references, rounding
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.examples.scenario import Scenario
from mlp_core.testing.laws.optimizers.book import OptimizerBook
from mlp_core.testing.laws.optimizers.driving import equal_values, renumbered, written
from mlp_core.testing.laws.optimizers.shared import (
    ADJACENT,
    LITERAL,
    ONCE,
    SAME,
    SEVERAL,
    agree,
    look,
    same,
    shown_on,
)

UNNOTICED = (
    """\
*_, (params, optimizer) = run(mine)
got = look(params, optimizer, "{name}")[{index}].item()
everybody, counts = fresh, [counts[0] - 1, *counts[1:]]
fresh, gradients = lambda: everybody()[1:], [row[1:] for row in gradients]
*_, (params, optimizer) = run(mine)
expected = look([None, *params], optimizer, "{name}")[{index}].item()
"""
    + SAME
)

JOINED = (
    """\
*_, (params, optimizer) = run(mine)
got = look(params, optimizer, "{name}")[{index}].item()
groups = lambda params: [{{"params": params, **hyper[0]}}]
gradients, lr_factors = [row[:1] for row in gradients[LATE:]], lr_factors[LATE:]
*_, (params, optimizer) = run(mine, params=fresh()[:1])
expected = look(params, optimizer, "{name}")[{index}].item()
"""
    + SAME
)
"""LATE is filled in by the law"""

GROUPED = (
    ONCE.replace("expected =", "got =")
    + """\
k, _ = counts
everybody, which = fresh, int("{name}".rpartition("[")[2][:-1]) - counts[0]
fresh, hyper, counts = lambda: everybody()[k:], hyper[1:], counts[1:]
gradients = [row[k:] for row in gradients]
*_, (params, optimizer) = run(mine)
expected = look(params, optimizer, "{name}".rpartition("[")[0] + f"[{{which}}]")[{index}].item()
"""
    + SAME
)

book = OptimizerBook(waivable=True)


# at least two parameters, so that without the first its group is not empty
@book.law(lambda subject: subject.scenarios(steps=(3, 6), per_group=(2, 3)), doing="with a late gradient")
def lets_a_parameter_join_late(subject: Any, scenario: Scenario) -> Evidence:
    """A parameter without a gradient does not move, also if it had one before. With its first gradient it starts as a
    fresh parameter does, and the others are not affected. This also holds if all parameters are adjacent in one buffer.

    Frozen layers are unfrozen, experts are not chosen in every step, and None is not zero. Decay and momentum must not
    touch a parameter without a gradient, and its bias correction must start with its first one.
    """
    late = 1 + len(scenario.gradients) // 3
    delayed = replace(scenario, gradients=tuple(
        (None, *row[1:]) if step < late else row for step, row in enumerate(scenario.gradients)
    ))  # fmt: skip
    params = scenario.fresh()
    start = params[0].detach().clone()
    optimizer = subject.optimizer(delayed, params)
    with shown_on(delayed):
        for step in subject.run(delayed, optimizer, params):
            if step < late:
                got = {"params[0]": params[0].detach().clone()}
                closing = LITERAL.replace("run(mine)", f"run(mine, stop={step + 1})")
                same(got, {"params[0]": start}, f"step {step + 1}, no gradient yet: ", closing)
    _side_by_side(subject, delayed, [p.detach() for p in params], "adjacent in one buffer: ")
    pausing = replace(scenario, gradients=tuple(
        (None, *row[1:]) if step in (late, late + 1) else row for step, row in enumerate(scenario.gradients)
    ))  # fmt: skip
    _side_by_side(subject, pausing, _paused(subject, pausing, late), "adjacent in one buffer, one without a gradient: ")
    if not (subject.exact or references.compares(rounding.unit_roundoff(scenario.dtype))):
        return Evidence(entries=1)  # in 16 bits torch's foreach rounds differently for other list lengths
    alone = replace(
        scenario, groups=scenario.groups[:1], parameters=(scenario.parameters[0][:1],),
        gradients=tuple(row[:1] for row in scenario.gradients[late:]), lr_factors=scenario.lr_factors[late:],
    )  # fmt: skip
    expected = look(alone, *subject.finished(alone))
    seen = look(scenario, params, optimizer)
    got = {name: value for name, value in seen.items() if name.endswith("params[0]")}
    try:
        with shown_on(delayed):
            same(got, expected, f"joined after {late} steps: ", JOINED.replace("LATE", str(late)))
            return _unnoticed(subject, scenario, seen)
    except Broken:
        if subject.exact or not (coupled(subject, scenario, 1) or coupled(subject, delayed, 1)):
            raise
        return Evidence(entries=1)


def _paused(subject: Any, scenario: Scenario, late: int) -> list[Tensor]:
    """The parameters at the end, if the first has no gradient in two steps from `late` on, and rests in one of them:
    an optimizer that adopts slow weights every few steps may move it once.
    """
    params = scenario.fresh()
    optimizer, places = subject.optimizer(scenario, params), list[Tensor]()
    for _ in subject.run(scenario, optimizer, params):
        places.append(params[0].detach().clone())
    before, *after = places[late - 1 : late + 2]
    if len(after) == 2 and not same_bits(before, after[0]) and not same_bits(after[0], after[1]):
        closing = LITERAL.replace("run(mine)", f"run(mine, stop={late + 1})")
        try:
            with shown_on(scenario):
                same({"params[0]": after[0]}, {"params[0]": before}, f"step {late + 1}, no gradient now: ", closing)
        except Broken:
            if subject.exact or not coupled(subject, scenario, 1):
                raise
    return [p.detach() for p in params]


def _side_by_side(subject: Any, scenario: Scenario, apart: list[Tensor], what: str) -> None:
    """Whether parameters that are adjacent in one buffer end where separate ones end."""
    with shown_on(scenario):
        agree(subject, scenario, scenario.names(), subject.side_by_side(scenario), apart, what=what, closing=ADJACENT)


def _unnoticed(subject: Any, scenario: Scenario, seen: dict[str, Tensor]) -> Evidence:
    """All parameters except the first move as they do without it."""
    first, *others = scenario.parameters
    names = scenario.names()[1:]
    if not names:
        return Evidence(entries=1)
    without = replace(scenario, parameters=(first[1:], *others), gradients=tuple(row[1:] for row in scenario.gradients))
    alone = look(without, *subject.finished(without))
    renamed = {}
    for name, own in zip(without.names(), names, strict=True):
        renamed.update({key.replace(name, own): value for key, value in alone.items() if key.endswith(name)})
    got = {key: value for key, value in seen.items() if not key.endswith("params[0]")}
    return same(got, renamed, "another joined late: ", UNNOTICED)


def two_groups(subject: Any) -> st.SearchStrategy[Scenario]:
    return subject.scenarios(groups=(2, 2), per_group=(1, 2), steps=SEVERAL)


def needs_groups(subject: Any) -> str | None:
    if subject.max_groups < 2:
        return "it accepts only one parameter group"
    if subject.varied and set(subject.varied) <= set(subject.common):
        return "its groups have no hyperparameters"
    return None if subject.varied else subject.unmoved


@book.law(
    two_groups, skip=needs_groups, doing="with groups of different hyperparameters",
    beside="the only law that checks this for an optimizer without a reference",
)  # fmt: skip
def gives_every_group_its_own_hyperparameters(subject: Any, scenario: Scenario) -> Evidence:
    """The parameters of a second group with its own hyperparameters move as in an optimizer of that group alone.

    Groups give biases no decay, and lower layers a smaller rate. A loop that uses the first group's values for all
    groups passes every test with one group.
    """
    k = len(scenario.parameters[0])
    second = replace(
        scenario, groups=scenario.groups[1:], parameters=scenario.parameters[1:],
        gradients=tuple(row[k:] for row in scenario.gradients),
    )  # fmt: skip
    seen = look(scenario, *subject.finished(scenario))
    expected = look(second, *subject.finished(second))
    renamed: dict[str, Tensor] = {}
    got: dict[str, Tensor] = {}
    for name, own in zip(second.names(), scenario.names()[k:], strict=True):
        renamed.update({key.replace(name, own): value for key, value in expected.items() if key.endswith(name)})
        got.update({key: value for key, value in seen.items() if key.endswith(own)})
    try:
        found = same(got, renamed, "beside another group: ", GROUPED)
    except Broken as broken:
        if subject.exact or not coupled(subject, scenario, k):
            broken.measured = _taken_from_the_first(subject, scenario, got)
            raise
        return Evidence(entries=1)
    found.counted = scenario.groups[0] != scenario.groups[1]
    return found


def _taken_from_the_first(subject: Any, scenario: Scenario, got: dict[str, Tensor]) -> str:
    """Which hyperparameters of the first group the second group moves by, in words; empty if none explains it."""
    first, second = scenario.groups
    for names in (*((name,) for name in second), tuple(second)):
        if all(equal_values(first[name], second[name]) for name in names):
            continue
        mixed = replace(scenario, groups=(first, {**second, **{name: first[name] for name in names}}))
        k = len(scenario.parameters[0])
        alone = replace(
            mixed, groups=mixed.groups[1:], parameters=mixed.parameters[1:],
            gradients=tuple(row[k:] for row in mixed.gradients),
        )  # fmt: skip
        expected = renumbered(look(alone, *subject.finished(alone)), k)
        if got.keys() == expected.keys() and all(same_bits(got[key], expected[key]) for key in got):
            said = ", ".join(f"{name} = {written(first[name])}, not {written(second[name])}" for name in names)
            return f"the second group moves by the hyperparameters of the first group: by {said}"
    return ""


def coupled(subject: Any, scenario: Scenario, k: int) -> bool:
    """Whether other gradients of the first k parameters change the rest, or the reverse. That is so if the optimizer
    treats all parameters as one vector; it then takes a single group."""
    if subject.max_groups == 1:
        return True
    params, optimizer = subject.finished(scenario)
    plain = look(scenario, params, optimizer)
    for ours, theirs in ((range(k), range(k, len(params))), (range(k, len(params)), range(k))):
        for change in (torch.zeros_like, lambda g: 3 * g + 1):
            other = replace(scenario, gradients=tuple(
                tuple(change(g) if i in ours and g is not None else g for i, g in enumerate(row))
                for row in scenario.gradients
            ))  # fmt: skip
            moved = look(other, *subject.finished(other))
            seen = [key for key in plain if any(key.endswith(f"params[{i}]") for i in theirs)]
            if moved.keys() != plain.keys() or not all(same_bits(moved[key], plain[key]) for key in seen):
                return True
    return False
