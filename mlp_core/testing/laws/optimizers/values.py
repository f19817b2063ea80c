"""The law of an optimizer about the values in its groups: other code writes them, and must find them unchanged."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.engine.evidence import Broken, Evidence, Rejected
from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.examples.scenario import Scenario
from mlp_core.testing.laws.optimizers.book import FEW, OptimizerBook
from mlp_core.testing.laws.optimizers.driving import KNOWN, changed, equal_values, written

STEPPED = """\
params = fresh()
optimizer = mine(groups(params), **hyper[0])
TENSOR
import copy
for row in gradients:
    before = [{k: copy.deepcopy(v) for k, v in g.items() if k in NAMES} for g in optimizer.param_groups]
    for p, g in zip(params, row):
        p.grad = g.clone()
    optimizer.step()
    after = [{k: v for k, v in g.items() if k in NAMES} for g in optimizer.param_groups]
    assert after == before, (after, before)"""
"""TENSOR and NAMES are filled in by the law"""

AS_TENSOR = 'for g in optimizer.param_groups:\n    g["lr"] = torch.tensor(g["lr"], dtype=torch.float64)'

book = OptimizerBook(waivable=True)


def needs_groups_of_its_own(subject: Any) -> str | None:
    return None if names_in_groups(subject) else "its groups contain no hyperparameter of its constructor"


def names_in_groups(subject: Any) -> list[str]:
    """The hyperparameters of its constructor that its groups contain."""
    if "written" not in subject.memo:
        (scenario,) = sample(subject.telling(steps=(1, 1)), 1)
        with globals_kept():
            try:
                (group, *_) = subject.optimizer(scenario, scenario.fresh()).param_groups
            except (Broken, Rejected):
                group = {}
        names = dict.fromkeys([*scenario.groups[0], *KNOWN])
        subject.memo["written"] = [name for name in names if name in group]
    return list(subject.memo["written"])


@book.law(
    lambda s: s.telling(groups=(1, s.max_groups)), skip=needs_groups_of_its_own, share=FEW,
    doing="with values in its groups",
    beside="it says which value of a group is overwritten; the others only say that a step is wrong",
)  # fmt: skip
def leaves_the_values_of_its_groups_alone(subject: Any, scenario: Scenario) -> Evidence:
    """A step does not change the values in the groups that the constructor, a scheduler or a user wrote: neither the
    rate, as a number or a tensor, nor any other hyperparameter of the constructor.

    Schedulers multiply the rate that they find. A warm-up that writes its rate into the group compounds with itself,
    and with every scheduler.
    """
    names, entries = names_in_groups(subject), 0
    for as_tensor in (False, True) if _takes_a_tensor(subject) else (False,):
        params = scenario.fresh()
        optimizer = subject.optimizer(scenario, params)
        if as_tensor:
            for group in optimizer.param_groups:
                group["lr"] = torch.tensor(group["lr"], dtype=torch.float64)
        for step in range(len(scenario.gradients)):
            kept = [{k: _copied(group[k]) for k in names if k in group} for group in optimizer.param_groups]
            held = [group.get("lr") for group in optimizer.param_groups]
            scenario.set_gradients(params, step)
            subject.step(scenario, optimizer, params)
            for k, (group, before, lr) in enumerate(zip(optimizer.param_groups, kept, held, strict=True)):
                for name, value in before.items():
                    entries += 1
                    lost = as_tensor and name == "lr" and group.get(name) is not lr
                    if lost or not equal_values(group.get(name), value):
                        lines = STEPPED.replace("TENSOR", AS_TENSOR if as_tensor else "")
                        now = written(group.get(name))
                        got = f"replaced by another object, {now}" if lost else now
                        kind = ", a tensor," if as_tensor and name == "lr" else ""
                        raise Broken(
                            f"param_groups[{k}][{name!r}] after step {step + 1}", got, written(value),
                            closing=lines.replace("NAMES", repr([name])),
                            measured=changed(name, written(value), got, kind),
                        )  # fmt: skip
    return Evidence(entries=entries)


def _copied(value: Any) -> Any:
    return value.clone() if isinstance(value, Tensor) else value


def _takes_a_tensor(subject: Any) -> bool:
    """Whether it can step with a tensor as its rate."""
    if "tensor" not in subject.memo:
        subject.memo["tensor"] = False
        (scenario,) = sample(subject.telling(steps=(2, 2)), 1)
        if not subject.has_lr or "lr" not in names_in_groups(subject):
            return False
        with globals_kept():
            try:
                params = scenario.fresh()
                optimizer = subject.optimizer(scenario, params)
                for group in optimizer.param_groups:
                    group["lr"] = torch.tensor(float(group["lr"]), dtype=torch.float64)
                for step in range(2):
                    scenario.set_gradients(params, step)
                    subject.step(scenario, optimizer, params)
                subject.memo["tensor"] = True
            except (Broken, Rejected, ValueError, TypeError):
                return False
    return bool(subject.memo["tensor"])
