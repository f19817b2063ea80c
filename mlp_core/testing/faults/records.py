"""Wrong activation and loss records."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import torch

from mlp_core import activations, losses
from mlp_core.losses import Loss
from mlp_core.testing.faults.catalogue import Catalogue

CATALOGUE = Catalogue()

record = CATALOGUE.record

RELU, TANH, HARDTANH, SILU = map(activations.get, ("relu", "tanh", "hardtanh", "silu"))

SQUARED, MSE, ENTROPY, BINARY = map(losses.get, ("squared_error", "mse", "cross_entropy", "bce_with_logits"))

DERIVATIVE, KINKS = "has the derivative of autograd", "has only the kinks that it names"

GRADIENT = "has the gradient of autograd"


def _raise(*tensors: torch.Tensor) -> torch.Tensor:
    raise TypeError("unsupported operand")


record(
    DERIVATIVE,
    replace(RELU, name="slope 1 at 0", times_df=lambda delta, z, a: delta.masked_fill(z < 0, 0)), RELU,
    words="the slope of relu at 0 is 1 instead of 0", origin="site: z >= 0 instead of z > 0",
)  # fmt: skip

record(
    DERIVATIVE,
    replace(RELU, name="times its mask", times_df=lambda delta, z, a: delta * (z > 0)), RELU,
    words="delta is multiplied by relu's mask instead of masked: 0 * inf is NaN, but autograd gives 0",
    origin="site: delta * (z > 0) instead of a masked delta",
)  # fmt: skip

record(
    DERIVATIVE,
    replace(TANH, name="derivative of z instead of a", times_df=lambda delta, z, a: delta * (1 - z * z)), TANH,
    words="1 - z^2 is used instead of 1 - tanh(z)^2: the formula needs the activation, and gets the pre-activation",
    origin="stackoverflow.com/questions/10626134: derivative of the activation, of its input or of its output",
)  # fmt: skip

record(
    DERIVATIVE,
    replace(TANH, name="forgets what flows back", times_df=lambda delta, z, a: 1 - a * a), TANH,
    words="the slope is not multiplied by delta", origin="site: delta, the first factor",
)  # fmt: skip

record(
    KINKS, replace(RELU, name="an undeclared kink", kinks=()), RELU,
    words="relu has a kink at 0, which the record does not name", origin="site: kinks",
)  # fmt: skip

record(
    KINKS, replace(SILU, name="steeper than it says", lipschitz=1.0), SILU,
    words="silu's slope reaches 1.0998 at z = 2.4, which is above the record's limit",
    origin="site: lipschitz",
)  # fmt: skip

record(
    "has the slopes that it names", replace(HARDTANH, name="slopes turned round", slopes=(1.0, 0.0, 1.0)), HARDTANH,
    words="the slopes in the record belong to another function, flat inside and steep outside",
    origin="site: slopes, their order",
)  # fmt: skip

record(
    DERIVATIVE, replace(TANH, name="raises", times_df=_raise), TANH,
    words="it raises an exception", origin="site: the whole",
)  # fmt: skip

record(
    GRADIENT,
    replace(MSE, name="without 1/B", grad=lambda y_hat, y: 2 * (y_hat - y)), MSE,
    words="the gradient is not divided by the number of terms, but the value is a mean", origin="site: 1 / n",
)  # fmt: skip

record(
    GRADIENT,
    replace(SQUARED, name="without the 2", grad=lambda y_hat, y: y_hat - y), SQUARED,
    words="the factor 2 of the square is missing",
    origin="Nielsen, Neural Networks and Deep Learning, ch. 1: the factor 1/2 cancels the 2; site: the 2",
)  # fmt: skip

record(
    GRADIENT,
    replace(SQUARED, name="with the sign turned", grad=lambda y_hat, y: 2 * (y - y_hat)), SQUARED,
    words="the gradient has the sign of y - y_hat and points uphill", origin="site: the inner derivative, -1",
)  # fmt: skip

record(
    GRADIENT,
    replace(SQUARED, name="not summed up", value=lambda y_hat, y: ((y - y_hat) ** 2).sum(1).mean(0, True)), SQUARED,
    words="the value is one mean per sample, but the gradient is that of the sum: return one scalar",
    origin="torch.nn.MSELoss, documentation: reduction; site: the sum over the batch",
)  # fmt: skip

record(
    "is softmax minus onehot over the batch",
    replace(ENTROPY, name="onehot forgotten", grad=lambda y_hat, y: torch.softmax(y_hat, 1) / len(y)), ENTROPY,
    words="the one-hot labels are not subtracted from the softmax",
    origin="site: - onehot(y)",
)  # fmt: skip

record(
    "is softmax minus onehot over the batch",
    replace(
        ENTROPY, name="softmax of softmax",
        grad=lambda y_hat, y: ENTROPY.grad(torch.softmax(y_hat, 1), y),
    ), ENTROPY,
    words="softmax is applied twice: the loss expects logits, and gets probabilities",
    origin="Karpathy, most common neural net mistakes (2018): softmaxed outputs where raw logits are expected",
)  # fmt: skip

record(
    "gives the same value and gradient in one call",
    replace(ENTROPY, name="a sum at once").at_once(
        lambda y_hat, y: (ENTROPY.value(y_hat, y) * len(y), ENTROPY.grad(y_hat, y))
    ), ENTROPY,
    words="computed with its gradient the value is the sum over the samples, computed alone it is their mean",
    origin="site: 1 / B, in one of two places that give the value",
)  # fmt: skip

record(
    "gives the same value and gradient in one call",
    replace(ENTROPY, name="changed in one place", grad=lambda y_hat, y: 2 * ENTROPY.grad(y_hat, y)).at_once(
        ENTROPY.evaluated
    ), ENTROPY,
    words="the gradient was changed in `grad`, but not in `both`, which computes it with the value",
    origin="site: both functions, left over when grad is replaced",
)  # fmt: skip

record(
    "agrees with differences of its value",
    # correct if the softmax is flat, otherwise off by the rounding of a logit
    replace(BINARY, name="sigmoid forgotten", grad=lambda y_hat, y: (y_hat - y) / y.numel()), BINARY,
    words="the sigmoid is missing: the logit itself is compared with the target", origin="site: sigmoid(y_hat)",
)  # fmt: skip


@dataclass(frozen=True)
class Unchecked(Loss):
    """targets of a wrong shape, dtype or range are taken as they come"""

    def check(self, y_hat: torch.Tensor, y: torch.Tensor) -> None:
        pass


@dataclass(frozen=True)
class Mute(Loss):
    """targets that do not fit are refused without a word about what is wrong"""

    def check(self, y_hat: torch.Tensor, y: torch.Tensor) -> None:
        try:
            super().check(y_hat, y)
        except ValueError:
            raise ValueError("wrong") from None


for _type, _origin in (
    (Unchecked, "torch, UserWarning: using a target size that is different to the input size; site: the check of"),
    (Mute, "site: the words of the error for"),
):
    for _loss in (ENTROPY, SQUARED):
        _same = {f.name: getattr(_loss, f.name) for f in fields(_loss) if f.init}
        _wrong = _type(**{**_same, "name": f"{_type.__name__.lower()} {_loss.name}"})
        _where = "labels" if _loss.classes else "values"
        record(
            "refuses targets that do not fit", _wrong, _loss, words=f"{_type.__doc__} ({_where})",
            origin=f"{_origin} {_where}",
        )  # fmt: skip
