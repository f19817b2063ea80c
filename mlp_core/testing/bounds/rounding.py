"""The error of one rounding, of many, and the assumed error of torch's elementary functions."""

from __future__ import annotations

import torch
from torch import Tensor

from mlp_core.rounding import ELEMENTARY, gamma, unit_roundoff

__all__ = ["DERIVATIVE", "ELEMENTARY", "LOSS", "flushed", "gamma", "unit_roundoff"]

DERIVATIVE = 2 * ELEMENTARY + 8
"""Roundings of one f'(z): at most two elementary functions and eight operations, relative to Activation.terms"""

LOSS = 2 * ELEMENTARY + 4
"""Roundings of one dL/dy: at most two elementary functions and four operations, relative to Loss.grad_terms"""


def flushed(terms: Tensor, roundings: int, dtype: torch.dtype) -> Tensor:
    """Magnitudes (float64) to which the error of elementary functions is relative: gamma of the roundings times the
    part added here is the smallest normal number, below which a result may be 0.
    """
    return terms.double().abs() + torch.finfo(dtype).tiny / gamma(roundings, dtype)
