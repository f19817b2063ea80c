"""Error bounds: for one rounding, for many, and for the computed outputs and loss of a network.

Notation: u is the unit roundoff of a dtype, gamma_n = n u / (1 - n u) (Higham, *Accuracy and Stability of Numerical
Algorithms*, 2nd ed., ch. 3).
"""

from __future__ import annotations

import torch
from torch import Tensor

from mlp_core.losses import Loss
from mlp_core.model import MLP, Trace

ELEMENTARY = 8
"""Assumption: exp, log, tanh, erf, sigmoid of torch on CPU have an error of at most 8 roundings (4 ulp) of a normal
result; a subnormal result may be 0 (sigmoid(-92) in float32 is 0, e^-92 is not)"""


def unit_roundoff(dtype: torch.dtype) -> float:
    """u: half the distance from 1 to the next number.

    >>> unit_roundoff(torch.float64) == 2.0**-53
    True
    """
    return torch.finfo(dtype).eps / 2


def gamma(n: float, dtype: torch.dtype) -> float:
    """n u / (1 - n u).

    >>> gamma(2, torch.float64) > 2.0**-52
    True
    """
    nu = n * unit_roundoff(dtype)
    return nu / (1 - nu)


def of_outputs(model: MLP, trace: Trace) -> list[Tensor]:
    """Bounds on the distance of the computed a[0..L] from the exact ones, per entry (float64).

    E_a[0] = 0;  E_z[l] = |W| E_a[l-1] + gamma_{n+1} (|a| |W|^T + |b|);  E_a[l] = Lip_f E_z[l] + ELEMENTARY u (|a| + 1),
    doubled against second-order terms.
    """
    dtype = model.flat.dtype
    errors = [torch.zeros_like(trace.a[0], dtype=torch.float64)]
    for layer, f in enumerate(model.activations, start=1):
        W, b = (t.detach().double().abs() for t in (model.weights[layer - 1], model.biases[layer - 1]))
        a = trace.a[layer - 1].double().abs()
        e_z = errors[-1] @ W.T + gamma(W.shape[1] + 1, dtype) * (a @ W.T + b)
        own = 0.0 if f.slopes else ELEMENTARY * unit_roundoff(dtype) * (trace.a[layer].double().abs() + 1)
        errors.append(2 * (f.lipschitz * e_z + own))
    return errors


def of_objective(model: MLP, trace: Trace, terms: Tensor, dL_dy: Tensor) -> float:
    """A bound on the distance of a computed objective from the exact one.

    The error E of the output enters with |dL/dy| E + E^2 (every loss here has second derivatives of at most 2); the
    loss itself errs by gamma of its roundings, ELEMENTARY and one per term, times `terms`, the magnitudes it adds up.
    """
    e = of_outputs(model, trace)[-1]
    own = gamma(trace.output.numel() + 2 * ELEMENTARY, model.flat.dtype) * terms
    return (dL_dy.double().abs() * e + e * e).sum().item() + own.item() + torch.finfo(torch.float64).tiny


def of_slopes(model: MLP, trace: Trace, slopes: Tensor, aside: Tensor) -> float:
    """A bound on the distance of the computed sum_k dL/dy_hat_k (y_hat_k+ - y_hat_k-) from the exact one, for outputs
    that differ from the trace's by at most `aside`; the slopes count as exact.
    """
    e = of_outputs(model, trace)[-1]
    own = gamma(slopes.numel() + 2, model.flat.dtype) * 2 * aside
    return (slopes.abs() * (2 * e + own)).sum().item() + torch.finfo(torch.float64).tiny


def of_loss(model: MLP, trace: Trace, loss: Loss, y: Tensor, aside: Tensor) -> float:
    """The same for a loss of any size, at points whose outputs differ from the trace's by at most `aside` (of their
    shape).

    The slope of a convex loss is largest at an end of the range of the output, y_hat +- (aside + E): it is 0 at a
    perfect fit, but not beside it.
    """
    y_hat, e = trace.output.double(), of_outputs(model, trace)[-1]
    ends = torch.stack([loss.grad(y_hat + k * (aside + e), y).abs() for k in (-1, 0, 1)])
    slope = ends.amax(dim=0)
    terms = loss.terms(y_hat, y if loss.classes else y.double()).abs() + (slope * aside).sum()
    own = gamma(y_hat.numel() + 2 * ELEMENTARY, model.flat.dtype) * terms
    return (slope * e).sum().item() + own.item() + torch.finfo(torch.float64).tiny
