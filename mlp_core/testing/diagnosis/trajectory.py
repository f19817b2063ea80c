"""The failing entry of an update rule or a training, step by step beside its reference."""

from __future__ import annotations

import re
from ast import literal_eval
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_pre_hook

from mlp_core.testing.engine import guards
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.examples.scenario import Make, Scenario, state_tensors
from mlp_core.testing.examples.training_runs import TrainingRun
from mlp_core.testing.oracles.loops import way_of
from mlp_core.testing.subjects.optimizers import OptimizerSubject
from mlp_core.testing.subjects.training_functions import TrainerSubject

PLACE = re.compile(r"(?:.*: )?(?P<name>[^:]+), entry (?P<index>\(.*\))")

LONGEST = 60
"""the largest number of steps that are drawn"""


@dataclass(frozen=True)
class Curve:
    """One number after every step, of the subject and of its reference; got or expected may be empty."""

    name: str
    got: list[float]
    expected: list[float]


@dataclass(frozen=True)
class Trajectory:
    """The wrong entry from before the first step on, and its state after every step."""

    entry: Curve
    state: list[Curve] = field(default_factory=list)


def trajectory(subject: Any, example: Any, broken: Broken) -> dict[str, Any] | None:
    """A Trajectory as JSON; None if none can be drawn."""
    found, at = PLACE.fullmatch(broken.where), broken.example or example
    if found is None:
        return None
    name, index = found["name"].rpartition(" of ")[2], literal_eval(found["index"])
    shown: Trajectory | None
    try:
        with guards.globals_kept():
            if isinstance(subject, OptimizerSubject) and isinstance(at, Scenario) and subject.reference is not None:
                shown = _of_optimizer(subject, at, name, index)
            elif isinstance(subject, TrainerSubject) and isinstance(at, TrainingRun):
                shown = _of_training(subject, at, name, index)
            else:
                return None
    except (Broken, ValueError, IndexError, RuntimeError, TypeError):  # raised by the subject: then nothing is drawn
        return None
    return None if shown is None else asdict(shown)


def _of_optimizer(subject: OptimizerSubject, scenario: Scenario, name: str, index: tuple[int, ...]) -> Trajectory:
    assert subject.reference is not None
    which = scenario.names().index(name)
    mine, theirs = (_followed(scenario, make, which, index) for make in (subject.make, subject.reference))
    counts = [float(step) for step in range(1, len(mine[""]))]
    keys = [key for key in {**mine, **theirs} if key and counts not in (mine.get(key), theirs.get(key))]
    state = [Curve(key, mine.get(key, []), theirs.get(key, [])) for key in keys]
    return Trajectory(Curve(f"{name}, entry {index}", mine[""], theirs[""]), state)


def _followed(scenario: Scenario, make: Make, which: int, index: tuple[int, ...]) -> dict[str, list[float]]:
    """The entry after every step, by the name of its state; "" is the parameter itself."""
    params = scenario.fresh()
    optimizer, found = scenario.optimizer(make, params), {"": [_at(params[which], index)]}
    for step in scenario.run(optimizer, params):
        found[""].append(_at(params[which], index))
        for key, value in state_tensors(optimizer, params[which]).items():
            found.setdefault(key, []).append(_at(value, index))
        if step + 1 == LONGEST:
            break
    return found


def _of_training(subject: TrainerSubject, run: TrainingRun, name: str, index: tuple[int, ...]) -> Trajectory | None:
    names = [one for one, _ in run.module().named_parameters()]
    k, shapes = names.index(name), [w.shape for w in run.weights]
    before = list[float]()

    def look(module: nn.Module, _: object) -> None:
        params = list(module.parameters())
        if [p.shape for p in params] == shapes and torch.is_grad_enabled():
            before.append(_at(params[k], index))

    hook = register_module_forward_pre_hook(look)
    try:
        ended = subject.trained(run).weights
    finally:
        hook.remove()
    expected = [_at(w, index) for w in way_of(run).weights[k]]
    every = run.accumulation  # the number of batches per step
    got = [*before[::every], _at(ended[k], index)]
    if len(got) > LONGEST:
        return None
    return Trajectory(Curve(f"{name}, entry {index}", got, expected))


def _at(tensor: Tensor, index: Sequence[int]) -> float:
    return float(tensor.detach()[tuple(index)]) if tensor.ndim == len(index) else float(tensor.detach().flatten()[0])
