"""Torch's loop for any training function: the weights and losses of a training run, and their rounding tolerance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mlp_core.testing.bounds.envelopes import Envelope, run_envelopes
from mlp_core.testing.bounds.perturbed import PerturbedRounding
from mlp_core.testing.examples.training_runs import TrainingRun
from mlp_core.testing.oracles.training import Noisy, Steps


@dataclass(frozen=True)
class Followed:
    """The results of torch's loop: the final weights, and, per epoch, the numbers that a function may return as its
    losses.
    """

    weights: list[Tensor]
    before: list[list[float]]
    """by epoch and batch, the loss whose gradient was computed"""
    after: list[list[float]]
    """the loss of the same batch after the step"""
    ended: list[list[float]]
    """the losses of all batches after the last step of the epoch"""
    sizes: list[int]
    """the number of samples in every batch"""


def follow(run: TrainingRun, *, told: bool = True) -> Followed:
    """Train as torch does; without `told`, only the losses before the steps are computed."""
    module, (x, y) = run.module(), run.data()
    found = Followed([], [], [], [], [len(rows) for rows in run.rounds()[0]])
    _train(run, module, x, y, run.optimizer(module), found if told else None)
    found.weights.extend(p.detach().double().clone() for p in module.parameters())
    return found


def _train(run: TrainingRun, module: nn.Module, x: Tensor, y: Tensor, optimizer: Steps, found: Followed | None) -> None:
    loss = run.world.loss()
    for batches in run.rounds():
        if found is not None:
            found.before.append([])
            found.after.append([])
        for index, rows in enumerate(batches):
            if index % run.accumulation == 0:
                optimizer.zero_grad()
            value = loss(module(x[rows]), y[rows])
            (value / run.accumulation if run.accumulation > 1 else value).backward()
            if (index + 1) % run.accumulation == 0:
                if run.clip is not None:
                    nn.utils.clip_grad_norm_(module.parameters(), run.clip)
                optimizer.step()
            if found is not None:
                with torch.no_grad():
                    found.before[-1].append(value.item())
                    found.after[-1].append(loss(module(x[rows]), y[rows]).item())
        if found is not None:
            with torch.no_grad():
                found.ended.append([loss(module(x[rows]), y[rows]).item() for rows in batches])


def envelopes_of(run: TrainingRun, plain: list[Tensor]) -> Iterator[Envelope]:
    """The tolerance of every final weight (float64), from 1, 2, 4 and 8 perturbed runs; `plain`: the weights of the
    unperturbed run.
    """

    def noisy(mode: PerturbedRounding) -> list[Tensor]:
        module, (x, y) = run.module(), run.data()
        x = x * mode.factors(x)
        with torch.no_grad():
            for p in module.parameters():
                p.mul_(mode.factors(p))
        optimizer = Noisy(run.optimizer(module), mode)
        with mode:
            _train(run, module, x, y, optimizer, None)
        return [p.detach().double() for p in module.parameters()]

    yield from run_envelopes(noisy, plain, [w.double() for w in run.weights], run.world.dtype)


@dataclass(frozen=True)
class Way:
    """The intermediate values of torch's loop, by weight: the weight at first and after every step, and in every step
    its gradient, the gradient with decay, and the velocity.
    """

    weights: list[list[Tensor]]
    others: list[list[Tensor]]

    def of(self, k: int, step: int | None) -> list[Tensor]:
        """The values of a weight in a step: the weight before it, its gradients, the velocity before and after; in all
        steps if None is given.
        """
        if step is None:
            return [*self.weights[k], *self.others[k]]
        each = len(self.others[k]) // max(1, len(self.weights[k]) - 1)
        return [self.weights[k][step], *self.others[k][each * step : each * (step + 1)], *self._before(k, step, each)]

    def _before(self, k: int, step: int, each: int) -> list[Tensor]:
        return [self.others[k][each * step - 1]] if step and each > 2 else []


class _Watched:
    """Torch's optimizer; every step is recorded."""

    def __init__(self, optimizer: torch.optim.SGD, params: list[nn.Parameter]) -> None:
        self.optimizer, self.params, self.param_groups = optimizer, params, optimizer.param_groups
        self.way = Way([[p.detach().double().clone()] for p in params], [[] for _ in params])

    def zero_grad(self) -> None:
        self.optimizer.zero_grad()

    def step(self) -> None:
        decay = self.param_groups[0]["weight_decay"]
        for p, kept in zip(self.params, self.way.others, strict=True):
            assert p.grad is not None
            kept += [p.grad.double().clone(), (p.grad + decay * p).detach().double()]
        self.optimizer.step()
        for p, kept, weights in zip(self.params, self.way.others, self.way.weights, strict=True):
            velocity = self.optimizer.state[p].get("momentum_buffer")
            kept += [] if velocity is None else [velocity.double().clone()]
            weights.append(p.detach().double().clone())


def way_of(run: TrainingRun) -> Way:
    """Train as torch does, and record the intermediate values."""
    module, (x, y) = run.module(), run.data()
    watched = _Watched(run.optimizer(module), list(module.parameters()))
    _train(run, module, x, y, watched, None)
    return watched.way
