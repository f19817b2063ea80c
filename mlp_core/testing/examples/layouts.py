"""The same numbers in other memory layouts, as an upstream gradient has them in practice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from torch import Tensor


def transposed(value: Any) -> Any:
    """Transposed in memory: the first axis varies fastest. A vector becomes a `part_of_larger`.

    >>> transposed(np.zeros((2, 3))).strides
    (8, 16)
    """
    if np.ndim(value) < 2:
        return part_of_larger(value)
    if isinstance(value, Tensor):
        return value.transpose(0, -1).contiguous().transpose(0, -1)
    return np.asfortranarray(value) if isinstance(value, np.ndarray) else value


def part_of_larger(value: Any) -> Any:
    """Every other entry of a larger tensor, which has NaN in between.

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


def expanded(value: Any) -> Any:
    """One number for all entries, with strides of 0, as autograd passes it to the layer below a sum.

    >>> expanded(np.ones((2, 3))).strides
    (0, 0)
    """
    return _expanded(value, range(np.ndim(value)))


def expanded_rows(value: Any) -> Any:
    """One row for all rows, with a stride of 0 along the first axis, as a sum over the rows returns it. A vector
    becomes `expanded`.

    >>> expanded_rows(np.ones((2, 3))).strides
    (0, 8)
    """
    return _expanded(value, range(min(1, np.ndim(value))))


def _expanded(value: Any, axes: Sequence[int]) -> Any:
    """Repeats the first entry along some axes. A numpy result is writable, because compiled functions require that."""
    if not isinstance(value, (Tensor, np.ndarray)) or 0 in value.shape:
        return value
    first = tuple(slice(0, 1) if k in axes else slice(None) for k in range(value.ndim))
    if isinstance(value, Tensor):
        return value[first].clone().expand(value.shape)
    one = value[first].copy()
    return as_strided(one, value.shape, [0 if k in axes else s for k, s in enumerate(one.strides)])
