"""Difference quotients of a network's loss with the best step for each entry, and an error bound for each.

A single step for all entries is too long if an input is large, because a weight that moves by h moves a pre-activation
by h times its input. It is lost in rounding if the loss is large. Here each entry moves its pre-activations by about
`step` times each of FACTORS, and the quotient with the smallest sum of truncation and rounding is used.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mlp_core import rounding
from mlp_core.differences import by_parameters, crosses_kink, farthest_outputs
from mlp_core.losses import Loss
from mlp_core.model import MLP

FACTORS = (2.0**-8, 1.0, 2.0**6, 2.0**12)
"""factors of the step; with gradcheck.STEP, the steps range from 3e-8 to 3e-2"""


def scaled(model: MLP, x: Tensor, step: float) -> Tensor:
    """For every entry of model.flat, a step that moves its pre-activations by `step`, up to a factor of 2.

    >>> model = MLP([1, 1], dtype=torch.float64)
    >>> scaled(model, torch.full((1, 1), 1000.0, dtype=torch.float64), 1.0)[0].item() == 2.0**-9
    True
    """
    steps = torch.full_like(model.flat, step)
    for a, W in zip(model.trace(x).a[:-1], model.layout.views(steps)[::2], strict=True):
        largest = a.abs().amax(dim=0)
        W.mul_(torch.where(largest > 0, torch.exp2(1.0 - torch.frexp(largest)[1]), 1.0))
    return steps


def by_best_steps(model: MLP, x: Tensor, y: Tensor, loss: Loss, step: float) -> tuple[Tensor, Tensor]:
    """(dJ/dtheta, its error bound), in the layout of model.flat; the bound is infinite if every step crosses a kink.

    Truncation: D(h) = J' + h^2/6 J''' + O(h^4), so that D(2h) - D(h) is three times that of D(h); twice the difference
    is allowed. Rounding: both losses err by `rounding.of_loss`, and their quotient by four operations.
    """
    best, bound = torch.zeros_like(model.flat), torch.full_like(model.flat, torch.inf)
    steps, u = scaled(model, x, step), rounding.unit_roundoff(torch.float64)
    for factor in FACTORS:
        h = factor * steps
        fine, coarse = (by_parameters(model, x, y, loss, k * h) for k in (1, 2))
        error = rounding.of_loss(model, model.trace(x), loss, y, farthest_outputs(model, x, h))
        off = 2 * (coarse - fine).abs() + error / h + 4 * u * fine.abs()
        off = torch.where(crosses_kink(model, x, 2 * h) | ~off.isfinite(), torch.inf, off)
        best, bound = torch.where(off < bound, fine, best), torch.minimum(bound, off)
    return best, bound
