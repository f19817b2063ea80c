"""Losses: one record each, the value and its derivative dL/dy_hat by hand.

y_hat is the output of the network, (B, n). Targets are values, (B, n) in the dtype of y_hat, or class labels, (B,)
int64 in 0..n-1. A mean is over all B n entries (mse, bce_with_logits) or over the B samples (cross_entropy), as in
torch. Pass a new record to `register`, and the laws run on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.base.registry import Registry
from mlp_core.tracing import without_autograd

Both = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Loss:
    """A loss: value(y_hat, y) -> scalar tensor, grad(y_hat, y) -> dL/dy_hat of the shape of y_hat.

    >>> y_hat, y = torch.tensor([[3.0]]), torch.tensor([[1.0]])
    >>> get("squared_error").value_and_grad(y_hat, y)
    (tensor(4.), tensor([[4.]]))
    """

    name: str
    value: Callable[[Tensor, Tensor], Tensor]
    grad: Callable[[Tensor, Tensor], Tensor]
    terms: Callable[[Tensor, Tensor], Tensor]
    """terms(y_hat, y): the sum of the magnitudes of the numbers that value adds up; scalar tensor"""
    grad_terms: Callable[[Tensor, Tensor], Tensor]
    """grad_terms(y_hat, y): the corresponding sum for each entry of grad"""
    classes: bool = False
    """whether targets are class labels"""
    unit_targets: bool = False
    """whether targets must be between 0 and 1"""
    exact: bool = False
    """whether grad has the same bits as autograd's of value (torch 2.13 and later, float32 and float64, CPU)"""
    both: Both | None = field(default=None, init=False)
    """both(y_hat, y) -> value and grad with the bits of each, from shared work; None if they share none"""

    def at_once(self, both: Both) -> Loss:
        """This record with a function for `both`. (dataclasses.replace always removes that function.)"""
        record = replace(self)
        object.__setattr__(record, "both", both)
        return record

    def value_and_grad(self, y_hat: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The loss (scalar) and dL/dy_hat (B, n). Raises ArgumentError for targets that do not fit y_hat."""
        self.check(y_hat, y)
        return without_autograd(self.evaluated, y_hat, y)

    def evaluated(self, y_hat: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The same without checks: the caller has checked y and disabled autograd."""
        return (self.value(y_hat, y), self.grad(y_hat, y)) if self.both is None else self.both(y_hat, y)

    def prepared(self, y: Tensor, size: int, outputs: int, dtype: torch.dtype) -> Iterable[Any]:
        """Checked targets for batches of `size` samples, one per batch, in the form for the function that `repeated`
        returns.
        """
        return _Labels(y, size, outputs, dtype) if self.both is _cross_entropy else y.split(size)

    def repeated(self, y_hat: Tensor) -> Callable[[Any], tuple[Tensor, Tensor]]:
        """A function of prepared targets: loss and dL/dy_hat for the current content of y_hat.

        dL/dy_hat is always in the same memory.
        """
        dL_dy = torch.empty_like(y_hat)
        if self.both is _cross_entropy:
            return partial(_cross_entropy_of, y_hat, torch.empty_like(y_hat), dL_dy)

        def evaluate(y: Tensor) -> tuple[Tensor, Tensor]:
            value, grad = self.evaluated(y_hat, y)
            if grad.shape != y_hat.shape or grad.dtype != y_hat.dtype:
                got = Described(f"dL/dy_hat of shape {tuple(grad.shape)} and {grad.dtype}")
                raise ArgumentError(f"loss {self.name}", got, f"shape {tuple(y_hat.shape)} and {y_hat.dtype}")
            return value, dL_dy.copy_(grad)

        return evaluate

    def check(self, y_hat: Tensor, y: Tensor) -> None:
        """Raises ArgumentError if y is not a valid target for y_hat: shape, dtype, device, NaN, labels out of range."""
        if y_hat.ndim != 2:
            raise ArgumentError("y_hat", Described(f"shape {tuple(y_hat.shape)}"), "shape (batch, outputs)")
        shape = tuple(y_hat.shape[:1] if self.classes else y_hat.shape)
        dtype = torch.int64 if self.classes else y_hat.dtype
        if tuple(y.shape) != shape:
            raise ArgumentError("y", Described(f"shape {tuple(y.shape)}"), f"shape {shape} for {self.name}")
        if y.dtype != dtype:
            raise ArgumentError("y", Described(f"dtype {y.dtype}"), f"dtype {dtype} for {self.name}")
        if y.device != y_hat.device:
            raise ArgumentError("y", Described(f"device {y.device}"), f"device {y_hat.device}, that of y_hat")
        low, high = (0, y_hat.shape[1] - 1) if self.classes else (0, 1) if self.unit_targets else (None, None)
        if not self.classes and torch.isnan(y).any():
            raise ArgumentError("y", Described("NaN"), "targets without NaN")
        if low is not None and high is not None and y.numel() and (y.min() < low or y.max() > high):
            worst = y.min() if y.min() < low else y.max()
            what = "class labels" if self.classes else "targets"
            raise ArgumentError("y", worst.item(), f"{what} from {low} to {high} for {self.name}")


_registry: Registry[Loss] = Registry("loss", Loss)
register, get, names, remove = _registry.register, _registry.get, _registry.names, _registry.remove


def _sum_of_squares(y_hat: Tensor, y: Tensor) -> Tensor:
    return ((y - y_hat) ** 2).sum()  # L = sum_s sum_i (y - y_hat)^2; the summands are its terms


def _squared_error_grad(y_hat: Tensor, y: Tensor) -> Tensor:
    return -2 * (y - y_hat)


def _squared_error_grad_terms(y_hat: Tensor, y: Tensor) -> Tensor:
    return 2 * (y - y_hat).abs()


register(Loss(
    "squared_error",
    value=_sum_of_squares, grad=_squared_error_grad, terms=_sum_of_squares, grad_terms=_squared_error_grad_terms,
    exact=True,
))  # fmt: skip


def _mse_grad(y_hat: Tensor, y: Tensor) -> Tensor:
    return (y_hat - y) * (2 / y.numel())


def _mse_terms(y_hat: Tensor, y: Tensor) -> Tensor:
    return ((y - y_hat) ** 2).mean()


def _mse_grad_terms(y_hat: Tensor, y: Tensor) -> Tensor:
    return 2 * (y - y_hat).abs() / y.numel()


register(Loss(
    "mse",
    value=F.mse_loss,  # L = 1/n sum_s sum_i (y_hat - y)^2, n = B times outputs
    grad=_mse_grad, terms=_mse_terms, grad_terms=_mse_grad_terms, exact=True,
))  # fmt: skip


SMALL = 2**20
"""the largest number of prepared target entries that are kept for all batches"""

Labels = tuple[Tensor, Tensor, Tensor | None]
"""for a batch: labels y; dL/dlog p, which depends only on y; memory for the loss"""


def _dL_dlog_p(y: Tensor, outputs: int, dtype: torch.dtype, size: int) -> Tensor:
    """-1/B at the label, where B is `size`, or the smaller number of samples in the last batch."""
    shares = torch.full((len(y), 1), -1 / size, dtype=dtype, device=y.device)
    rest = len(y) % size
    if rest:
        shares[-rest:] = -1 / rest
    return torch.zeros(len(y), outputs, dtype=dtype, device=y.device).scatter(1, y.unsqueeze(1), shares)


class _Labels:
    """The targets of one batch after the other, prepared only once if they have few entries."""

    def __init__(self, y: Tensor, size: int, outputs: int, dtype: torch.dtype) -> None:
        self.y, self.size, self.outputs, self.dtype = y, size, outputs, dtype
        self.of, self.made = y.clone(), list(self._made(y)) if len(y) * outputs <= SMALL else None

    def _made(self, y: Tensor) -> Iterator[Labels]:
        batches = y.split(self.size), _dL_dlog_p(y, self.outputs, self.dtype, self.size).split(self.size)
        values = torch.empty(len(batches[0]), dtype=self.dtype, device=y.device).unbind()
        return zip(*batches, values, strict=True)

    def __iter__(self) -> Iterator[Labels]:
        if self.made is not None:
            if not self.y.equal(self.of):  # y belongs to the caller, who may change it between epochs
                self.of, self.made = self.y.clone(), list(self._made(self.y))
            return iter(self.made)
        return chain.from_iterable(map(self._made, self.y.split(self.size)))


def _cross_entropy_of(
    y_hat: Tensor, log_p: Tensor | None, dL_dy: Tensor | None, target: Labels
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Value and gradient by way of log_p; written into memory if it is given."""
    y, dL_dlog_p, value = target
    log_p = torch._log_softmax(y_hat, 1, False, out=log_p)
    # L = -1/B sum_s log p[s, y_s]: what F.nll_loss calls, with a place for the result, and 1 for the mean
    value = torch._C._nn.nll_loss(log_p, y, None, 1, out=value)  # type: ignore[attr-defined]  # of which stubs know not
    # dL/dy_hat = (softmax(y_hat) - onehot(y)) / B, through the kernel that autograd calls: the last bit depends on it
    return value, torch._log_softmax_backward_data(dL_dlog_p, log_p, 1, y_hat.dtype, out=dL_dy)


def _cross_entropy(y_hat: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    return _cross_entropy_of(y_hat, None, None, (y, _dL_dlog_p(y, y_hat.shape[1], y_hat.dtype, len(y)), None))


def _cross_entropy_grad(y_hat: Tensor, y: Tensor) -> Tensor:
    return _cross_entropy(y_hat, y)[1]


def _cross_entropy_terms(y_hat: Tensor, y: Tensor) -> Tensor:
    return (1 + y_hat.shape[1] + 2 * y_hat.abs().amax(dim=1)).mean()


def _cross_entropy_grad_terms(y_hat: Tensor, y: Tensor) -> Tensor:
    # softmax - onehot; softmax = exp(y_hat - max - log sum) carries the rounding of its exponent
    exponent = y_hat.abs() + y_hat.abs().amax(1, keepdim=True)
    return (torch.softmax(y_hat, 1) * (2 + exponent) + 1) / len(y)


register(Loss(
    "cross_entropy",
    value=F.cross_entropy,  # L = 1/B sum_s (log sum_j e^y_hat[s, j] - y_hat[s, y_s])
    grad=_cross_entropy_grad, terms=_cross_entropy_terms, grad_terms=_cross_entropy_grad_terms,
    classes=True, exact=True,
).at_once(_cross_entropy))  # fmt: skip


def _bce_with_logits_grad(y_hat: Tensor, y: Tensor) -> Tensor:
    return (torch.sigmoid(y_hat) - y) / y.numel()


def _bce_with_logits_terms(y_hat: Tensor, y: Tensor) -> Tensor:
    return (1 + 2 * y_hat.abs()).mean()


def _bce_with_logits_grad_terms(y_hat: Tensor, y: Tensor) -> Tensor:
    return (torch.sigmoid(y_hat) + y.abs()) / y.numel()


register(Loss(
    "bce_with_logits",
    value=F.binary_cross_entropy_with_logits,  # L = 1/n sum (log(1 + e^y_hat) - y y_hat)
    grad=_bce_with_logits_grad, terms=_bce_with_logits_terms, grad_terms=_bce_with_logits_grad_terms,
    unit_targets=True, exact=True,
))  # fmt: skip
