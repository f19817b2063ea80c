"""Wrong training functions: the returned average of the weights."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from mlp_core.testing import subjects
from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.training.trainer import FEWER, Trainer

AVERAGES = "averages its weights with the given decay"

CATALOGUE = Catalogue()


def averaging(decay_of: Callable[[float, int], float]) -> Callable[..., Any]:
    """A correct trainer that returns an average of its weights; decay_of: (its decay, steps before) -> decay."""

    def train(
        n_epochs: int, model: nn.Module, loss_fn: Any, train_loader: Any, lr: float, ema_decay: float
    ) -> nn.Module:
        trainer, average = Trainer(model, loss_fn, train_loader, n_epochs, lr, 0.0, 0.0), copy.deepcopy(model)
        step = trainer.step

        def averaged() -> None:
            decay = decay_of(ema_decay, trainer.steps)
            step()
            with torch.no_grad():
                for a, p in zip(average.parameters(), model.parameters(), strict=True):
                    a.mul_(decay).add_(p, alpha=1 - decay)

        trainer.step = averaged  # type: ignore[method-assign]
        trainer.run()
        return average

    return train


def caught_by(origin: str) -> Callable[[Callable[[float, int], float]], Callable[..., Any]]:
    def enter(decay_of: Callable[[float, int], float]) -> Callable[..., Any]:
        wrong = averaging(decay_of)
        wrong.__name__ = wrong.__qualname__ = decay_of.__name__
        wrong.__module__, wrong.__doc__ = decay_of.__module__, decay_of.__doc__
        entered: Callable[..., Any] = CATALOGUE.caught_by(
            AVERAGES, right=averaging(lambda decay, steps: decay), origin=origin, subject=subjects.training,
            examples=FEWER,
        )(wrong)  # fmt: skip
        return entered

    return enter


@caught_by("site: decay = (1 + step) / (10 + step), where min(decay, ...) was meant")
def warm_up_overwrites_the_decay(decay: float, steps: int) -> float:
    """the warm-up of the average overwrites its decay, which then has no effect"""
    return (1 + steps) / (10 + steps)


@caught_by("site: ema = (1 - decay) * ema + decay * p")
def decay_for_what_is_left(decay: float, steps: int) -> float:
    """decay and 1 - decay of the average are exchanged"""
    return 1 - decay
