"""A loss, a gradient or an optimizer that is random, without a seed of its own, is reported as random, once; few
examples are no reason to call it lawful."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from hypothesis import strategies as st
from judging import Problem, assert_lawful, broken, generator, judged, normal, said, seeded
from optimizing import Momentum, as_sgd
from torch import Tensor

from mlp_core.testing import Report, subjects, verify

F = torch.nn.functional
WORDS = ("random", "repeat", "not the same twice", "differs from call to call")


def draw(seed: int) -> Problem:
    own = generator(seed)
    return [normal(3, of=own), normal(2, of=own)], normal(5, 3, of=own), normal(5, of=own)


def hidden(params: list[Tensor], X: Tensor) -> Tensor:
    return torch.tanh(X * params[0])


def loss(params: list[Tensor], X: Tensor, y: Tensor) -> Tensor:
    return (hidden(params, X).sum(1) * params[1][0] + params[1][1] - y).square().mean()


def by_autograd(loss: Callable[..., Tensor]) -> Callable[..., list[Tensor]]:
    def gradient(params: list[Tensor], *data: Any) -> list[Tensor]:
        own = [p.clone().requires_grad_() for p in params]
        return list(torch.autograd.grad(loss(own, *data), own))

    return gradient


right = by_autograd(loss)


def dropped(params: list[Tensor], X: Tensor, y: Tensor) -> Tensor:
    return loss(params, F.dropout(X, 0.5, training=True), y)


def little_noise(params: list[Tensor], X: Tensor, y: Tensor) -> Tensor:
    return loss(params, X + 1e-3 * torch.randn_like(X), y)


def jitter(params: list[Tensor], X: Tensor, y: Tensor) -> Tensor:
    return loss(params, X, y) * (1 + 0.1 * random.random())  # noqa: S311


def batch(params: list[Tensor], X: Tensor, y: Tensor) -> Tensor:
    rows = torch.randperm(len(X))[:3]
    return loss(params, X[rows], y[rows])


def dropped_with_a_seed(params: list[Tensor], X: Tensor, y: Tensor) -> Tensor:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return dropped(params, X, y)


def noisy(scale: float) -> Callable[..., list[Tensor]]:
    return lambda params, X, y: [g * (1 + scale * torch.randn(())) for g in right(params, X, y)]


def sometimes(params: list[Tensor], X: Tensor, y: Tensor) -> list[Tensor]:
    return [g if torch.rand(()) < 0.5 else -g for g in right(params, X, y)]


RANDOM: dict[str, tuple[Callable[..., Tensor], Callable[..., Sequence[Tensor]]]] = {
    "dropout, both by themselves": (dropped, by_autograd(dropped)), "dropout, the gradient without": (dropped, right),
    "a little noise": (little_noise, right), "the value jitters": (jitter, right),
    "minibatches": (batch, by_autograd(batch)),
    "gradient off by a thousandth": (loss, noisy(1e-3)), "gradient off by half": (loss, noisy(0.5)),
    "sign at random": (loss, sometimes), "dropout in the gradient": (loss, by_autograd(dropped)),
    "minibatches in the gradient": (loss, by_autograd(batch)),
}  # fmt: skip


def assert_told_to_be_random_once(report: Report) -> None:
    assert not report.ok, said(report)
    assert len(broken(report)) <= 1, said(report)
    told = [" ".join((r.law, r.reason, r.where, r.got)) for r in report.results if r.verdict in ("FAIL", "UNTESTED")]
    told += [note for notes in report.notes.values() for note in notes]
    assert any(word in words for words in told for word in WORDS), told


@pytest.mark.parametrize(("name", "examples"), [*((name, 20) for name in RANDOM), ("minibatches", 60)])
def test_a_random_loss_or_gradient_is_told_to_be_random_once(name: str, examples: int) -> None:
    assert_told_to_be_random_once(judged(*RANDOM[name], seeded(draw), examples=examples))


def test_the_same_with_a_seed_of_its_own_is_lawful() -> None:
    assert_lawful(judged(dropped_with_a_seed, by_autograd(dropped_with_a_seed), seeded(draw)))


class Shaken(Momentum):
    def update(self, p: Tensor, v: Tensor, lr: float, group: int) -> Tensor:
        return lr * v * (1 + 0.1 * torch.rand_like(v))


class Chosen(Momentum):
    """Steps on a random half of the coordinates."""

    def update(self, p: Tensor, v: Tensor, lr: float, group: int) -> Tensor:
        return lr * v * (torch.rand_like(v) < 0.5)


class Langevin(Momentum):
    def update(self, p: Tensor, v: Tensor, lr: float, group: int) -> Tensor:
        return lr * v + (2 * lr) ** 0.5 * torch.randn_like(p)


class Resting(Momentum):
    """Skips a step now and then."""

    def update(self, p: Tensor, v: Tensor, lr: float, group: int) -> Tensor:
        return lr * v * (random.random() < 0.7)  # noqa: S311


@pytest.mark.parametrize("make", [Shaken, Chosen, Langevin, Resting])
def test_a_random_optimizer_is_told_to_be_random_once(make: type[Momentum]) -> None:
    assert_told_to_be_random_once(verify(make, examples=20))


@pytest.mark.parametrize("make", [Shaken, Langevin])
def test_so_it_is_with_a_reference(make: type[Momentum]) -> None:
    subject = subjects.optimizer(make, as_sgd, {"lr": st.floats(1e-3, 0.1)})
    assert_told_to_be_random_once(verify(subject, examples=20))
