"""Curves of anybody's training functions: the loss over all samples after each number of epochs, from the beginning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch

from mistaken.problem import Curves, tried
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.examples.training_runs import TrainingRun
from mlp_core.testing.faults.catalogue import Fault

EPOCHS = 10


def of_a_trainer(fault: Fault) -> Iterator[Curves]:
    """Runs as the laws draw them: plain, with weight decay, with momentum, with both."""
    subject, right = fault.subject, fault.make(fault.right)
    (*_, run) = sample(subject.runs(), 6)
    for setting, hyper in {
        "": {}, "momentum": {"momentum": 0.9}, "weight decay": {"weight_decay": 0.1},
        "both": {"momentum": 0.9, "weight_decay": 0.1},
    }.items():  # fmt: skip
        (correct, _), (wrong, raised) = (
            tried(lambda s=s: _losses(s, replace(run, lr=0.1, **hyper)))  # noqa: B023  at once
            for s in (right, subject)
        )
        yield Curves(correct, wrong, setting, raised)


def _losses(subject: Any, run: TrainingRun) -> list[float]:
    """After 1, 2, ... epochs."""
    losses = []
    x, y = run.data()
    for epochs in range(1, EPOCHS + 1):
        module = run.module()
        with torch.no_grad():
            for p, value in zip(module.parameters(), subject.trained(replace(run, epochs=epochs)).weights, strict=True):
                p.copy_(value)
            losses.append(float(run.world.loss()(module(x), y)))
    return losses
