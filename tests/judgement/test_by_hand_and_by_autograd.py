"""The core does by hand what autograd and torch.optim do, or refuses it by name. It never silently does something
else."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from networks import data, made, same_gradient_or_refused
from torch import Tensor, nn

from mlp_core import MLP, ArgumentError, fit, rules


def freeze(*names: str) -> Callable[[MLP], None]:
    def change(model: MLP) -> None:
        for name in names:
            dict(model.named_parameters())[name].requires_grad_(False)

    return change


def tie(first: str, second: str) -> Callable[[MLP], None]:
    return lambda model: setattr(model, second, getattr(model, first))


def tie_data(model: MLP) -> None:
    model.W2.data = model.W1.data


def write_data(model: MLP) -> None:
    model.W1.data = 2 * model.W1.data.clone()


def write_bias(model: MLP) -> None:
    model.b2.data = torch.ones_like(model.b2.data)


def assign(model: MLP) -> None:
    model.load_state_dict({k: 1.5 * v.clone() for k, v in model.state_dict().items()}, assign=True)


def copied(model: MLP) -> None:
    copy.copy(model)


def copied_and_doubled(model: MLP) -> None:
    other = copy.copy(model)
    with torch.no_grad():
        other.W1.mul_(2)


def new_parameter(model: MLP) -> None:
    model.W1 = nn.Parameter(2 * model.W1.detach().clone())


CHANGES: dict[str, Callable[[MLP], None]] = {
    "nothing": lambda model: None, "frozen W1": freeze("W1"), "frozen b2": freeze("b2"),
    "frozen layer": freeze("W2", "b2"), "tied W1 W2": tie("W1", "W2"),
    "tied biases": tie("b1", "b2"), "tied by data": tie_data, "W1.data": write_data, "b2.data": write_bias,
    "assign": assign, "copy.copy": copied, "copy.copy, changed": copied_and_doubled, "another Parameter": new_parameter,
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_the_gradient_by_hand_is_autograd_s_or_refused(name: str) -> None:
    model = made()
    CHANGES[name](model)
    x, _ = data(model)
    same_gradient_or_refused(model, model.trace(x), x)


def trained(change: Callable[[MLP], None], by: str, updates: str, **options: Any) -> tuple[MLP, Any]:
    model = made()
    change(model)
    x, y = data(model)
    rule = rules.get("sgd")(lr=0.05, weight_decay=0.1)
    history = fit(model, x, y, loss="mse", rule=rule, epochs=3, batch_size=3, gradients=by, updates=updates, **options)
    return model, history


def plainly(change: Callable[[MLP], None]) -> dict[str, Tensor]:
    """The same three epochs by torch, without a line of fit."""
    model = made()
    change(model)
    x, y = data(model)
    own = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(own, lr=0.05, weight_decay=0.1)
    for _ in range(3):
        for xb, yb in zip(x.split(3), y.split(3), strict=True):
            for p, g in zip(own, torch.autograd.grad((model(xb) - yb).square().mean(), own), strict=True):
                p.grad = g
            optimizer.step()
    return {name: p.detach().clone() for name, p in model.named_parameters()}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize(("by", "updates"), [("manual", "manual"), ("autograd", "torch")])
def test_training_is_torch_s_or_refused_and_its_checkpoint_holds_the_weights(name: str, by: str, updates: str) -> None:
    expected = plainly(CHANGES[name])
    try:
        model, history = trained(CHANGES[name], by, updates)
    except ArgumentError:
        return
    found = {key: p.detach() for key, p in model.named_parameters()}
    torch.testing.assert_close(found, expected)
    kept = list(model.layout.views(history.checkpoint["flat"]))
    torch.testing.assert_close(kept[0::2], [W.detach() for W in model.weights])
    torch.testing.assert_close(kept[1::2], [b.detach() for b in model.biases])
