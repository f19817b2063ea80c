"""What one rounding costs, what many cost, and what torch's elementary functions are taken to cost."""

from __future__ import annotations

import torch
from torch import Tensor

ELEMENTARY = 8
"""Assumption: exp, log, tanh, erf, sigmoid of torch on CPU err by at most 8 roundings (4 ulp) of a normal result; one
that is not normal may be 0 instead (sigmoid(-92) in float32 is, and e^-92 is not)"""

DERIVATIVE = 2 * ELEMENTARY + 8
"""Roundings of one f'(z): at most two elementary functions and eight operations, relative to Activation.terms"""

LOSS = 2 * ELEMENTARY + 4
"""Roundings of one dL/dy: at most two elementary functions and four operations, relative to Loss.grad_terms"""


def unit_roundoff(dtype: torch.dtype) -> float:
    """u: half the distance from 1 to the next number."""
    return torch.finfo(dtype).eps / 2


def gamma(n: float, dtype: torch.dtype) -> float:
    """n u / (1 - n u)."""
    nu = n * unit_roundoff(dtype)
    return nu / (1 - nu)


def flushed(terms: Tensor, roundings: int, dtype: torch.dtype) -> Tensor:
    """Magnitudes, float64, to which the error of elementary functions is relative: gamma of the roundings times the
    part added here is the smallest normal number, below which a result may be 0."""
    return terms.double().abs() + torch.finfo(dtype).tiny / gamma(roundings, dtype)
