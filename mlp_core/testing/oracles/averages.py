"""Averages of the weights that training functions keep: the usual ways to initialise, damp and count them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

from mlp_core.testing.examples.training_runs import TrainingRun

Weights = list[Tensor]
Decay = Callable[[float, int], float]
"""(the given decay, number of averages before) -> the decay of this one"""

RIGHT: dict[str, Decay] = {
    "its decay": lambda d, t: d,
    "at most (1 + t) / (10 + t)": lambda d, t: min(d, (1 + t) / (10 + t)),
    "at most (1 + t) / (10 + t), t from 1": lambda d, t: min(d, (2 + t) / (11 + t)),
    "at most 1 - 1 / (t + 1)": lambda d, t: min(d, 1 - 1 / (t + 1)),
    "at most 1 - 1 / (t + 1), t from 1": lambda d, t: min(d, 1 - 1 / (t + 2)),
}

WRONG: dict[str, Decay] = {
    "its warm-up (1 + t) / (10 + t) only: it overwrites the decay": lambda d, t: (1 + t) / (10 + t),
    "its warm-up (1 + t) / (10 + t), t from 1, only: it overwrites the decay": lambda d, t: (2 + t) / (11 + t),
    "its warm-up 1 - 1 / (t + 1) only: it overwrites the decay": lambda d, t: 1 - 1 / (t + 1),
    "its warm-up 1 - 1 / (t + 1), t from 1, only: it overwrites the decay": lambda d, t: 1 - 1 / (t + 2),
    "1 - decay instead of the decay": lambda d, t: 1 - d,
}


def steps_of(run: TrainingRun) -> list[list[Weights]]:
    """The weights after every step, by epoch, of a run without clipping and accumulation."""
    module, (x, y) = run.module(), run.data()
    optimizer, loss, found = run.optimizer(module), run.world.loss(), list[list[Weights]]()
    for batches in run.rounds():
        found.append([])
        for rows in batches:
            optimizer.zero_grad()
            loss(module(x[rows]), y[rows]).backward()
            optimizer.step()
            found[-1].append(_copied(module))
    return found


def averages(run: TrainingRun, decay: float, decays: dict[str, Decay]) -> Iterator[tuple[str, Weights]]:
    """The possible averages of a run, by description: initialised with the first weights, with those after the first
    step, or with zeros; updated after every step, or every epoch.
    """
    module, epochs = run.module(), steps_of(run)
    begun = _copied(module)
    moments = {"step": [w for one in epochs for w in one], "epoch": [one[-1] for one in epochs]}
    for words, of in decays.items():
        for moment, weights in moments.items():
            starts = {"the first weights": (begun, weights), "the weights after the first": (weights[0], weights[1:])}
            starts["zeros"] = ([torch.zeros_like(w) for w in begun], weights)
            for start, (first, later) in starts.items():
                yield f"{words}, begun with {start}, after every {moment}", _averaged(first, later, decay, of)


def _averaged(first: Weights, later: Sequence[Weights], decay: float, of: Decay) -> Weights:
    found = first
    for t, weights in enumerate(later):
        d = of(decay, t)
        found = [d * a + (1 - d) * w for a, w in zip(found, weights, strict=True)]
    return found


def _copied(module: nn.Module) -> Weights:
    return [p.detach().double().clone() for p in module.parameters()]
