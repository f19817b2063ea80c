"""Central differences of the loss by every parameter of a network, layer by layer.

To move one entry of W[l] or b[l] moves one column of z[l] and a[l], so that all below is evaluated once, and all moved
entries of a layer go through the layers above as one batch:

    z[l]_i +- = [a[l-1], 1] ([W[l], b[l]]_i +- h e_j)^T        a[l]_i +- = f_l(z[l]_i +-)
    J+- = L(f_L(... W[l+1] a[l] +- ...), y)

Nothing of it knows of derivatives: it is the loss, evaluated at other weights.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mlp_core.losses import Loss
from mlp_core.model import MLP, Trace

BLOCK = 2**20
"""numbers of a layer that are evaluated at a time: 8 MiB in float64"""


def by_parameters(model: MLP, x: Tensor, y: Tensor, loss: Loss, step: float) -> Tensor:
    """(J(theta + h e_i) - J(theta - h e_i)) / (2 h) for every entry, laid out as model.flat.

    The divisor is the distance of the two points as rounded.

    >>> from mlp_core import losses
    >>> model = MLP([1, 1], dtype=torch.float64)
    >>> x, y = torch.ones(1, 1, dtype=torch.float64), torch.zeros(1, 1, dtype=torch.float64)
    >>> slopes = by_parameters(model, x, y, losses.get("mse"), 2.0**-10)
    >>> torch.allclose(slopes[0], 2 * model(x).detach())
    True
    """
    flat = torch.zeros_like(model.flat)
    views = model.layout.views(flat)
    with torch.no_grad():
        trace = model.trace(x)
        size = max(1, BLOCK // (2 * len(x) * max(model.sizes)))
        for layer in range(1, model.L + 1):
            theta = torch.cat([model.weights[layer - 1], model.biases[layer - 1][:, None]], dim=1)  # [W[l], b[l]]
            slopes = torch.empty_like(theta)
            for index in torch.arange(theta.numel(), device=x.device).split(size):
                unit, entry = index // theta.shape[1], index % theta.shape[1]
                a, distance = _moved(model, trace, layer, theta, unit, entry, step)
                plus, minus = _losses(model, layer, a, y, loss).view(2, -1)
                slopes[unit, entry] = (plus - minus) / distance
            views[2 * layer - 2].copy_(slopes[:, :-1])
            views[2 * layer - 1].copy_(slopes[:, -1])
    return flat


def _moved(
    model: MLP, trace: Trace, layer: int, theta: Tensor, unit: Tensor, entry: Tensor, step: float
) -> tuple[Tensor, Tensor]:
    """a[l] (2 K, B, n_l) of networks with one entry of `theta` moved up and, in the second half, down, and the distance
    of the two points (K,)."""
    row, a = torch.arange(len(unit), device=unit.device), trace.a[layer - 1]
    rows = theta[unit].repeat(2, 1, 1)
    rows[0, row, entry] += step
    rows[1, row, entry] -= step
    column = rows.flatten(0, 1) @ torch.cat([a, a.new_ones(len(a), 1)], dim=1).t()  # z[l]_i of all samples
    moved = trace.a[layer].repeat(2 * len(unit), 1, 1)
    moved[torch.arange(len(moved), device=unit.device), :, unit.repeat(2)] = model.activations[layer - 1].f(column)
    return moved, rows[0, row, entry] - rows[1, row, entry]


def _losses(model: MLP, layer: int, a: Tensor, y: Tensor, loss: Loss) -> Tensor:
    """The losses (2 K,) of networks by their activations a[l] (2 K, B, n_l)."""
    networks, rows = a.shape[:2]
    a = a.flatten(0, 1)
    for f, W, b in zip(model.activations[layer:], model.weights[layer:], model.biases[layer:], strict=True):
        a = f.f(torch.addmm(b, a, W.t()))
    return torch.vmap(loss.value, in_dims=(0, None))(a.view(networks, rows, -1), y)
