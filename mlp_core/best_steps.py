"""Difference quotients of a network's loss with the best step for each entry, and an error bound for each.

A single step for all entries is too long if an input is large, because a weight that moves by h moves a pre-activation
by h times its input. It is lost in rounding if the loss is large. Here each entry moves its pre-activations by about
`step` times each of FACTORS, and the quotient with the smallest sum of truncation and rounding is used.

If the loss is far larger than its change, no step of a parameter is large enough. The chain rule separates the two
factors then: dL/dy_hat is a quotient of the loss alone, with a step that suits its size, and dy_hat/dtheta a quotient
of the outputs, which are not rounded like the loss.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mlp_core import rounding
from mlp_core.differences import BLOCK, by_parameters, crosses_kink, farthest_outputs, through_outputs
from mlp_core.losses import Loss
from mlp_core.model import MLP

FACTORS = (2.0**-8, 1.0, 2.0**6, 2.0**12)
"""factors of the step; with gradcheck.STEP, the steps range from 3e-8 to 3e-2"""

LONGEST = 960
"""the exponent of the largest factor of a step, for activations that are almost 0: the longest step stays finite"""


def scaled(model: MLP, x: Tensor, step: float) -> Tensor:
    """For every entry of model.flat, a step that moves its pre-activations by `step`, up to a factor of 2.

    >>> model = MLP([1, 1], dtype=torch.float64)
    >>> scaled(model, torch.full((1, 1), 1000.0, dtype=torch.float64), 1.0)[0].item() == 2.0**-9
    True
    """
    steps = torch.full_like(model.flat, step)
    for a, W in zip(model.trace(x).a[:-1], model.layout.views(steps)[::2], strict=True):
        largest = a.abs().amax(dim=0)
        exponents = (1 - torch.frexp(largest)[1]).double().clamp(max=LONGEST)  # exp2 of an int32 would be a float32
        W.mul_(torch.where(largest > 0, torch.exp2(exponents), 1.0))
    return steps


def by_best_steps(model: MLP, x: Tensor, y: Tensor, loss: Loss, step: float) -> tuple[Tensor, Tensor]:
    """(dJ/dtheta, its error bound), in the layout of model.flat; the bound is infinite if every step crosses a kink.

    Truncation: D(h) = J' + h^2/6 J''' + O(h^4), so that D(2h) - D(h) is three times that of D(h); twice the difference
    is allowed. Rounding: both losses err by `rounding.of_loss`, and their quotient by four operations. By the chain
    rule, the outputs are truncated and rounded alike, and the slopes of the loss have a bound of their own.
    """
    best, bound = torch.zeros_like(model.flat), torch.full_like(model.flat, torch.inf)
    steps, u = scaled(model, x, step), rounding.unit_roundoff(torch.float64)
    trace = model.trace(x)
    slopes, unsure = slopes_of_loss(loss, trace.output.detach(), y)
    for factor in FACTORS:
        h = factor * steps
        aside, kinks = farthest_outputs(model, x, h), crosses_kink(model, x, 2 * h)
        fine, coarse = (by_parameters(model, x, y, loss, k * h) for k in (1, 2))
        chained, own = through_outputs(model, x, h, slopes, unsure)
        wider, _ = through_outputs(model, x, 2 * h, slopes, unsure)
        for at, twice, error in (
            (fine, coarse, rounding.of_loss(model, trace, loss, y, aside) / h),
            (chained, wider, rounding.of_slopes(model, trace, slopes, aside) / h + own),
        ):
            off = 2 * (twice - at).abs() + error + 4 * u * at.abs()
            off = torch.where(kinks | ~off.isfinite(), torch.inf, off)
            best, bound = torch.where(off < bound, at, best), torch.minimum(bound, off)
    return best, bound


def slopes_of_loss(loss: Loss, y_hat: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """(dL/dy_hat, its error bound) by central differences of the loss, whose size determines the step.

    The losses err by E. In a convex loss, the one-sided quotients are below and above the slope for every step h:
    their distance of about h L'' plus the rounding 2 E / h is smallest near h = sqrt(E), since L'' is at most 2.
    D(2h) - D(h) is added for a loss that is not convex.

    >>> from mlp_core import losses
    >>> y_hat, y = torch.ones(1, 1, dtype=torch.float64), torch.full((1, 1), 2.0**30, dtype=torch.float64)
    >>> slope, off = slopes_of_loss(losses.get("mse"), y_hat, y)
    >>> abs(slope.item() - 2 * (1 - 2.0**30)) < off.item() < 1e-6 * 2.0**30
    True
    """
    size, u = rounding.gamma(y_hat.numel() + 2 * rounding.ELEMENTARY, y_hat.dtype), rounding.unit_roundoff(y_hat.dtype)
    with torch.no_grad():
        error = size * loss.terms(y_hat, y).abs().item()
        largest = y_hat.abs().amax().item() if y_hat.numel() else 0.0
        h = max(math.sqrt(error), math.sqrt(u) * largest, torch.finfo(y_hat.dtype).tiny)
        ends = [loss.terms(y_hat + k * h, y).abs().item() for k in (-2, 2)]
        error = max(error, *(size * end for end in ends))
        value, flat = loss.value(y_hat, y), y_hat.reshape(-1)
        values = torch.vmap(loss.value, in_dims=(0, None))
        slopes, off = torch.empty_like(flat), torch.empty_like(flat)
        for index in torch.arange(len(flat), device=flat.device).split(max(1, BLOCK // (4 * len(flat)))):
            points, row = flat.repeat(4, len(index), 1), torch.arange(len(index), device=flat.device)
            points[:, row, index] += h * flat.new_tensor([[1.0], [-1.0], [2.0], [-2.0]])
            at = points[:, row, index]
            up, down, far_up, far_down = values(points.view(-1, *y_hat.shape), y).view(4, -1)
            slope, wider = (up - down) / (at[0] - at[1]), (far_up - far_down) / (at[2] - at[3])
            apart = ((up - value) / (at[0] - flat[index]) - (value - down) / (flat[index] - at[1])).abs()
            slopes[index], off[index] = slope, apart + 2 * (wider - slope).abs() + 2 * error / h
    return slopes.view(y_hat.shape), off.view(y_hat.shape)
