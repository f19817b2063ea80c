"""A trace of other activations, of other or older weights, or changed since, gives another gradient than autograd's: it
is refused by name, or makes no difference."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from networks import by_autograd, data, made, same_gradient_or_refused
from torch import Tensor

from mlp_core import MLP, backprop, rules
from mlp_core.model import Trace


def other_activation(model: MLP, x: Tensor) -> Trace:
    other = made("sigmoid")
    other.load_state_dict(model.state_dict())
    return other.trace(x)


def other_weights(model: MLP, x: Tensor) -> Trace:
    return made(seed=3).trace(x)


def older(change: Callable[[MLP], object]) -> Callable[[MLP, Tensor], Trace]:
    def trace(model: MLP, x: Tensor) -> Trace:
        found = model.trace(x)
        with torch.no_grad():
            change(model)
        return found

    return trace


def written_over(model: MLP, x: Tensor) -> Trace:
    found = model.trace(x)
    found.a[1].mul_(2)
    return found


def stepped(model: MLP) -> None:
    model.flat_grad.fill_(0.1)
    rules.get("sgd")(lr=0.1).optimizer(model.parameters()).step()


TRACES: dict[str, Callable[[MLP, Tensor], Trace]] = {
    "of another activation": other_activation, "of other weights": other_weights,
    "before W2 changed": older(lambda m: m.W2.mul_(2)), "before b1 changed": older(lambda m: m.b1.add_(1)),
    "before flat changed": older(lambda m: m.flat.mul_(0.5)), "before a step": older(stepped),
    "before weights were loaded": older(lambda m: m.load_state_dict(made(seed=4).state_dict())),
    "written over": written_over,
    "of a float trace": lambda m, x: Trace(*(tuple(t.float().double() for t in part) for part in m.trace(x))),
}  # fmt: skip


@pytest.mark.parametrize("name", TRACES)
def test_a_trace_of_something_else_is_refused_or_makes_no_difference(name: str) -> None:
    model = made()
    x, _ = data(model)
    same_gradient_or_refused(model, TRACES[name](model, x), x)


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "gelu"])
def test_the_model_s_own_trace_is_taken_twice(activation: str) -> None:
    model = made(activation)
    x, _ = data(model)
    trace, above = model.trace(x), torch.ones(7, 2, dtype=torch.float64)
    for _ in range(2):
        backprop(model, trace, above)
        for name, g in by_autograd(model, x, above).items():
            torch.testing.assert_close(dict(model.named_parameters())[name].grad, g)
