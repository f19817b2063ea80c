"""Wrong activation and loss records."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from mlp_core import activations, losses
from mlp_core.losses import Loss
from mlp_core.testing.faults.catalogue import Catalogue

CATALOGUE = Catalogue()
record = CATALOGUE.record

RELU, TANH, HARDTANH, SILU, SOFTPLUS = map(activations.get, ("relu", "tanh", "hardtanh", "silu", "softplus"))
SQUARED, MSE, ENTROPY, BINARY = map(losses.get, ("squared_error", "mse", "cross_entropy", "bce_with_logits"))

record(
    "has the derivative of autograd",
    replace(RELU, name="slope 1 at 0", times_df=lambda delta, z, a: delta.masked_fill(z < 0, 0)), RELU,
)  # fmt: skip
record(
    "has the derivative of autograd",
    replace(TANH, name="derivative of z instead of a", times_df=lambda delta, z, a: delta * (1 - z * z)), TANH,
)  # fmt: skip
record(
    "has the derivative of autograd",
    replace(TANH, name="forgets what flows back", times_df=lambda delta, z, a: 1 - a * a), TANH,
)  # fmt: skip
record("has no kink but those it names", replace(RELU, name="an undeclared kink", kinks=()), RELU)
record("has no kink but those it names", replace(SILU, name="steeper than it says", lipschitz=1.0), SILU)
record("is its slopes", replace(HARDTANH, name="slopes turned round", slopes=(1.0, 0.0, 1.0)), HARDTANH)


def _raise(*tensors: torch.Tensor) -> torch.Tensor:
    raise TypeError("unsupported operand")


record("has the derivative of autograd", replace(TANH, name="raises", times_df=_raise), TANH)

record(
    "has the gradient of autograd",
    replace(MSE, name="without 1/B", grad=lambda y_hat, y: 2 * (y_hat - y)), MSE,
)  # fmt: skip
record(
    "has the gradient of autograd",
    replace(SQUARED, name="without the 2", grad=lambda y_hat, y: y_hat - y), SQUARED,
)  # fmt: skip
record(
    "has the gradient of autograd",
    replace(SQUARED, name="not summed up", value=lambda y_hat, y: ((y - y_hat) ** 2).sum(1).mean(0, True)), SQUARED,
)  # fmt: skip
record(
    "is softmax minus onehot over the batch",
    replace(ENTROPY, name="onehot forgotten", grad=lambda y_hat, y: torch.softmax(y_hat, 1) / len(y)), ENTROPY,
)  # fmt: skip
record(
    "agrees with differences of its value",
    # right where the softmax is flat: off by a logit's rounding elsewhere
    replace(BINARY, name="sigmoid forgotten", grad=lambda y_hat, y: (y_hat - y) / y.numel()), BINARY,
)  # fmt: skip


@dataclass(frozen=True)
class Unchecked(Loss):
    """Takes any targets."""

    def check(self, y_hat: torch.Tensor, y: torch.Tensor) -> None:
        pass


@dataclass(frozen=True)
class Mute(Loss):
    """Refuses without saying what."""

    def check(self, y_hat: torch.Tensor, y: torch.Tensor) -> None:
        try:
            super().check(y_hat, y)
        except ValueError:
            raise ValueError("wrong") from None


for _type in (Unchecked, Mute):
    for _loss in (ENTROPY, SQUARED):
        _wrong = _type(**{**_loss.__dict__, "name": f"{_type.__name__.lower()} {_loss.name}"})
        record("refuses targets that do not fit", _wrong, _loss)
