"""Kernels of torch whose result is off by more than its last bits, and how far: stated assumptions about kernels in
float64, measured in tests/documents/test_coarse_derivatives_of_torch.py (docs/gradient-checking.md has the numbers).

A formula written by hand may be better than such a kernel, and no difference quotient is sharp enough to tell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.bounds.rounding import unit_roundoff

U = unit_roundoff(torch.float64)

TRIGAMMA = 2.0**-30
"""the relative error of torch's polygamma(1, x), 5e-10 at 1, with a factor of 2"""

RECIPROCAL = 2.0**-20
"""celu hands elu the reciprocal of alpha, rounded to float32 on the way back: their product is this near to 1"""


def _gelu(args: Any, kwargs: Any, out: Tensor) -> Tensor:
    """x (1 + erf) / 2: the sum errs by u, however small it is."""
    return U * args[0].abs()


def _gelu_backward(args: Any, kwargs: Any, out: Tensor) -> Tensor:
    """g (cdf + x pdf): 1 + erf errs by u; by tanh, (1 + t) / 2 + 0.4 x (1 - t^2) (1 + 0.13 x^2), and
    each of the sums with t errs by u."""
    x = args[1].abs()
    return U * args[0].abs() * (1 + x) * (1 + x * x / 8)


def _elu_backward(args: Any, kwargs: Any, out: Tensor) -> Tensor:
    """alpha s exp(s x), s = 1 / alpha off by delta, is off by (1 + x / alpha) delta."""
    alpha, _, input_scale, is_result, x = args[1:6]
    delta = abs(alpha * input_scale - 1)
    return out.abs() * (1 + (x * input_scale).abs()) * (delta if delta < RECIPROCAL and not is_result else 0.0)


def _polygamma(args: Any, kwargs: Any, out: Tensor) -> Tensor:
    return out.abs() * (TRIGAMMA if args[0] == 1 else 0.0)


def _softplus(args: Any, kwargs: Any, out: Tensor) -> Tensor:
    """x beyond the threshold, where log(1 + e^x) = x + e^-x."""
    return _beyond(*args)


def _softplus_backward(args: Any, kwargs: Any, out: Tensor) -> Tensor:
    """1 beyond the threshold, where sigmoid(x) = 1 - e^-x."""
    return args[0].abs() * _beyond(*args[1:])


def _beyond(x: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    return torch.where(beta * x > threshold, (-beta * x).exp() / min(beta, 1.0), 0.0)


COARSE: dict[str, Callable[[Any, Any, Tensor], Tensor]] = {
    "gelu": _gelu, "gelu_backward": _gelu_backward, "elu_backward": _elu_backward, "polygamma": _polygamma,
    "softplus": _softplus, "softplus_backward": _softplus_backward,
}  # fmt: skip
"""by operation: of its arguments and its result, how far each entry of the result may be off"""
