"""Wrong gradients of a function that is not a network: a ridge regression with a logistic link and a hinge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.testing import subjects
from mlp_core.testing.faults.catalogue import Catalogue

CATALOGUE = Catalogue()

numbers = st.lists(st.integers(-24, 24), min_size=16, max_size=16)


def _inputs(k: list[int]) -> tuple[list[Tensor], Tensor, Tensor, float]:
    values = torch.tensor(k, dtype=torch.float64) / 12
    return [values[:3] + 0.01, values[3] + 0.02], values[4:13].view(3, 3), values[13:], 0.3


INPUTS = numbers.map(_inputs)


def loss(params: list[Tensor], X: Tensor, y: Tensor, ridge: float) -> Tensor:
    w, b = params
    z = X @ w + b
    return (torch.sigmoid(z) - y).square().sum() + torch.relu(z).sum() + ridge * (w @ w)


def right(params: list[Tensor], X: Tensor, y: Tensor, ridge: float) -> list[Tensor]:
    w, b = params
    z = X @ w + b
    s = torch.sigmoid(z)
    delta = 2 * (s - y) * s * (1 - s) + (z > 0).double()
    return [X.T @ delta + 2 * ridge * w, delta.sum()]


def function(gradient: Any) -> Any:
    return subjects.gradient(loss, gradient, INPUTS)


def caught_by(*laws: str, origin: str) -> Callable[[Any], Any]:
    return CATALOGUE.caught_by(*laws, right=right, origin=origin, subject=function, examples=60, loss=loss)


@caught_by("equals autograd everywhere", "agrees with difference quotients", origin="site: 2 ridge w")
def forgets_the_ridge(params: list[Tensor], X: Tensor, y: Tensor, ridge: float) -> list[Tensor]:
    """the derivative of the penalty, 2 ridge w, is missing"""
    w, b = right(params, X, y, ridge)
    return [w - 2 * ridge * params[0], b]


@caught_by(
    "equals autograd everywhere", origin="site: a constant with ten digits, such as 1.414213562 for the root of 2"
)
def is_off_by_one_in_ten_billion(params: list[Tensor], X: Tensor, y: Tensor, ridge: float) -> list[Tensor]:
    """the gradient of the bias has a relative error of 1e-10"""
    w, b = right(params, X, y, ridge)
    return [w, b * (1 + 1e-10)]


@caught_by("equals autograd everywhere", origin="site: the list that is returned")
def gives_one_tensor_too_few(params: list[Tensor], X: Tensor, y: Tensor, ridge: float) -> list[Tensor]:
    """no gradient is returned for the bias"""
    return right(params, X, y, ridge)[:1]


@caught_by("repeats itself without side effects", origin="site: X -= mean, in the caller's array")
def centres_its_data(params: list[Tensor], X: Tensor, y: Tensor, ridge: float) -> list[Tensor]:
    """the data that it is given are centred in place"""
    X.sub_(X.mean() + 1)
    return right(params, X, y, ridge)


@caught_by("equals autograd everywhere", origin="site: (s - y) s (1 - s), its last factor")
def forgets_the_slope_of_the_link(params: list[Tensor], X: Tensor, y: Tensor, ridge: float) -> list[Tensor]:
    """the derivative of the sigmoid is left out, which is correct only for the cross-entropy"""
    w, b = params
    z = X @ w + b
    delta = 2 * (torch.sigmoid(z) - y) + (z > 0).double()
    return [X.T @ delta + 2 * ridge * w, delta.sum()]


@caught_by("agrees with difference quotients", origin="site: X^T delta, the transpose (X is square here)")
def forgets_the_transpose(params: list[Tensor], X: Tensor, y: Tensor, ridge: float) -> list[Tensor]:
    """X is used instead of its transpose, which raises no error because X is square"""
    w, b = params
    z = X @ w + b
    s = torch.sigmoid(z)
    delta = 2 * (s - y) * s * (1 - s) + (z > 0).double()
    return [X @ delta + 2 * ridge * w, delta.sum()]


@caught_by(
    "repeats itself without side effects", origin="PyTorch, FAQ: don't accumulate history across your training loop"
)
def leaves_a_graph(params: list[Tensor], X: Tensor, y: Tensor, ridge: float) -> list[Tensor]:
    """the gradient is computed from parameters that require a gradient, and keeps their graph"""
    return right([p.requires_grad_() for p in params], X, y, ridge)
