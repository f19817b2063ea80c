"""The laws that hold on a CPU hold on an accelerator too: the same tests, if there is one."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from torch import Tensor

from mlp_core import MLP, backprop, fit, rules
from mlp_core.equality import same_bits
from mlp_core.testing.bounds import formulas
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.examples.networks import problems
from mlp_core.testing.examples.problem import Problem
from mlp_core.testing.oracles import gradients as oracles

absent = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device")
DEVICES = [torch.device("cpu"), pytest.param(torch.device("cuda"), marks=absent)]


@pytest.mark.parametrize("device", DEVICES, ids=str)
@given(problem=problems())
def test_gradients_there_are_those_of_autograd_here(device: torch.device, problem: Problem) -> None:
    """Bounded, not to the bit: a sum may be taken in any order, which is all the bound assumes."""
    case = problem.case()
    there = problem.model().to(device)
    trace = there.trace(problem.inputs().to(device))
    backprop(there, trace, case.dL_dy.to(device))
    assert {p.grad.device.type for p in there.parameters()} == {device.type}
    gradients = [p.grad.cpu() for p in there.parameters()]
    compare(case.names, gradients, oracles.autograd(case), formulas.backprop(case))


@pytest.mark.parametrize("device", DEVICES, ids=str)
@pytest.mark.parametrize("name", rules.names())
def test_updates_there_are_torchs_to_the_bit(device: torch.device, name: str) -> None:
    rule, ours, theirs = rules.get(name)(), MLP([3, 5, 4]).to(device), MLP([3, 5, 4]).to(device)
    taken = [
        [p for p in model.parameters() if rule.ndims is None or p.ndim in rule.ndims] for model in (ours, theirs)
    ]  # fmt: skip
    optimizer, twin = rule.optimizer(taken[0]), rule.twin(taken[1])
    if twin is None:
        pytest.skip(f"torch has no {name}")
    for step in range(4):
        gradient = torch.randn(len(ours.flat), generator=torch.Generator().manual_seed(step)).to(device)
        for model in (ours, theirs):
            for p, g in zip(model.parameters(), model.layout.views(gradient), strict=True):
                p.grad = g.clone()
        optimizer.step()
        twin.step()
        assert same_bits(ours.flat, theirs.flat)


@pytest.mark.parametrize("device", DEVICES, ids=str)
@pytest.mark.parametrize("shuffle", [False, True])
def test_training_there_stays_there_and_learns(device: torch.device, shuffle: bool) -> None:
    x: Tensor = torch.linspace(-1, 1, 32, device=device)[:, None]
    model = MLP([1, 8, 1], activation="tanh").to(device)
    sgd = rules.get("sgd")(lr=0.2, momentum=0.5)  # type: ignore[call-arg]
    history = fit(model, x, 2 * x, loss="mse", rule=sgd, epochs=40, batch_size=5, shuffle=shuffle)
    assert {model.flat.device.type, history.step_losses.device.type} == {device.type}
    assert history.epoch_losses[-1] < history.epoch_losses[0] / 10
