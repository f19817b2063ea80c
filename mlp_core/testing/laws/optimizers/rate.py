"""The learning rate of any optimizer, with or without a reference: at 0 nothing moves, and another rate changes the
movement of every kind of parameter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from mlp_core.equality import same_bits
from mlp_core.testing.bounds.envelopes import comparable
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Broken, Evidence, Raised, Rejected
from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.examples.scenario import Scenario
from mlp_core.testing.laws.optimizers.book import OptimizerBook
from mlp_core.testing.laws.optimizers.driving import from_zero
from mlp_core.testing.laws.optimizers.shared import LITERAL, agree, noise, shown_on

OTHER_RATES = (0.02, 0.04, 1e-3, 0.5)
"""for two rates with a ratio of 2 that have the same effect: clamped, as in Rprop, or lost in rounding"""

DEAF = """\
paths = []
for lr in RATES:
    CHANGED
    paths.append(torch.stack([params[INDEX].detach().clone() for params, _ in run(mine)]))
first, noise = paths[0], NOISE
assert any(((p - first).abs() > noise * torch.maximum(p.abs(), first.abs())).any() for p in paths), paths"""
"""RATES, CHANGED, INDEX and NOISE are filled in by the law"""

WRITTEN, MADE = "lr_factors = [lr / BASE] * len(gradients)", 'hyper = [{**h, "lr": lr} for h in hyper]'
"""how lr is changed: written into the groups, as schedulers do; if the groups have no lr, by the constructor"""

book = OptimizerBook(waivable=True)


def needs_an_lr(subject: Any) -> str | None:
    return None if subject.has_lr else "it has no lr"


def needs_an_lr_of_0(subject: Any) -> str | None:
    if not subject.has_lr:
        return "it has no lr"
    if subject.resting is None:
        return "it refuses an lr of 0"
    if "begins" not in subject.memo:
        subject.memo["begins"] = _only_begins(subject)
    return "its lr only sets the first step: a later change has no effect" if (
        subject.memo["begins"]
    ) else None  # fmt: skip


def _only_begins(subject: Any) -> bool:
    """Whether lr acts in the first step only, as in Rprop, whose later steps have their own sizes. Then lr is not a
    factor of the steps."""
    with globals_kept():
        try:
            scenario = sample(subject.scenarios_of_every_kind(groups=(1, 1), steps=(4, 4)), 1)[0]
            low, high = (scenario.with_hyper(lr=lr) for lr in OTHER_RATES[:2])
            changed = replace(low, lr_factors=(1.0, *[high.groups[0]["lr"] / low.groups[0]["lr"]] * 3))
            ends = [[p.detach() for p in subject.finished(s)[0]] for s in (low, changed, high)]
        except (Broken, Rejected):
            return False  # other laws report why
    return all(map(same_bits, *ends[:2])) and not all(map(same_bits, *ends[1:]))


@book.law(lambda subject: subject.scenarios_of_every_kind(steps=(2, 2)), skip=needs_an_lr_of_0)
def moves_nothing_at_an_lr_of_0(subject: Any, scenario: Scenario) -> Evidence:
    """With lr = 0 and no weight decay, no parameter of any shape changes.

    Warm-ups start at 0, schedules end at 0, and a rate of 0 freezes a layer. A step that moves parameters anyway has a
    part that no value of lr controls.
    """
    still = scenario.with_hyper(**subject.resting)
    start = [p.detach() for p in still.fresh()]
    after = [p.detach() for p in subject.finished(still)[0]]
    names, what = still.names(), "at lr = 0: "
    with shown_on(still):
        if not all(bool(p.isfinite().all()) for p in after):  # 0 * inf is not a drift, if the other rates give inf too
            usual, _ = subject.finished(scenario)
            three = zip(after, usual, start, strict=True)
            after = [torch.where(p.isfinite() | q.isfinite(), p, s) for p, q, s in three]
            finite = [torch.where(p.isfinite(), s, p) for p, s in zip(after, start, strict=True)]
            # rounding does not explain values that are not finite only at rate 0
            compare(names, finite, start, [0.0] * len(start), what=what, closing=LITERAL)
        return agree(subject, still, names, after, start, what=what, closing=LITERAL)


@book.law(lambda s: s.scenarios_of_every_kind(steps=(2, 2), dtypes=comparable(s) or s.dtypes), skip=needs_an_lr)
def applies_its_lr_to_every_shape(subject: Any, scenario: Scenario) -> Evidence:
    """With another lr in the groups, every parameter that has a gradient ends at other values: scalar, vector or
    matrix, tall or wide.

    A search over an lr that is ignored compares noise. Code with one branch per shape can forget lr in one branch. Then
    the layers of that shape train at a rate that nobody chose. If lr is read only once, no scheduler has an effect.
    """
    base = float(scenario.groups[0]["lr"]) or OTHER_RATES[0]
    scenario, pair = scenario.with_hyper(lr=base), (base, base / 2)
    count = sum(p.numel() for p in scenario.fresh())
    paths = _paths(subject, scenario, base, pair, steps=False)
    if len(paths) == 2 and not _deaf(paths, scenario):
        return Evidence(entries=count)
    paths = _paths(subject, scenario, base, (*pair, *OTHER_RATES), steps=True)
    start = [p.detach().expand(len(scenario.gradients), *p.shape) for p in scenario.fresh()]
    still = _deaf({0.0: start, **paths}, scenario)
    if len(paths) < 2 or len(still) == sum(p.numel() > 0 for p in start):
        return Evidence(counted=False)  # refused, or every step is 0
    deaf = _deaf(paths, scenario)
    if deaf:  # a small step is lost beside a large number
        bare = from_zero(scenario)
        paths_of_zero = _paths(subject, bare, base, tuple(paths), steps=True)
        deaf = [k for k in deaf if len(paths_of_zero) < 2 or k in _deaf(paths_of_zero, bare)]
    for k in deaf:
        lines = DEAF.replace("CHANGED", MADE if "lr" in subject.common else WRITTEN.replace("BASE", repr(base)))
        lines = lines.replace("RATES", str(list(paths))).replace("INDEX", str(k))
        with shown_on(scenario):
            raise Broken(
                f"params[{k}] with shape {tuple(start[k].shape[1:])}",
                f"{'not moved' if k in still else 'the same'} with each lr of {', '.join(map(repr, paths))}",
                "moved by its lr", closing=lines.replace("NOISE", repr(noise(scenario.dtype))),
            )  # fmt: skip
    return Evidence(entries=count)


def _paths(
    subject: Any, scenario: Scenario, base: float, rates: Sequence[float], *, steps: bool
) -> dict[float, list[Tensor]]:  # fmt: skip
    """For each rate: the parameters at the end, or after each of the `steps`, made at the rate `base`. Rates that are
    refused are left out."""
    found: dict[float, list[Tensor]] = {}
    for lr in rates:
        try:
            found[lr] = _path(subject, _at(subject, scenario, base, lr), steps=steps)
        except (Rejected, Raised):
            if lr == base:
                raise
    return found


def _at(subject: Any, scenario: Scenario, base: float, lr: float) -> Scenario:
    if "lr" in subject.common:
        return scenario.with_hyper(lr=lr)
    return replace(scenario, lr_factors=(lr / base,) * len(scenario.gradients))


def _path(subject: Any, scenario: Scenario, *, steps: bool) -> list[Tensor]:
    if not steps:
        return [p.detach() for p in subject.finished(scenario)[0]]
    params = scenario.fresh()
    after = [
        [p.detach().clone() for p in params]
        for _ in subject.run(scenario, subject.optimizer(scenario, params), params)
    ]  # fmt: skip
    return [torch.stack(each) for each in zip(*after, strict=True)]


def _deaf(paths: dict[float, list[Tensor]], scenario: Scenario) -> list[int]:
    """The parameters with entries that move in the same way, by finite numbers, at every rate."""
    first, *others = paths.values()
    return [
        k for k, p in enumerate(first)
        if p.numel() and p.isfinite().all() and not any(_differ(p, other[k], scenario) for other in others)
    ]  # fmt: skip


def _differ(a: Tensor, b: Tensor, scenario: Scenario) -> bool:
    """Whether they differ by more than rounding in any entry; values that are not finite count as different."""
    a, b = a.double(), b.double()
    return not bool(((a - b).abs() <= noise(scenario.dtype) * torch.maximum(a.abs(), b.abs())).all())
