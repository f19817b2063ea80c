"""Central differences of the loss with respect to every parameter of a network, layer by layer.

If one entry (i, j) of [W[l], b[l]] moves, then one unit i of z[l] and a[l] moves. All layers below are evaluated once.
In z[l] and z[l+1] only the term with this entry, or this unit, changes. All moved entries of a layer go through the
layers above as one batch:

    z[l]_i +- = z[l]_i +- h [a[l-1], 1]_j                                  a[l]_i +- = f_l(z[l]_i +-)
    z[l+1] +- = z[l+1] + (a[l]_i +- - a[l]_i) W[l+1]_{., i}^T
    J+- = L(f_L(... f_{l+1}(z[l+1] +-) ...), y)

No derivative is used: this is the loss, evaluated at other weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from mlp_core.activations import Activation
from mlp_core.losses import Loss
from mlp_core.model import MLP, Trace

BLOCK = 2**20
"""the number of entries of a layer that are evaluated at once: 8 MiB in float64"""


class Moved(NamedTuple):
    """K networks: in each, one entry (i, j) of [W[l], b[l]] is moved up, and in the second half of the rows down."""

    layer: int
    unit: Tensor
    """i, (K,)"""
    entry: Tensor
    """j, (K,)"""
    distance: Tensor
    """the distance between the two points, (K,)"""
    z: list[Tensor]
    """z[l]_i (2 K, B), then z[l+1], ..., z[L], each (2 K, B, n)"""
    outputs: Tensor
    """(2 K, B, n_L)"""


def by_parameters(model: MLP, x: Tensor, y: Tensor, loss: Loss, step: float | Tensor) -> Tensor:
    """(J(theta + h e_i) - J(theta - h e_i)) / (2 h) for every entry, in the layout of model.flat; the steps h may have
    that layout too.

    The divisor is the distance of the two points as rounded.

    >>> from mlp_core import losses
    >>> model = MLP([1, 1], dtype=torch.float64)
    >>> x, y = torch.ones(1, 1, dtype=torch.float64), torch.zeros(1, 1, dtype=torch.float64)
    >>> slopes = by_parameters(model, x, y, losses.get("mse"), 2.0**-10)
    >>> torch.allclose(slopes[0], 2 * model(x).detach())
    True
    """
    flat = torch.zeros_like(model.flat)
    views, values = model.layout.views(flat), torch.vmap(loss.value, in_dims=(0, None))
    with torch.no_grad():
        for moved in _moved(model, model.trace(x), step):
            plus, minus = values(moved.outputs, y).view(2, -1)
            _write(views, moved, (plus - minus) / moved.distance)
    return flat


def crosses_kink(model: MLP, x: Tensor, step: float | Tensor) -> Tensor:
    """For each entry of model.flat: whether some pre-activation changes its side of a kink or bend within +- step."""
    crossing = torch.zeros(len(model.flat), dtype=torch.bool, device=x.device)
    if not any(f.kinks or f.bends for f in model.activations):
        return crossing
    views, trace = model.layout.views(crossing), model.trace(x)
    here = [_sides(f, z) for f, z in zip(model.activations, trace.z[1:], strict=True)]
    with torch.no_grad():
        for moved in _moved(model, trace, step):
            own = here[moved.layer - 1].transpose(0, 1)[moved.unit.repeat(2)]
            sides = zip(model.activations[moved.layer - 1 :], moved.z, [own, *here[moved.layer :]], strict=True)
            crossed = torch.stack([(_sides(f, z) != side).flatten(1).any(dim=1) for f, z, side in sides])
            _write(views, moved, crossed.any(dim=0).view(2, -1).any(dim=0))
    return crossing


def farthest_outputs(model: MLP, x: Tensor, step: float | Tensor) -> Tensor:
    """The largest change of each output when one entry moves by its step: (B, n_L).

    >>> model = MLP([1, 1], dtype=torch.float64)
    >>> farthest_outputs(model, torch.full((1, 1), 4.0, dtype=torch.float64), 0.25).item()
    1.0
    """
    trace = model.trace(x)
    farthest = torch.zeros_like(trace.output)
    with torch.no_grad():
        for moved in _moved(model, trace, step):
            torch.maximum(farthest, (moved.outputs - trace.output).abs().amax(dim=0), out=farthest)
    return farthest


def through_outputs(
    model: MLP, x: Tensor, step: float | Tensor, slopes: Tensor, off: Tensor
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """sum_k dL/dy_hat_k dy_hat_k/dtheta_i for every entry i, in the layout of model.flat, where the slopes dL/dy_hat
    are given and the outputs are differenced; and the largest share of it that the slopes' errors `off` explain.

    >>> model = MLP([1, 1], dtype=torch.float64)
    >>> one = torch.ones(1, 1, dtype=torch.float64)
    >>> through_outputs(model, 4 * one, 0.25, 3 * one, 0.5 * one)[0][0].item()
    12.0
    """
    both = torch.zeros_like(model.flat), torch.zeros_like(model.flat)
    with torch.no_grad():
        for moved in _moved(model, model.trace(x), step):
            plus, minus = moved.outputs.view(2, -1, *slopes.shape)
            change = (plus - minus) / moved.distance[:, None, None]
            for flat, terms in zip(both, (slopes * change, off * change.abs()), strict=True):
                _write(model.layout.views(flat), moved, terms.flatten(1).sum(dim=1))
    return both


def _sides(f: Activation, z: Tensor) -> Tensor:
    """The side of each kink on which every pre-activation is, 0 if it is exactly on the kink: (*z.shape, kinks)."""
    return torch.stack([(z - edge).sign() for edge in (*f.kinks, *f.bends)] or [torch.zeros_like(z)], dim=-1)


def _write(views: list[Tensor], moved: Moved, values: Tensor) -> None:
    """Write the values (K,) of the moved entries to their places."""
    W, b = views[2 * moved.layer - 2 : 2 * moved.layer]
    of_bias = moved.entry == W.shape[1]
    W[moved.unit[~of_bias], moved.entry[~of_bias]] = values[~of_bias]
    b[moved.unit[of_bias]] = values[of_bias]


def _moved(model: MLP, trace: Trace, step: float | Tensor) -> Iterator[Moved]:
    """All entries of all layers, one block at a time."""
    x = trace.a[0]
    for layer in range(1, model.L + 1):
        theta = torch.cat([model.weights[layer - 1], model.biases[layer - 1][:, None]], dim=1)
        h = step
        if isinstance(step, Tensor):
            of_weights, of_biases = model.layout.views(step)[2 * layer - 2 : 2 * layer]
            h = torch.cat([of_weights, of_biases[:, None]], dim=1)
        up, down = (theta + h) - theta, (theta - h) - theta  # +- h as rounded
        z, a = trace.z[layer].t(), torch.cat([trace.a[layer - 1], x.new_ones(len(x), 1)], dim=1).t()
        size = max(1, BLOCK // (2 * len(x) * max(model.sizes[layer:])))
        for index in torch.arange(theta.numel(), device=x.device).split(size):
            unit, entry = index // theta.shape[1], index % theta.shape[1]
            both, units = torch.cat([up[unit, entry], down[unit, entry]]), unit.repeat(2)
            column = torch.addcmul(z[units], both[:, None], a[entry.repeat(2)])
            above, outputs = _above(model, trace, layer, units, model.activations[layer - 1].f(column))
            yield Moved(layer, unit, entry, (up - down)[unit, entry], [column, *above], outputs)


def _above(model: MLP, trace: Trace, layer: int, unit: Tensor, moved: Tensor) -> tuple[list[Tensor], Tensor]:
    """z[l+1], ..., z[L] and the outputs of networks, from the activations (2 K, B) of the one moved unit of layer l in
    each.
    """
    networks, rows = moved.shape
    if layer == model.L:
        outputs = trace.output.repeat(networks, 1, 1)
        outputs[torch.arange(networks, device=unit.device), :, unit] = moved
        return [], outputs
    change, column = moved - trace.a[layer].t()[unit], model.weights[layer].t()[unit]
    zs = [torch.addcmul(trace.z[layer + 1], change[:, :, None], column[:, None, :])]
    for f, W, b in zip(
        model.activations[layer:-1], model.weights[layer + 1 :], model.biases[layer + 1 :], strict=True
    ):  # fmt: skip
        zs.append(torch.addmm(b, f.f(zs[-1]).flatten(0, 1), W.t()).view(networks, rows, -1))
    return zs, model.activations[-1].f(zs[-1])
