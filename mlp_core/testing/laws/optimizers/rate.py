"""The learning rate: at 0 nothing moves, and another rate moves every kind of parameter otherwise. Of any optimizer,
with a reference or without."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from mlp_core.equality import same_bits
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Broken, Evidence, Rejected
from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.examples.scenario import Scenario
from mlp_core.testing.laws.optimizers.shared import LITERAL, agree, noise, shown_on

OTHER_RATES = (0.02, 0.04, 1e-3, 0.5)
"""where two rates in the ratio of 2 come to the same: clamped, as in Rprop, or lost in rounding"""

DEAF = """\
drawn, paths = hyper, []
for lr in RATES:
    hyper = [{**h, "lr": lr} for h in drawn]
    paths.append(torch.stack([params[INDEX].detach().clone() for params, _ in run(mine)]))
first, noise = paths[0], NOISE
assert any(((p - first).abs() > noise * torch.maximum(p.abs(), first.abs())).any() for p in paths), paths"""
"""RATES, INDEX and NOISE are filled in by the law"""

book = LawBook()


def needs_an_lr(subject: Any) -> str | None:
    return None if subject.has_lr else "it has no lr"


def needs_an_lr_of_0(subject: Any) -> str | None:
    if not subject.has_lr:
        return "it has no lr"
    if subject.resting is None:
        return "it refuses an lr of 0"
    if "begins" not in subject.memo:
        subject.memo["begins"] = _only_begins(subject)
    return "its lr is only where its steps begin: changed after the first, it moves nothing" if (
        subject.memo["begins"]
    ) else None  # fmt: skip


def _only_begins(subject: Any) -> bool:
    """Whether lr acts in the first step, and a change of it after that does nothing, as in Rprop, whose steps have
    sizes of their own: lr is no factor of theirs."""
    with globals_kept():
        try:
            scenario = sample(subject.scenarios_of_every_kind(groups=(1, 1), steps=(4, 4)), 1)[0]
            low, high = (scenario.with_hyper(lr=lr) for lr in OTHER_RATES[:2])
            changed = replace(low, lr_factors=(1.0, *[high.groups[0]["lr"] / low.groups[0]["lr"]] * 3))
            ends = [[p.detach() for p in subject.finished(s)[0]] for s in (low, changed, high)]
        except (Broken, Rejected):
            return False  # the laws will say why
    return all(map(same_bits, *ends[:2])) and not all(map(same_bits, *ends[1:]))


@book.law(lambda subject: subject.scenarios_of_every_kind(steps=(2, 2)), skip=needs_an_lr_of_0)
def moves_nothing_at_an_lr_of_0(subject: Any, scenario: Scenario) -> Evidence:
    """At lr = 0, without weight decay, every parameter of every shape stays what it was.

    Warmups begin at 0, schedules end there, and layers are frozen by it. What moves all the same is a part of the step
    that lr does not reach, and no tuning of lr will tame it.
    """
    still = scenario.with_hyper(**subject.resting)
    start = [p.detach() for p in still.fresh()]
    after = [p.detach() for p in subject.finished(still)[0]]
    names, what = still.names(), "at lr = 0: "
    with shown_on(still):
        if not all(bool(p.isfinite().all()) for p in after):  # 0 times what is infinite at other rates too is no drift
            usual, _ = subject.finished(scenario)
            three = zip(after, usual, start, strict=True)
            after = [torch.where(p.isfinite() | q.isfinite(), p, s) for p, q, s in three]
            finite = [torch.where(p.isfinite(), s, p) for p, s in zip(after, start, strict=True)]
            # and no rounding explains what is not finite at 0 alone
            compare(names, finite, start, [0.0] * len(start), what=what, closing=LITERAL)
        return agree(subject, still, names, after, start, what=what, closing=LITERAL)


@book.law(lambda subject: subject.scenarios_of_every_kind(steps=(2, 2)), skip=needs_an_lr)
def moves_every_shape_by_its_lr(subject: Any, scenario: Scenario) -> Evidence:
    """At another lr every parameter with a gradient ends elsewhere, whatever its shape: a number, a vector, a matrix,
    tall or wide.

    A search over an lr that is accepted and ignored compares noise. Code that branches by shape can forget it in one
    branch, and then the layers of that shape train at a rate that nobody chose.
    """
    lr = scenario.groups[0]["lr"]
    pair = (lr, lr / 2) if lr > 0 else OTHER_RATES[:2]
    start = [p.detach() for p in scenario.fresh()]
    paths = _paths(subject, scenario, pair, steps=False)
    if len(paths) == 2 and not _deaf(paths, scenario):
        return Evidence(entries=sum(p.numel() for p in start))
    paths = _paths(subject, scenario, (*pair, *OTHER_RATES), steps=True)
    still = _deaf({0.0: [p.expand(len(scenario.gradients), *p.shape) for p in start], **paths}, scenario)
    if len(paths) < 2 or len(still) == sum(p.numel() > 0 for p in start):
        return Evidence(counted=False)  # refused, or a step of 0 throughout
    for k in _deaf(paths, scenario):
        lines = DEAF.replace("RATES", str(list(paths))).replace("INDEX", str(k))
        raise Broken(
            f"params[{k}], of shape {tuple(start[k].shape)}",
            f"{'not moved' if k in still else 'the same'} at each lr of {', '.join(map(repr, paths))}",
            "moved by its lr", closing=lines.replace("NOISE", repr(noise(scenario.dtype))),
        )  # fmt: skip
    return Evidence(entries=sum(p.numel() for p in start))


def _paths(subject: Any, scenario: Scenario, rates: Sequence[float], *, steps: bool) -> dict[float, list[Tensor]]:
    """The parameters at the end, or after each of the `steps`, by the rate; without those that are refused."""
    found = {}
    for lr in rates:
        at = scenario.with_hyper(lr=lr)
        params = at.fresh()
        with suppress(Rejected):
            optimizer, path = subject.optimizer(at, params), list[list[Tensor]]()
            for _ in subject.run(at, optimizer, params):
                path += [[p.detach().clone() for p in params]] if steps else []
            found[lr] = [torch.stack(way) for way in zip(*path, strict=True)] if steps else [p.detach() for p in params]
    return found


def _deaf(paths: dict[float, list[Tensor]], scenario: Scenario) -> list[int]:
    """The parameters with entries that take the same finite way at every rate."""
    first, *others = paths.values()
    return [
        k for k, p in enumerate(first)
        if p.numel() and p.isfinite().all() and not any(_differ(p, other[k], scenario) for other in others)
    ]  # fmt: skip


def _differ(a: Tensor, b: Tensor, scenario: Scenario) -> bool:
    """By more than rounding, in any entry; what is not finite counts as different."""
    a, b = a.double(), b.double()
    return not bool(((a - b).abs() <= noise(scenario.dtype) * torch.maximum(a.abs(), b.abs())).all())
