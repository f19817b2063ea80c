"""gradcheck.check_model where the loss is far larger than its change: the derivatives of the loss by the outputs and of
the outputs by the parameters are measured apart, so that a small mistake shows, or the tensor is not tested."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from judging import generator, normal
from torch import Tensor

from mlp_core import MLP, backprop, gradcheck, losses
from mlp_core.losses import Loss
from mlp_core.model import Trace

FAR = [
    (activation, loss, targets) for activation in ("tanh", "relu", "silu", "softplus")
    for loss in ("squared_error", "mse") for targets in (1e7, 1e9, 1e12)
]  # fmt: skip


def network(activation: str, seed: int) -> MLP:
    return MLP([3, 8, 2], activation=activation, dtype=torch.float64, generator=generator(seed))


def asked(
    activation: str, loss: str | Loss, targets: float, *, tensor: int = 0, factor: float = 1.0, seed: int = 0
) -> gradcheck.RelativeErrors:  # fmt: skip
    """The gradient of one tensor is multiplied by the factor."""

    def gradient(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
        backprop(model, trace, dL_dy)
        model.grad_views[tensor].mul_(factor)

    own = generator(seed + 100)
    x, y = normal(5, 3, of=own), targets * normal(5, 2, of=own)
    return gradcheck.check_model(network(activation, seed), x, y, loss, gradient=gradient)


@pytest.mark.parametrize(("activation", "loss", "targets"), FAR)
def test_the_right_gradient_is_fine_and_tested(activation: str, loss: str, targets: float) -> None:
    errors = asked(activation, loss, targets)
    assert {gradcheck.band(q) for q in errors.values()} == {"fine"}, errors


@pytest.mark.parametrize(("activation", "loss", "targets"), FAR)
@pytest.mark.parametrize("mistake", [1e-3, -1e-3, 1e-4, 3e-5])
def test_a_small_mistake_in_one_tensor_shows(activation: str, loss: str, targets: float, mistake: float) -> None:
    for tensor, name in enumerate(("W1", "b1", "W2", "b2")):
        errors = asked(activation, loss, targets, tensor=tensor, factor=1 + mistake)
        assert gradcheck.band(errors[name]) == "probably wrong", (name, errors)
        assert all(gradcheck.band(q) == "fine" for other, q in errors.items() if other != name), errors


@pytest.mark.parametrize("targets", [1.0, 1e7, 1e9, 1e12])
def test_the_loss_itself_is_checked_too(targets: float) -> None:
    """The derivative of a loss of one's own is a thousandth too large: no part of the answer is taken from it."""
    own = losses.get("squared_error")
    wrong = replace(own, grad=lambda y_hat, y: 1.001 * own.grad(y_hat, y))
    errors = asked("tanh", wrong, targets)
    assert {gradcheck.band(q) for q in errors.values()} == {"probably wrong"}, errors


def beside_a_large_one(factor: float) -> gradcheck.RelativeErrors:
    """The logit of the first output is -1e12 with label 1, that of the second is ordinary: the loss is 5e11."""
    model = MLP([1, 2], dtype=torch.float64, generator=generator(0))
    with torch.no_grad():
        model.biases[0].copy_(torch.tensor([-1e12, 0.3]))
    x, y = torch.full((1, 1), 0.7, dtype=torch.float64), torch.tensor([[1.0, 0.0]], dtype=torch.float64)

    def gradient(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
        backprop(model, trace, dL_dy)
        model.flat_grad.mul_(factor)

    return gradcheck.check_model(model, x, y, "bce_with_logits", gradient=gradient)


def test_what_neither_way_can_decide_is_not_tested() -> None:
    """The slope of the ordinary logit is lost in the rounding of the loss, and a large step would measure another."""
    for factor in (1.0, 1.001):
        errors = beside_a_large_one(factor)
        assert math.isnan(errors["W1"]), errors
        assert math.isnan(errors["b1"]), errors
    assert gradcheck.band(beside_a_large_one(-1.0)["b1"]) == "wrong"
