"""Many networks of one architecture at once: each row of `flats` (K, size) holds the parameters of one."""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor

from mlp_core.losses import Loss
from mlp_core.model import MLP


def pre_activations(model: MLP, flats: Tensor, x: Tensor) -> tuple[list[Tensor], Tensor]:
    """z[1..L], each (K, B, n_l), and the outputs (K, B, n_L)."""
    a, zs = x.expand(len(flats), *x.shape), []
    for layer, f in enumerate(model.activations, start=1):
        W, b = (_stacked(model, flats, i) for i in (2 * layer - 2, 2 * layer - 1))
        zs.append(torch.baddbmm(b[:, None, :], a, W.transpose(1, 2)))  # z[l] = a[l-1] W[l]^T + b[l]
        a = f.f(zs[-1])
    return zs, a


def losses_at(model: MLP, flats: Tensor, x: Tensor, y: Tensor, loss: Loss) -> Tensor:
    """The losses (K,)."""
    _, outputs = pre_activations(model, flats, x)
    return torch.vmap(loss.value, in_dims=(0, None))(outputs, y)


def _stacked(model: MLP, flats: Tensor, index: int) -> Tensor:
    """One tensor per network: (K, size) -> (K, *shape)."""
    offset, shape = model.layout.offsets[index], model.layout.shapes[index]
    return flats[:, offset : offset + prod(shape)].view(len(flats), *shape)
