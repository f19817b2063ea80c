"""The step of every entry of a parameter, the places of its entries, and its largest one."""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor

from mlp_core.quotients import STEP


def steps_of(theta: Tensor) -> Tensor:
    """STEP for every entry; for entries above 1, the same fraction of them, as a power of two."""
    return STEP * torch.exp2(torch.frexp(theta.nan_to_num())[1].clamp(min=0).double())


def places(tensor: Tensor) -> list[tuple[int, ...]]:
    """The index of every entry."""
    return list(product(*map(range, tensor.shape)))


def largest(tensor: Tensor) -> float:
    """The largest magnitude of the finite entries; 0 if there are none."""
    finite = tensor[tensor.isfinite()].abs()
    return finite.amax().item() if finite.numel() else 0.0
