"""Functions that end with the weights of an earlier epoch, because they load the best epoch's weights or stop early."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from torch import Tensor

from mlp_core.equality import same_bits
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.examples.training_runs import TrainingRun
from mlp_core.testing.oracles.loops import follow
from mlp_core.testing.subjects.training_functions import Trained

FIRST = "it ended with the weights of its first epoch, or with the initial ones: too few epochs to detect a wrong rule"


def untrained(run: TrainingRun, weights: list[Tensor]) -> bool:
    """Whether the weights are the initial ones, because no epoch was better."""
    return all(same_bits(w, start.double()) for w, start in zip(weights, run.weights, strict=True))


def chosen(subject: Any, got: Trained, within: Callable[..., Evidence]) -> Evidence | None:
    """Compare the weights with torch's after each epoch before the last one. The first epoch does not count, because a
    velocity that restarts in every epoch is correct there. None if no epoch has these weights, or if the function has
    skipped epochs without saying that it may.
    """
    run, nothing = got.run, Evidence(counted=False, note=FIRST)
    if untrained(run, got.weights):
        return nothing
    for epochs in range(run.epochs - 1, 0, -1):
        shorter = replace(run, epochs=epochs, dealt=run.dealt[:epochs])
        try:
            found = within(subject, shorter, got, follow(shorter, told=False).weights)
        except Broken:
            continue
        if _left_out(subject, run):
            return None
        return found if epochs > 1 else nothing
    return None


def _left_out(subject: Any, run: TrainingRun) -> bool:
    """Whether a function that does not stop early trains on fewer batches than all epochs have."""
    seen = subject.trained(run, watched=True).seen
    return not subject.stops and 0 < len(seen) < sum(map(len, run.rounds()))
