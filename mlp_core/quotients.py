"""Difference quotients of any function, and the relative error between two gradients. Nothing here depends on networks.

    d_approx_i = (J(theta + h e_i) - J(theta - h e_i)) / (2 h)
    q = ||d_approx - d|| / (||d_approx|| + ||d||)

Source of bands and criterion: Ng, *Deep Learning* course 2, week 1, gradient checking; step size: Press et al.,
*Numerical Recipes*, section 5.7 (h ~ u^(1/3)).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from mlp_core.base.errors import ArgumentError, Described

STEP = 2.0**-17
"""about 7.6e-6, near the cube root of float64's unit roundoff; a power of two, so that theta +- h is rarely rounded"""

BLOCK = 2**22  # the largest number of perturbed parameters in memory

BANDS = ((1e-7, "fine"), (1e-5, "suspect"), (1e-3, "probably wrong"))


def relative_error(approx: Tensor, exact: Tensor) -> float:
    """q of two tensors of one shape, real or complex: 0 if both are zero, inf if either contains a NaN.

    >>> relative_error(torch.tensor([1.0]), torch.tensor([3.0]))
    0.5
    """
    if approx.shape != exact.shape:
        raise ArgumentError("approx", Described(f"shape {tuple(approx.shape)}"), f"shape {tuple(exact.shape)}")
    complex_ = approx.is_complex() or exact.is_complex()
    dtype = torch.complex128 if complex_ else torch.float64  # .double() would drop the imaginary parts
    approx, exact = approx.detach().to(dtype), exact.detach().to(dtype)
    if torch.isnan(approx).any() or torch.isnan(exact).any():
        return math.inf
    scale = max(approx.abs().max().item(), exact.abs().max().item()) if approx.numel() else 0.0
    if scale == 0:
        return 0.0
    if scale == math.inf:
        return 0.0 if torch.equal(approx, exact) else math.inf
    power = math.ldexp(1.0, math.frexp(scale)[1] - 1)  # a norm of huge or tiny numbers must not overflow or vanish
    approx, exact = approx / power, exact / power
    return ((approx - exact).norm() / (approx.norm() + exact.norm())).item()


def band(q: float) -> str:
    """The band of a relative error: fine (to 1e-7), suspect (to 1e-5), probably wrong (to 1e-3), wrong (above).

    NaN means that no entry could be compared: not tested.

    >>> band(1e-9), band(0.3), band(float("nan"))
    ('fine', 'wrong', 'not tested')
    """
    if math.isnan(q):
        return "not tested"
    return next((name for limit, name in BANDS if q <= limit), "wrong")


def central_difference(
    f: Callable[[Tensor], Tensor | float], theta: Tensor, *, step: float = STEP, batched: bool = False
) -> Tensor:
    """The gradient of f at theta by central differences, entry by entry; of the shape of theta, in float64.

    f: from a tensor shaped like theta to a number; or, if `batched`, from K stacked tensors to (K,). It is called with
    float64 copies; theta itself is never changed. Raises ArgumentError for a step that is not positive and finite, and
    for complex numbers in theta or from f. The divisor is the distance between the two rounded points, which is 2 h up
    to rounding.

    >>> central_difference(lambda t: (t**2).sum(), torch.tensor([1.0, -2.0]))
    tensor([ 2., -4.], dtype=torch.float64)
    """
    if not 0 < step < math.inf:
        raise ArgumentError("step", step, "a positive finite number")
    if theta.is_complex():
        raise ArgumentError("theta", Described(f"dtype {theta.dtype}"), "real numbers, with imaginary parts apart")
    start = theta.detach().double().flatten()
    n, quotients = len(start), []
    if n == 0:
        return start.view(theta.shape)
    block = max(1, BLOCK // (2 * n))
    with torch.no_grad():
        for index in torch.arange(n, device=start.device).split(block):
            row = torch.arange(len(index), device=start.device)
            points = start.repeat(2, len(index), 1)
            points[0, row, index] += step
            points[1, row, index] -= step
            shaped = points.reshape(-1, *theta.shape)
            if batched:
                values = torch.as_tensor(_real(f(shaped)), dtype=torch.float64, device=start.device)
            else:
                values = start.new_tensor([float(_real(f(point.clone()))) for point in shaped])
            plus, minus = values.view(2, -1)
            distance = points[0, row, index] - points[1, row, index]
            quotients.append((plus - minus) / distance)  # (J(theta + h e_i) - J(theta - h e_i)) / (2 h)
    return torch.cat(quotients).view(theta.shape)


def _real(value: Tensor | float) -> Tensor | float:
    if isinstance(value, complex) or (isinstance(value, Tensor) and value.is_complex()):
        raise ArgumentError("f", Described("a complex value"), "a function with real values")
    return value
