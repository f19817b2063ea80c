"""Ways to run an optimizer that several laws need: parts of a scenario, single groups, changed values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from mlp_core.equality import same_bits
from mlp_core.testing.examples.scenario import Scenario

KNOWN = ("lr", "betas", "momentum", "weight_decay", "eps")
"""hyperparameters whose names have one meaning: each acts in every step"""


def steps_of(scenario: Scenario, start: int, stop: int | None = None) -> Scenario:
    """The scenario with the steps from `start` to `stop` only."""
    return replace(
        scenario, gradients=scenario.gradients[start:stop], lr_factors=scenario.lr_factors[start:stop]
    )  # fmt: skip


def from_zero(scenario: Scenario) -> Scenario:
    """The scenario with every parameter zero at first, so that a small step is not lost beside a large number."""
    return replace(scenario, parameters=tuple(tuple(map(torch.zeros_like, own)) for own in scenario.parameters))


def group_alone(scenario: Scenario, index: int) -> Scenario:
    """The scenario with one of its groups only."""
    first = sum(len(own) for own in scenario.parameters[:index])
    last = first + len(scenario.parameters[index])
    return replace(
        scenario, groups=(scenario.groups[index],), parameters=(scenario.parameters[index],),
        gradients=tuple(row[first:last] for row in scenario.gradients),
    )  # fmt: skip


def renumbered(seen: dict[str, Tensor], by: int) -> dict[str, Tensor]:
    """The values of params[0], ... under the names of params[by], ..."""
    found = {}
    for name, value in seen.items():
        head, _, number = name.rpartition("[")
        found[f"{head}[{int(number[:-1]) + by}]"] = value
    return found


def numbered(seen: dict[str, Tensor], first: int, last: int) -> dict[str, Tensor]:
    """The values of params[first], ..., params[last - 1]."""
    return {name: t for name, t in seen.items() if first <= int(name.rpartition("[")[2][:-1]) < last}


def written(value: Any) -> str:
    """A value of a group as short text."""
    return repr(value.item() if isinstance(value, Tensor) and value.numel() == 1 else value)


def equal_values(a: Any, b: Any) -> bool:
    """Whether two values of a group or of a checkpoint are equal, NaN and tensors included."""
    if isinstance(a, Tensor) or isinstance(b, Tensor):
        one, other = torch.as_tensor(a), torch.as_tensor(b)
        return one.shape == other.shape and torch.equal(one.nan_to_num(), other.nan_to_num().to(one.dtype))
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(equal_values, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(equal_values(a[key], b[key]) for key in a)
    return bool(a == b or (a != a and b != b))


def copies(params: Sequence[Tensor]) -> list[Tensor]:
    """Copies of the values of parameters."""
    return [p.detach().clone() for p in params]


def doubled(closing: str) -> str:
    """Lines with their braces doubled, for the closing of a law, which is formatted."""
    return closing.replace("{", "{{").replace("}", "}}")


def not_restored(saved: dict[str, Tensor], loaded: dict[str, Tensor]) -> str:
    """The state that load_state_dict has not restored, in words: as it was saved, and right after loading."""
    for name, value in saved.items():
        if name not in loaded:
            return f"load_state_dict does not restore {name}: it is missing afterwards"
        now = loaded[name]
        if value.shape != now.shape or not same_bits(value, now.to(value.dtype)):
            a, b = (t.flatten()[0].item() if t.numel() else tuple(t.shape) for t in (value, now))
            return f"load_state_dict does not restore {name}: it was saved as {a}, and is {b} after loading"
    return (
        "after load_state_dict the state is as saved, but the steps do not continue as before: they do not use it, or "
        "need something that state_dict() does not contain"
    )


PLAINLY = {"lr": "learning rate", "weight_decay": "weight decay"}
"""hyperparameters in words"""


def changed(name: str, before: Any, after: Any, kind: str = "") -> str:
    """Says that a step changes a value in a group."""
    return f"step changes the {PLAINLY.get(name, name)}{kind} that is written in a group: {before} became {after}"


def changed_by_step(scenario: Scenario, optimizer: torch.optim.Optimizer) -> str:
    """Which hyperparameter of its first group the steps of an optimizer have changed, in words; empty if none."""
    group = optimizer.param_groups[0]
    for name, value in scenario.groups[0].items():
        if name in group and not equal_values(group[name], value):
            return changed(name, written(value), written(group[name]))
    return ""
