"""The same numbers, otherwise laid out in memory: what arrives from above in practice."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor


def transposed(value: Any) -> Any:
    """The first axis the fastest in memory; of a vector, as `part_of_larger`.

    >>> transposed(np.zeros((2, 3))).strides
    (8, 16)
    """
    if np.ndim(value) < 2:
        return part_of_larger(value)
    if isinstance(value, Tensor):
        return value.transpose(0, -1).contiguous().transpose(0, -1)
    return np.asfortranarray(value) if isinstance(value, np.ndarray) else value


def part_of_larger(value: Any) -> Any:
    """Every other entry of something larger, which is NaN between.

    >>> part_of_larger(np.zeros(3)).strides
    (16,)
    """
    if np.ndim(value) < 1 or not isinstance(value, (Tensor, np.ndarray)):
        return value
    shape = (*value.shape[:-1], 2 * value.shape[-1] + 1)
    if isinstance(value, Tensor):
        large: Any = value.new_full(shape, float("nan"))
    else:
        large = np.full(shape, np.nan, dtype=value.dtype)
    large[..., 1::2] = value
    return large[..., 1::2]
