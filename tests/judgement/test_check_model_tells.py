"""gradcheck.check_model: what was not compared is not fine, and a right gradient is not wrong for the size of its data.

A tensor whose entries are all at a kink has a relative error that is no number."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from judging import generator, normal
from torch import Tensor

from mlp_core import MLP, backprop, gradcheck
from mlp_core.model import Trace

Gradient = Callable[[MLP, Trace, Tensor], object]


def negated(index: int) -> Gradient:
    """backprop with one tensor's sign wrong."""

    def gradient(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
        backprop(model, trace, dL_dy)
        model.grad_views[index].neg_()

    return gradient


def one_zero(index: int) -> Gradient:
    """backprop with the largest entry of one tensor forgotten."""

    def gradient(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
        backprop(model, trace, dL_dy)
        view = model.grad_views[index].view(-1)
        view[view.abs().argmax()] = 0.0

    return gradient


def asked(
    activation: str, inputs: float, targets: float, gradient: Gradient = backprop, *, seed: int = 0,
    loss: str = "squared_error", sizes: tuple[int, ...] = (3, 8, 2),
) -> gradcheck.RelativeErrors:  # fmt: skip
    """The first layer's weights are divided by the size of the inputs, as training would."""
    model = MLP(list(sizes), activation=activation, dtype=torch.float64, generator=generator(seed))
    with torch.no_grad():
        model.weights[0].div_(inputs)
    own = generator(seed + 100)
    x, y = inputs * normal(5, sizes[0], of=own), targets * normal(5, sizes[-1], of=own)
    return gradcheck.check_model(model, x, y, loss, gradient=gradient)


def all_at_kinks(gradient: Gradient, activation: str, size: float, layers: tuple[int, ...]) -> gradcheck.RelativeErrors:
    """Every unit of the first layer has a pre-activation within a step of its kink at 0, in some row."""
    model = MLP(list(layers), activation=activation, dtype=torch.float64, generator=generator(1))
    x = size * (1 + normal(6, layers[0], of=generator(2)).abs())
    with torch.no_grad():  # positive inputs: moving any weight of a unit moves its first row through 0
        model.biases[0].copy_(-(model.weights[0] @ x[0]))
    y = normal(6, layers[-1], of=generator(3))
    return gradcheck.check_model(model, x, y, gradient=gradient)


KINKED = [
    ("relu", 1.0, (3, 8, 2)), ("relu", 1e3, (3, 8, 2)), ("relu", 1e5, (2, 4, 1)), ("leaky_relu", 1.0, (3, 8, 2)),
    ("leaky_relu", 1e3, (4, 5, 5, 2)), ("relu", 1e-1, (1, 1, 1)),
]  # fmt: skip


@pytest.mark.parametrize(("activation", "size", "layers"), KINKED)
@pytest.mark.parametrize("gradient", [negated(0), backprop, one_zero(0)], ids=["negated", "right", "zero"])
def test_a_tensor_of_which_nothing_was_compared_is_not_tested(
    activation: str, size: float, layers: tuple[int, ...], gradient: Gradient
) -> None:
    errors = all_at_kinks(gradient, activation, size, layers)
    assert errors.skipped >= layers[0] * layers[1] + layers[1]
    for name in ("W1", "b1"):
        assert math.isnan(errors[name]), f"{name}: {errors[name]}"
        assert gradcheck.band(errors[name]) != "fine"
    assert gradcheck.band(errors.worst) != "fine"


@pytest.mark.parametrize(("activation", "size", "layers"), KINKED)
def test_the_other_tensors_of_the_same_network_are_still_judged(
    activation: str, size: float, layers: tuple[int, ...]
) -> None:
    last = f"b{len(layers) - 1}"
    assert gradcheck.band(all_at_kinks(backprop, activation, size, layers)[last]) == "fine"
    wrong = all_at_kinks(negated(2 * len(layers) - 3), activation, size, layers)
    assert gradcheck.band(wrong[last]) == "wrong"


def test_what_was_not_tested_is_called_so() -> None:
    assert gradcheck.band(math.nan) == "not tested"
    assert gradcheck.band(math.inf) == "wrong"


SIZES = [
    ("tanh", 1e3, 1.0), ("tanh", 1e4, 1.0), ("tanh", 1e5, 1.0), ("sigmoid", 1e3, 1.0), ("sigmoid", 1e5, 1.0),
    ("gelu", 1e4, 1.0), ("softplus", 1e5, 1.0), ("tanh", 1.0, 1e9), ("sigmoid", 1.0, 1e9), ("tanh", 1e4, 1e6),
    ("silu", 1e5, 1e3), ("tanh", 1e-4, 1.0),
    ("tanh", 1e-12, 1.0), ("relu", 1e-12, 1e-3), ("tanh", 1e-60, 1.0), ("softplus", 1e-200, 1.0),
]  # fmt: skip


@pytest.mark.parametrize(("activation", "inputs", "targets"), SIZES)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_right_gradient_is_not_called_wrong_for_the_size_of_its_data(
    activation: str, inputs: float, targets: float, seed: int
) -> None:
    errors = asked(activation, inputs, targets, seed=seed)
    assert {gradcheck.band(q) for q in errors.values()} <= {"fine", "suspect", "not tested"}, errors


@pytest.mark.parametrize(("activation", "inputs", "targets"), SIZES)
@pytest.mark.parametrize("gradient", [negated(0), one_zero(2)], ids=["W1 negated", "W2 without one entry"])
def test_a_wrong_gradient_is_called_wrong_at_the_same_sizes(
    activation: str, inputs: float, targets: float, gradient: Gradient
) -> None:
    errors = asked(activation, inputs, targets, gradient)
    assert gradcheck.band(errors.worst) == "wrong", errors


@pytest.mark.parametrize("targets", [1e9, 1e7])
@pytest.mark.parametrize("loss", ["squared_error", "mse"])
def test_a_sign_is_still_found_in_every_tensor_at_targets_of_a_thousand_million(targets: float, loss: str) -> None:
    for index, name in enumerate(("W1", "b1", "W2", "b2")):
        errors = asked("tanh", 1.0, targets, negated(index), loss=loss)
        assert gradcheck.band(errors[name]) == "wrong", (name, errors)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
def test_ordinary_sizes_stay_fine(activation: str) -> None:
    assert gradcheck.band(asked(activation, 1.0, 1.0).worst) == "fine"
