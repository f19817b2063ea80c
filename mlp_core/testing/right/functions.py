"""Correct gradients of functions that are not networks, a training loop and normalisations, each written in its own
way.

No law may fail for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.model import MLP
from mlp_core.normalise import Normalisation
from mlp_core.testing.faults.training.loop import Loop
from mlp_core.training import History

_numbers = st.lists(st.integers(-24, 24), min_size=20, max_size=20)


def softmax_regression(params: list[Tensor], X: Tensor, labels: Tensor) -> Tensor:
    """The summed cross-entropy of X W^T + b."""
    W, b = params
    logits = X @ W.T + b
    return (torch.logsumexp(logits, 1) - logits.gather(1, labels[:, None])[:, 0]).sum()


def softmax_gradient(params: list[Tensor], X: Tensor, labels: Tensor) -> list[Tensor]:
    """softmax - onehot, as quotients of exponentials, sample by sample."""
    W, b = params
    dW, db = torch.zeros_like(W), torch.zeros_like(b)
    for x, label in zip(X, labels, strict=True):
        logits = W @ x + b
        e = torch.exp(logits - logits.max())
        delta = e / e.sum()
        delta[label] -= 1
        dW += torch.outer(delta, x)
        db += delta
    return [dW, db]


def _softmax_inputs(k: list[int]) -> tuple[list[Tensor], Tensor, Tensor]:
    values = torch.tensor(k, dtype=torch.float64) / 12
    return [values[:6].view(3, 2), values[6:9]], values[9:17].view(4, 2), torch.tensor(k[16:]) % 3


def distances(params: list[Tensor], points: Tensor) -> Tensor:
    """Smoothed distances of a point to others: sum_k sqrt(1 + |p - x_k|^2)."""
    return torch.sqrt(1 + (params[0] - points).square().sum(1)).sum()


def distances_gradient(params: list[Tensor], points: Tensor) -> list[Tensor]:
    """sum_k (p - x_k) / sqrt(1 + |p - x_k|^2), as a product of weights and points."""
    weights = torch.rsqrt(1 + torch.linalg.vector_norm(params[0] - points, dim=1) ** 2)
    return [weights.sum() * params[0] - weights @ points]


def _distance_inputs(k: list[int]) -> tuple[list[Tensor], Tensor]:
    values = torch.tensor(k, dtype=torch.float64) / 7
    return [values[:4]], values[4:].view(4, 4)


def quadratic(params: list[Tensor], A: Tensor) -> Tensor:
    """x^T A x / 2 + sum log(1 + y^2), with two independent parameters."""
    x, y = params
    return x @ A @ x / 2 + torch.log1p(y * y).sum()


def quadratic_gradient(params: list[Tensor], A: Tensor) -> list[Tensor]:
    """(A + A^T) x / 2 added up column by column; 2 y / (1 + y^2)."""
    x, y = params
    symmetric = (A + A.T) / 2
    return [sum((symmetric[:, j] * x[j] for j in range(len(x))), torch.zeros_like(x)), 2 / (1 + y**2) * y]


def _quadratic_inputs(k: list[int]) -> tuple[list[Tensor], Tensor]:
    values = torch.tensor(k, dtype=torch.float64) / 12
    return [values[:3], values[3:7].view(2, 2)], values[7:16].view(3, 3)


GRADIENTS = (
    (softmax_regression, softmax_gradient, _numbers.map(_softmax_inputs)),
    (distances, distances_gradient, _numbers.map(_distance_inputs)),
    (quadratic, quadratic_gradient, _numbers.map(_quadratic_inputs)),
)


class _Copied(Loop):
    """Autograd whatever `gradients` says, and batches copied out of the data, as by a DataLoader: matrix products round
    differently in other memory.
    """

    def batches(self) -> Iterator[Any]:
        return iter(self.order().split(self.batch_size))


def copies_its_batches(model: MLP, x: Tensor, y: Tensor, **options: Any) -> History:
    """A training loop in pieces, by autograd, with copied batches."""
    return _Copied(model, x, y, **options).run()


def channel_by_channel(training: Tensor, validation: Tensor, test: Tensor) -> tuple[list[Tensor], Normalisation]:
    """The mean image by image (Welford's update), the deviation in a second pass; then x * (1/std) - mean/std."""
    mean, std = [], []
    for channel in training.double().transpose(0, 1):
        average = torch.zeros((), dtype=torch.float64)
        for count, image in enumerate(channel, start=1):
            average = average + (image.mean() - average) / count
        constant = bool((channel == channel.flatten()[0]).all())
        mean.append(channel.flatten()[0] if constant else average)
        std.append(torch.ones_like(average) if constant else ((channel - average) ** 2).mean().sqrt())
    record = Normalisation(torch.stack(mean), torch.stack(std))
    factor, shift = (1 / record.std)[:, None, None], (record.mean / record.std)[:, None, None]
    return [(split * factor - shift).to(split.dtype) for split in (training, validation, test)], record


FITS: tuple[Any, ...] = (copies_its_batches,)

NORMALISATIONS: tuple[Any, ...] = (channel_by_channel,)
