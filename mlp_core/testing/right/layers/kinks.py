"""Layers with a kink, in each of the usual conventions, on numbers many of which are equal or 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlp_core.testing.subjects import arrays

Array = Any


def _whole(args: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(np.round(2 * a) / 2 for a in args)


FEW_NUMBERS = arrays("(n,d)").map(_whole)
ANY = arrays("(n,d)")


def relu_forward(x: Array) -> Any:
    return x.clip(0), x


def relu_backward_with_one_at_zero(dout: Array, x: Array) -> Array:
    return np.where(x < 0, 0.0, dout)


def abs_forward(x: Array) -> Any:
    return np.abs(x), x


def abs_backward(dout: Array, x: Array) -> Array:
    return np.copysign(dout, dout * np.where(x < 0, -1.0, 1.0))


def max_forward(x: Array) -> Any:
    return x.max(axis=1), x


def max_backward_to_the_last(dout: Array, x: Array) -> Array:
    dx = np.zeros_like(x)
    for row, line, d in zip(dx, x, dout, strict=True):
        row[len(line) - 1 - line[::-1].argmax()] = d
    return dx


def max_backward_shared(dout: Array, x: Array) -> Array:
    largest = np.equal(x.T, x.max(axis=1)).T
    return largest * (dout / largest.sum(axis=1))[:, None]


def two_forward(a: Array, b: Array) -> Any:
    return np.maximum(a, b), a >= b


def two_backward(dout: Array, first: Array) -> tuple[Array, Array]:
    return np.where(first, dout, 0.0), np.where(first, 0.0, dout)


def sorted_forward(x: Array) -> Any:
    order = x.argsort(axis=1, kind="stable")
    return np.take_along_axis(x, order, 1), order


def sorted_backward(dout: Array, order: Array) -> Array:
    return np.take_along_axis(dout, order.argsort(axis=1, kind="stable"), 1)


def median_forward(x: Array) -> Any:
    """The middle entry, or the mean of the two middle entries."""
    order = x.argsort(axis=1, kind="stable")
    n = x.shape[1]
    low, high = order[:, (n - 1) // 2], order[:, n // 2]
    rows = np.arange(len(x))
    return (x[rows, low] + x[rows, high]) / 2, (x.shape, low, high)


def median_backward(dout: Array, cache: Any) -> Array:
    shape, low, high = cache
    dx, rows = np.zeros(shape), np.arange(shape[0])
    np.add.at(dx, (rows, low), dout / 2)
    np.add.at(dx, (rows, high), dout / 2)
    return dx


LAYERS = {
    "relu with slope 1 at 0": (relu_forward, relu_backward_with_one_at_zero, FEW_NUMBERS),
    "abs with slope 1 at 0": (abs_forward, abs_backward, FEW_NUMBERS),
    "maximum, to the last": (max_forward, max_backward_to_the_last, FEW_NUMBERS),
    "maximum, shared": (max_forward, max_backward_shared, ANY),
    "maximum of two": (two_forward, two_backward, arrays("(n,d),(n,d)")),
    "sorted": (sorted_forward, sorted_backward, ANY),
    "median": (median_forward, median_backward, ANY),
}
