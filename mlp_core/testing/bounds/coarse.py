"""Kernels of torch whose error exceeds the last bits, with their error. These are stated assumptions about kernels in
float64, measured in tests/documents/test_coarse_derivatives_of_torch.py (docs/gradient-checking.md has the numbers).

A hand-written formula may be better than such a kernel, and no difference quotient is sharp enough to show that.
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
"""celu passes the reciprocal of alpha, rounded to float32, to elu's backward: the product of the two differs from 1 by
at most this"""


def _gelu(args: Any, kwargs: Any, out: Tensor) -> Tensor:
    """x (1 + erf) / 2: the sum has an error of u, even if it is small."""
    return U * args[0].abs()


def _gelu_backward(args: Any, kwargs: Any, out: Tensor) -> Tensor:
    """g (cdf + x pdf): 1 + erf has an error of u; with tanh, (1 + t) / 2 + 0.4 x (1 - t^2) (1 + 0.13 x^2), and each of
    the sums with t has an error of u.
    """
    x = args[1].abs()
    return U * args[0].abs() * (1 + x) * (1 + x * x / 8)


def _elu_backward(args: Any, kwargs: Any, out: Tensor) -> Tensor:
    """alpha s exp(s x) with an error of delta in s = 1 / alpha has an error of (1 + x / alpha) delta."""
    alpha, _, input_scale, is_result, x = args[1:6]
    delta = abs(alpha * input_scale - 1)
    return out.abs() * (1 + (x * input_scale).abs()) * (delta if delta < RECIPROCAL and not is_result else 0.0)


def _polygamma(args: Any, kwargs: Any, out: Tensor) -> Tensor:
    return out.abs() * (TRIGAMMA if args[0] == 1 else 0.0)


def _softplus(args: Any, kwargs: Any, out: Tensor) -> Tensor:
    """x beyond the threshold, although log(1 + e^x) = x + e^-x."""
    return _beyond(*args)


def _softplus_backward(args: Any, kwargs: Any, out: Tensor) -> Tensor:
    """1 beyond the threshold, although sigmoid(x) = 1 - e^-x."""
    return args[0].abs() * _beyond(*args[1:])


def _beyond(x: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    return torch.where(beta * x > threshold, (-beta * x).exp() / min(beta, 1.0), 0.0)


def _bce_with_logits(args: Any, kwargs: Any, out: Tensor) -> Tensor:
    """(1 - y) z - (min(z, 0) - log(1 + e^-|z|)): the loss of a confident sample is what is left of two numbers of
    size |z|, and each errs by u of it, times its weight; summed, or averaged."""
    z: Tensor = args[0]
    reduction = args[4] if len(args) > 4 else 1
    off = unit_roundoff(z.dtype) * z.abs()
    for w in args[2:4]:
        off = off if w is None else off * w.abs().clamp(min=1.0)
    return off if reduction == 0 else off.mean() if reduction == 1 else off.sum()


def _log_softmax(args: Any, kwargs: Any, out: Tensor) -> Tensor:
    """x - max - log(sum): the sum is 1 or more, and errs by u, and so does its logarithm, however small that is."""
    return torch.full_like(out, unit_roundoff(out.dtype))


def _logsumexp(args: Any, kwargs: Any, out: Tensor) -> Tensor:
    """max + log(sum): the two may cancel, and the sum errs as in log_softmax."""
    x: Tensor = args[0]
    largest = x.abs().nan_to_num(posinf=0.0).amax(args[1], keepdim=len(args) > 2 and args[2])
    return unit_roundoff(x.dtype) * (1 + largest)


COARSE: dict[str, Callable[[Any, Any, Tensor], Tensor]] = {
    "gelu": _gelu, "gelu_backward": _gelu_backward, "elu_backward": _elu_backward, "polygamma": _polygamma,
    "softplus": _softplus, "softplus_backward": _softplus_backward,
    "binary_cross_entropy_with_logits": _bce_with_logits, "_log_softmax": _log_softmax, "logsumexp": _logsumexp,
}  # fmt: skip
"""per operation, a function of its arguments and result that returns the error of each entry"""
