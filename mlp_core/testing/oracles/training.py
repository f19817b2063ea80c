"""Torch's training loop, and the tolerance for a correct loop."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.utils._python_dispatch import _disable_current_modes

from mlp_core.model import MLP
from mlp_core.testing.bounds.envelopes import Envelope, perturbed_step, run_envelopes
from mlp_core.testing.bounds.perturbed import PerturbedRounding


class Steps(Protocol):
    """The part of an optimizer that a training loop needs."""

    param_groups: list[dict[str, Any]]

    def zero_grad(self) -> None: ...
    def step(self) -> object: ...


def train(
    model: MLP, x: Tensor, y: Tensor, value: Callable[[Tensor, Tensor], Tensor],
    optimizer: Steps, epochs: int, batch_size: int, rate: Callable[[int], float] | None = None,
) -> Tensor:  # fmt: skip
    """The usual training loop with torch: forward, backward, step; returns the loss of every step. rate: the learning
    rate of step 0, 1, ...
    """
    step_losses: list[Tensor] = []
    for _ in range(epochs):
        for xb, yb in zip(x.split(batch_size), y.split(batch_size), strict=True):
            optimizer.zero_grad()
            loss = value(model(xb), yb)
            loss.backward()
            if rate is not None:
                optimizer.param_groups[0]["lr"] = rate(len(step_losses))
            optimizer.step()
            step_losses.append(loss.detach())
    return torch.stack(step_losses)


class Noisy:
    """An optimizer whose hyperparameters and coarse state are perturbed in every step."""

    def __init__(self, optimizer: torch.optim.Optimizer, mode: PerturbedRounding) -> None:
        self.optimizer, self.mode, self.zero_grad = optimizer, mode, optimizer.zero_grad
        self.param_groups = optimizer.param_groups
        self.params = [p for group in optimizer.param_groups for p in group["params"]]

    def step(self) -> None:
        with _disable_current_modes():  # the loop runs inside the mode already: no operation is perturbed twice
            perturbed_step(self.optimizer, self.params, self.mode, self.optimizer.step)


def training_envelopes(
    model: MLP, x: Tensor, y: Tensor, value: Callable[[Tensor, Tensor], Tensor],
    optimizer: Callable[[MLP], torch.optim.Optimizer], epochs: int, batch_size: int,
    rate: Callable[[int], float] | None = None,
) -> Iterator[Envelope]:  # fmt: skip
    """The tolerance of the step losses and of every final parameter (float64), from 1, 2, 4 and 8 perturbed runs.
    `model`: the model before the training.
    """

    def run(mode: PerturbedRounding | None) -> list[Tensor]:
        twin, inputs = copy.deepcopy(model), x
        if mode is None:
            losses = train(twin, x, y, value, optimizer(twin), epochs, batch_size, rate)
        else:
            inputs = x * mode.factors(x)
            with torch.no_grad():
                for p in twin.parameters():
                    p.mul_(mode.factors(p))
            with mode:
                noisy = Noisy(optimizer(twin), mode)
                losses = train(twin, inputs, y, value, noisy, epochs, batch_size, rate)
        return [t.detach().double().clone() for t in (losses, *twin.parameters())]

    plain = run(None)
    start = [torch.zeros_like(plain[0]), *(p.detach().double() for p in model.parameters())]
    yield from run_envelopes(run, plain, start, x.dtype)
