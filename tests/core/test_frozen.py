"""requires_grad_(False): as with autograd and torch.optim, a frozen parameter has no gradient and does not move."""

from __future__ import annotations

import copy
from itertools import pairwise
from typing import Any

import pytest
import torch
from refusals import refusal
from short_runs import SWITCHES, data
from torch import nn

from mlp_core import MLP, backprop, fit, gradcheck, losses, rules

FROZEN = [["W1"], ["b1"], ["W2", "b2"], ["W3"], ["b3"], ["W1", "b1", "W2", "b2"], ["W1", "W3"], ["b1", "b2", "b3"]]
SGD: Any = rules.get("sgd")
DECAYING = SGD(lr=0.05, momentum=0.9, weight_decay=0.1)  # both move a parameter whose gradient is zero


def frozen(names: list[str]) -> MLP:
    model = MLP([6, 9, 5, 3], dtype=torch.float64)
    for name in names:
        model.get_parameter(name).requires_grad_(False)
    return model


def by_torch(model: MLP, steps: int) -> list[torch.Tensor]:
    """The parameters after steps of torch alone, on whole batches."""
    x, y = data(20, "mse", torch.float64)
    layers: list[nn.Module] = []
    for W, b, f in zip(model.weights, model.biases, (nn.ReLU(), nn.ReLU(), nn.Identity()), strict=True):
        linear = nn.Linear(W.shape[1], W.shape[0], device="meta")  # draws nothing
        linear.weight = nn.Parameter(W.detach().clone(), requires_grad=W.requires_grad)
        linear.bias = nn.Parameter(b.detach().clone(), requires_grad=b.requires_grad)
        layers += [linear, f]
    apart = nn.Sequential(*layers)
    optimizer = torch.optim.SGD(apart.parameters(), lr=0.05, momentum=0.9, weight_decay=0.1, foreach=False)
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.mse_loss(apart(x), y).backward()
        optimizer.step()
    return [p.detach() for p in apart.parameters()]


@pytest.mark.parametrize("names", FROZEN, ids=" ".join)
def test_backprop_gives_a_frozen_parameter_no_gradient_and_the_others_theirs(names: list[str]) -> None:
    model = frozen(names)
    x, y = data(20, "mse", torch.float64)
    model.flat_grad.fill_(7.0)  # of a time before
    trace = model.trace(x)
    flat = backprop(model, trace, losses.get("mse").value_and_grad(trace.output, y)[1])
    value = losses.get("mse").value(model(x), y)
    expected = torch.autograd.grad(value, [p for p in model.parameters() if p.requires_grad])
    assert [name for name, p in model.named_parameters() if p.grad is None] == names
    got = [p.grad for p in model.parameters() if p.requires_grad]
    assert all(g is not None and torch.equal(g, e) for g, e in zip(got, expected, strict=True))
    for (name, _), view in zip(model.named_parameters(), model.layout.views(flat), strict=True):
        assert view.any() == (name not in names)


@pytest.mark.parametrize(("gradients", "updates"), SWITCHES)
@pytest.mark.parametrize("names", FROZEN, ids=" ".join)
def test_fit_leaves_a_frozen_parameter_and_moves_the_others_as_torch_does(
    names: list[str], gradients: Any, updates: Any
) -> None:
    model = frozen(names)
    before, expected = copy.deepcopy(model), by_torch(model, 4)
    x, y = data(20, "mse", torch.float64)
    fit(model, x, y, loss="mse", rule=DECAYING, epochs=4, batch_size=20, gradients=gradients, updates=updates)
    for (name, p), q, old in zip(model.named_parameters(), expected, before.parameters(), strict=True):
        assert torch.equal(p, q), name
        assert torch.equal(p, old) == (name in names)
        assert (p.grad is None) == (name in names)


@pytest.mark.parametrize(("gradients", "updates"), SWITCHES)
def test_a_parameter_may_be_frozen_and_thawed_between_epochs(gradients: Any, updates: Any) -> None:
    def alternate(epoch: int, loss: float) -> None:
        seen.append(model.W2.detach().clone())
        model.W2.requires_grad_(epoch % 2 == 1)

    model, seen = MLP([6, 9, 5, 3], dtype=torch.float64), list[torch.Tensor]()
    x, y = data(20, "mse", torch.float64)
    options = {"loss": "mse", "rule": DECAYING, "batch_size": 8, "gradients": gradients, "updates": updates}
    fit(model, x, y, epochs=4, on_epoch=alternate, **options)
    assert [torch.equal(one, other) for one, other in pairwise(seen)] == [True, False, True]


def test_where_everything_is_frozen_there_is_nothing_to_train() -> None:
    model = frozen(["W1", "b1", "W2", "b2", "W3", "b3"])
    x, y = data(20, "mse", torch.float64)
    trace = model.trace(x)
    message = "model: got every parameter frozen, expected at least one that requires a gradient"
    assert refusal(backprop, model, trace, trace.output) == message
    for gradients, updates in SWITCHES:
        options = {"loss": "mse", "rule": SGD(), "epochs": 1, "batch_size": 8, "updates": updates}
        assert refusal(fit, model, x, y, gradients=gradients, **options) == message


def test_a_gradient_is_checked_on_frozen_parameters_too() -> None:
    model = frozen(["W1", "b2"])
    x, y = data(20, "mse", torch.float64)
    assert gradcheck.check_model(model, x, y, "mse").worst <= 1e-7
    assert not model.W1.requires_grad


def test_training_goes_on_from_a_checkpoint_of_a_model_with_frozen_parameters() -> None:
    x, y = data(20, "mse", torch.float64)
    options = {"loss": "mse", "rule": DECAYING, "batch_size": 8}
    whole = frozen(["W1", "b1"])
    fit(whole, x, y, epochs=3, **options)
    start = fit(frozen(["W1", "b1"]), x, y, epochs=1, **options).checkpoint
    model = frozen(["W1", "b1"])
    fit(model, x, y, epochs=2, start=start, **options)
    assert torch.equal(model.flat, whole.flat)
