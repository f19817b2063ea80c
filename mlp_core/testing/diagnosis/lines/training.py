"""Follows training functions: compares every weight after the training with torch's loop. The loop's intermediate
values are known."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.diagnosis.lines.cases import Case, Output, telling
from mlp_core.testing.diagnosis.lines.recorder import Recorder
from mlp_core.testing.engine import guards
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.examples.training_runs import TrainingRun
from mlp_core.testing.oracles.loops import way_of
from mlp_core.testing.subjects.training_functions import TrainerSubject

NEAR = {torch.float64: 1e-9, torch.float32: 1e-4}
CASES, DRAWN, LARGEST = 2, 4, 200
"""the number of runs that are followed, of new ones that are drawn, and of weights in one"""


def cases(subject: TrainerSubject, examples: Sequence[Any]) -> list[Case]:
    own = [e for e in examples if isinstance(e, TrainingRun)]
    kinds = {"momentum": any(r.momentum for r in own), "decay": any(r.weight_decay for r in own)}
    several = own + sample(subject.runs(**kinds), DRAWN)
    several = [r for r in several if sum(w.numel() for w in r.weights) <= LARGEST and r.x.numel() <= LARGEST]
    several.sort(key=lambda r: (r.epochs > 1, telling([*r.weights, r.x])), reverse=True)
    found = (_case(subject, run) for run in several)
    return [case for case in found if case is not None][:CASES]


def _case(subject: TrainerSubject, training: TrainingRun) -> Case | None:
    """A training run on which the function is wrong; None if it is correct."""
    way, near = way_of(training), NEAR[training.world.dtype]
    names = [name for name, _ in training.module().named_parameters()]

    def run(recorder: Any) -> list[Output]:
        with guards.globals_kept(), recorder:
            module = subject.trained(training).module
        return [Output(n, p, w[-1], near) for n, p, w in zip(names, module.parameters(), way.weights, strict=True)]

    try:
        if all(one.wrong() is None for one in run(nullcontext())):
            return None
    except Broken:
        return None

    step: int | None = 0

    def begin(recorder: Recorder, output: Output, writers: set[int]) -> set[int]:
        """The writing runs of the first wrong step: those after the last time that the weight was correct."""
        nonlocal step
        right, told = way.weights[names.index(output.name)], sorted(writers)
        done, wrong = 0, list[int]()
        for k in told:
            value = next((v for thing, v in recorder.runs[k].after if thing == id(output.thing)), None)
            if value is None:
                continue
            wrong.append(k)
            if done + 1 < len(right) and _same(value, right[done + 1], near):
                done, wrong = done + 1, []
        step = done
        statements = set[Any]()
        for count, k in enumerate(wrong):
            if recorder.runs[k].statement in statements:  # the next iteration
                return set(wrong[:count])
            statements.add(recorder.runs[k].statement)
        if not wrong:  # it ends too early
            step = None
        return set(wrong) or writers

    def known(output: Output, depth: int) -> list[Tensor]:
        return way.of(names.index(output.name), step)

    return Case(run, (subject.train,), known, near=near, begin=begin)


def _same(got: Any, right: Tensor, near: float) -> bool:
    return Output("", torch.from_numpy(got), right, near).wrong() is None
