"""A function that draws from the global generator, as building an nn.Module does, is not wrong for that: the report
mentions it, and a correct gradient does not fail. Other side effects fail."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from judging import TRACE, Problem, assert_broken, assert_lawful, entry, generator, judged, normal, seeded, spoiled
from torch import Tensor, nn


def loss(params: list[Tensor], x: Tensor) -> Tensor:
    return torch.tanh(x @ params[0].T + params[1]).square().mean()


def plain(params: list[Tensor], x: Tensor) -> list[Tensor]:
    a = torch.tanh(x @ params[0].T + params[1])
    delta = 2 * a * (1 - a * a) / a.numel()
    return [delta.T @ x, delta.sum(0)]


def through_a_module(params: list[Tensor], x: Tensor) -> list[Tensor]:
    net = nn.Linear(3, 2).double()
    with torch.no_grad():
        net.weight.copy_(params[0])
        net.bias.copy_(params[1])
    torch.tanh(net(x)).square().mean().backward()
    assert net.weight.grad is not None
    assert net.bias.grad is not None
    return [net.weight.grad, net.bias.grad]


def through_a_sequence(params: list[Tensor], x: Tensor) -> list[Tensor]:
    net = nn.Sequential(nn.Linear(3, 2), nn.Tanh(), nn.Dropout(0.5)).double().eval()
    net.load_state_dict({"0.weight": params[0], "0.bias": params[1]})
    net(x).square().mean().backward()
    return [p.grad for p in net.parameters() if p.grad is not None]


def drawing(draw: Callable[[], object]) -> Callable[..., list[Tensor]]:
    def gradient(params: list[Tensor], x: Tensor) -> list[Tensor]:
        draw()
        return plain(params, x)

    return gradient


def in_eval(params: list[Tensor], x: Tensor) -> list[Tensor]:
    nn.init.xavier_uniform_(torch.empty(3, 3))
    return plain(params, nn.Dropout(0.5).eval()(x))


GRADIENTS: dict[str, Callable[..., list[Tensor]]] = {
    "nn.Linear": through_a_module, "nn.Sequential in eval": through_a_sequence, "dropout in eval": in_eval,
    "torch.randn": drawing(lambda: torch.randn(3)), "torch.rand in place": drawing(lambda: torch.empty(5).uniform_()),
    "torch.randperm": drawing(lambda: torch.randperm(7)), "random.random": drawing(random.random),
    "random.shuffle": drawing(lambda: random.shuffle([1, 2, 3])), "nn.LSTM": drawing(lambda: nn.LSTM(2, 2)),
    "bernoulli": drawing(lambda: torch.full((4,), 0.5).bernoulli()),
    "numpy.random": drawing(lambda: np.random.rand(3)),  # noqa: NPY002  # what everybody shares is what is meant
}  # fmt: skip


def draw(seed: int) -> Problem:
    own = generator(seed)
    return [normal(2, 3, of=own), normal(2, of=own)], normal(4, 3, of=own)


@pytest.mark.parametrize("name", GRADIENTS)
def test_a_right_gradient_that_draws_is_lawful(name: str) -> None:
    assert_lawful(judged(loss, GRADIENTS[name], seeded(draw)))


@pytest.mark.parametrize("name", GRADIENTS)
def test_a_wrong_one_that_draws_is_still_broken(name: str) -> None:
    wrong = spoiled(GRADIENTS[name], entry(1, lambda v: -v))
    assert_broken(judged(loss, wrong, seeded(draw)), "equals autograd")


@pytest.mark.parametrize("name", ["nn.Linear", "torch.randn", "random.random"])
def test_that_it_draws_is_told(name: str) -> None:
    report = judged(loss, GRADIENTS[name], seeded(draw))
    told = [note for notes in report.notes.values() for note in notes] + [r.reason for r in report.results]
    assert any("random" in words or "generator" in words for words in told), told


def test_a_loss_that_builds_a_module_is_no_reason_to_accuse_its_gradient() -> None:
    def by_module(params: list[Tensor], x: Tensor) -> Tensor:
        net = nn.Linear(3, 2).double()
        state = {"weight": params[0], "bias": params[1]}
        return torch.tanh(torch.func.functional_call(net, state, (x,))).square().mean()

    assert_lawful(judged(by_module, plain, seeded(draw)))


def changes_its_data(params: list[Tensor], x: Tensor) -> list[Tensor]:
    found = plain(params, x)
    x.sub_(x.mean())
    return found


def changes_the_default_dtype(params: list[Tensor], x: Tensor) -> list[Tensor]:
    torch.set_default_dtype(torch.float64)
    return plain(params, x)


def leaves_a_graph(params: list[Tensor], x: Tensor) -> list[Tensor]:
    return plain([p.requires_grad_() for p in params], x)


@pytest.mark.parametrize("gradient", [changes_its_data, changes_the_default_dtype, leaves_a_graph])
def test_other_traces_are_held_against_it(gradient: Callable[..., Any]) -> None:
    assert_broken(judged(loss, gradient, seeded(draw)), TRACE)
