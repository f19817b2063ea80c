"""Layers for images: a convolution with stride and padding, by columns, and a max pooling with overlapping windows."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from mlp_core.testing.subjects import arrays

Array = Any


def _places(size: int, window: int, stride: int) -> list[int]:
    return list(range(0, size - window + 1, stride))


def convolution_forward(x: Array, w: Array, b: Array, stride: int, pad: int) -> Any:
    """x: (n, c, h, v), w: (k, c, f, g) -> (n, k, H, V), by products of columns."""
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    f, g = w.shape[2:]
    rows, columns = _places(padded.shape[2], f, stride), _places(padded.shape[3], g, stride)
    cut = np.array([[padded[:, :, i : i + f, j : j + g] for j in columns] for i in rows])  # (H, V, n, c, f, g)
    out = np.einsum("HVncfg,kcfg->nkHV", cut, w) + b[:, None, None]
    return out, (cut, padded.shape, rows, columns, w, pad)


def convolution_backward(dout: Array, cache: Any) -> tuple[Array, ...]:
    """Adds the gradient of every column at the place of the column."""
    cut, shape, rows, columns, w, pad = cache
    f, g = w.shape[2:]
    dcut = np.einsum("nkHV,kcfg->HVncfg", dout, w)
    dpadded = np.zeros(shape)
    for a, i in enumerate(rows):
        for b, j in enumerate(columns):
            dpadded[:, :, i : i + f, j : j + g] += dcut[a, b]
    dx = dpadded[:, :, pad : shape[2] - pad, pad : shape[3] - pad]
    return dx, np.einsum("nkHV,HVncfg->kcfg", dout, cut), dout.sum(axis=(0, 2, 3))


def max_pool_forward(x: Array, size: int, stride: int) -> Any:
    """x: (n, c, h, v); remembers the place of the first largest entry in each window."""
    rows, columns = _places(x.shape[2], size, stride), _places(x.shape[3], size, stride)
    out, kept = np.empty((*x.shape[:2], len(rows), len(columns))), []
    for a, i in enumerate(rows):
        for b, j in enumerate(columns):
            window = x[:, :, i : i + size, j : j + size].reshape(*x.shape[:2], -1)
            first = window.argmax(axis=2)
            out[:, :, a, b] = np.take_along_axis(window, first[..., None], 2)[..., 0]
            kept.append((a, b, i + first // size, j + first % size))
    return out, (x.shape, kept)


def max_pool_backward(dout: Array, cache: Any) -> Array:
    """Adds each entry at the place of the largest one; overlapping windows add up."""
    shape, kept = cache
    dx, (n, c) = np.zeros(shape), np.ogrid[: shape[0], : shape[1]]
    for a, b, i, j in kept:
        np.add.at(dx, (n, c, i, j), dout[:, :, a, b])
    return dx


def _convolution(args: tuple[Any, ...], stride: int, pad: int) -> tuple[Any, ...]:
    return (*args, stride, pad)


FEW = {"n": (1, 2), "c": (1, 2), "k": (1, 3)}

LAYERS = {
    "convolution": (
        convolution_forward, convolution_backward,
        st.builds(_convolution, arrays("(n,c,4,5),(k,c,3,2),(k)", sizes=FEW),
                  st.sampled_from([1, 2]), st.sampled_from([0, 1])),
    ),
    "max pool": (
        max_pool_forward, max_pool_backward,
        arrays("(n,c,5,4)", sizes=FEW, size=st.sampled_from([2, 3]), stride=st.sampled_from([1, 2])),
    ),
}  # fmt: skip
