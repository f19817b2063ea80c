"""Shared by tests of gradient checking: vectors, and a network with a batch."""

from __future__ import annotations

import torch
from torch import Tensor

from mlp_core import MLP


def t(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def fitted(activation: str = "tanh") -> tuple[MLP, Tensor, Tensor]:
    """A network with a batch of 7 and targets, all of ordinary size."""
    generator = torch.Generator().manual_seed(2)
    model = MLP([4, 6, 5, 3], activation=activation, dtype=torch.float64, generator=generator)
    x, y = (torch.randn(7, n, generator=generator, dtype=torch.float64) for n in (4, 3))
    return model, x, y
