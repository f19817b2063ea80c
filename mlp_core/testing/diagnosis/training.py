"""Finds the known mistake of a training function: the one that ends with the same weights, in several runs."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mlp_core.equality import same_bits
from mlp_core.testing.bounds.references import reproduces
from mlp_core.testing.engine import guards
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.examples.training_runs import TrainingRun
from mlp_core.testing.faults.catalogue import Fault
from mlp_core.testing.faults.training import decays, rounds, velocities
from mlp_core.testing.oracles.loops import follow
from mlp_core.testing.subjects.training_functions import Trained

WITNESSES = 8
"""the number of runs in which a mistake must end with the function's weights"""

SEVERAL = 2
"""the number of runs in which it must differ from the correct weights, if the counterexample does not show that"""

NAMED = 2
"""the largest number of mistakes that are named together"""

SAME = "; or, which gives the same numbers here: "


def diagnose(subject: Any, example: Any, broken: Broken) -> str | None:
    """The mistake of a training function, in words. None if no known mistake reproduces it, or if too many do."""
    run = broken.example or example
    if not isinstance(run, TrainingRun):
        return None
    with guards.globals_kept():
        if "suspects" not in subject.memo:
            kinds = {"momentum": subject.varies("momentum"), "decay": subject.varies("decay")}
            drawn = sample(subject.runs(**kinds), WITNESSES + 1)[1:]  # the first one is all zeros
            subject.memo["suspects"] = _suspects(subject, drawn)
        got = _ended(subject, run)
        if got is None:
            return None
        run, weights, right = got.run, got.weights, follow(got.run, told=False).weights
        named = []
        for fault, shown in subject.memo["suspects"]:
            other = _replayed(fault, run)
            if other is not None and _alike(weights, other) and (shown or not _alike(other, right)):
                named.append(fault.words)
    return SAME.join(named) if 0 < len(named) <= NAMED else None


def _suspects(subject: Any, runs: list[TrainingRun]) -> list[tuple[Fault, bool]]:
    """The mistakes that end with the function's weights in all runs, and whether several of these runs show a
    difference.
    """
    known = (fault for kind in (velocities, decays, rounds) for fault in kind.CATALOGUE.faults)
    left = {fault.name: (fault, 0) for fault in known if any(_can_be_asked(subject, law) for law in fault.laws)}
    seen = 0
    for run in runs:
        got = _ended(subject, run)
        if got is None:
            continue
        run, right = got.run, follow(got.run, told=False).weights
        seen += 1
        for name, (fault, shown) in list(left.items()):
            other = _replayed(fault, run)
            if other is None or not _alike(got.weights, other):
                del left[name]
            else:
                left[name] = fault, shown + (not _alike(other, right))
    return [(fault, shown >= SEVERAL) for fault, shown in left.values()] if seen else []


def _can_be_asked(subject: Any, law: str) -> bool:
    """Whether a subject has what a law needs: momentum, weight decay, or both."""
    wanted = {
        "equals torch with momentum": ["momentum"],
        "equals torch with weight decay": ["decay"],
        "equals torch with momentum and weight decay": ["momentum", "decay"],
    }
    return all(map(subject.varies, wanted.get(law, [])))


def _ended(subject: Any, run: TrainingRun) -> Trained | None:
    try:
        return subject.trained(run)
    except Broken:
        return None


def _replayed(fault: Fault, run: TrainingRun) -> list[Tensor] | None:
    """The final weights of a mistake; None if it raises."""
    module, (x, y) = run.module(), run.data()
    trainer = fault.thing.trainer
    try:
        with guards.globals_kept(), torch.enable_grad():
            trainer(
                module, run.world.loss(), run.loader(x, y), run.epochs, run.lr, run.momentum, run.weight_decay, None,
                run.clip, run.accumulation, run.spares,
            ).run()  # fmt: skip
    except Exception:
        return None
    return [p.detach().double() for p in module.parameters()]


def _alike(one: list[Tensor], other: list[Tensor]) -> bool:
    return all(same_bits(a, b) or reproduces(a, b) for a, b in zip(one, other, strict=True))
