"""The law of averaged weights: if a training function also returns an average, the average uses the given decay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from mlp_core.testing.bounds.references import reproduces
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.examples.training_runs import TrainingRun
from mlp_core.testing.laws.training.functions import FunctionBook, runs
from mlp_core.testing.oracles.averages import RIGHT, WRONG, averages
from mlp_core.testing.subjects.training_functions import EMA_DECAY, Trained

AVERAGES = """\
def averages(decay):
    model, found = trained(DECAY=decay)
    parts = [m for m in (found if isinstance(found, (tuple, list)) else [found]) if isinstance(m, torch.nn.Module)]
    return [list(m.parameters()) for m in [model, *parts]]
same = lambda a, b: all(torch.equal(p, q) for p, q in zip(a, b))
"""

OVERWRITTEN = (
    AVERAGES
    + """\
one, two = averages(0.3), averages(0.2)
assert not all(map(same, one, two)), "the decay does not act\""""
)

EXCHANGED = (
    AVERAGES
    + """\
model, *others = averages(1.0)
assert not all(same(model, one) for one in others), "an average that forgets nothing is the last weights\""""
)
"""DECAY is filled in by the law"""

PROBES = 3
"""runs that decide whether a function returns a known kind of average"""

book = FunctionBook()


def _found(subject: Any, run: TrainingRun) -> tuple[str, str]:
    """The words for a correct, and for an incorrect, average that the function returns; empty if it returns none."""
    got = subject.trained(run)
    found = [w for w in _returned(got) if [p.shape for p in w] == [p.shape for p in got.weights]]
    found = [w for w in found if not all(map(reproduces, w, got.weights))]
    return tuple(
        next((words for words, one in averages(got.run, EMA_DECAY, decays) for w in found
              if all(map(reproduces, w, one))), "") for decays in (RIGHT, WRONG)
    )  # type: ignore[return-value]  # fmt: skip


def unknown(subject: Any) -> str | None:
    if "ema" not in subject.roles:
        return "it has no parameter for the decay of an average, such as ema_decay"
    if "averages" not in subject.memo:
        with globals_kept():
            try:
                found = [_found(subject, run) for run in sample(subject.runs(), PROBES + 1)[1:]]
            except Broken:
                found = []
        subject.memo["averages"] = bool(found) and all(right or wrong for right, wrong in found)
    return None if subject.memo["averages"] else "it returns nothing that is a known average of its weights"


@book.law(runs(), skip=unknown)
def averages_its_weights_with_the_given_decay(subject: Any, run: TrainingRun) -> Evidence:
    """Averaged weights that the function returns are a <- d a + (1 - d) w with the given decay d, or with the smaller d
    of a warm-up. The average begins with the initial weights, with those after the first step, or with zeros, and is
    updated after every step or every epoch.

    If the warm-up overwrites the decay, every decay gives the same average, and the average follows the last few steps
    only.
    """
    right, wrong = _found(subject, run)
    if right or not wrong:
        return Evidence(counted=bool(right), entries=1)
    closing = EXCHANGED if wrong.startswith("1 - decay") else OVERWRITTEN
    decay = subject.roles["ema"]
    raise Broken("the average that it returns", wrong, f"{decay}={EMA_DECAY}", closing=closing.replace("DECAY", decay))


def _returned(got: Trained) -> Iterator[list[Tensor]]:
    """Lists of tensors, states and modules in what a function returns."""
    several = got.returned if isinstance(got.returned, (tuple, list)) else [got.returned]
    for thing in [*several, got.returned]:
        if isinstance(thing, nn.Module):
            yield [p.detach().double() for p in thing.parameters()]
        elif isinstance(thing, (dict, list, tuple)):
            values = list(thing.values()) if isinstance(thing, dict) else list(thing)
            if values and all(isinstance(v, torch.Tensor) for v in values):
                yield [v.detach().double() for v in values]
