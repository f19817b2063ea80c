"""Layers of vectors: affine, relu, dropout with a fixed mask, softmax with cross-entropy."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlp_core.testing.subjects import arrays

Array = Any


def affine_forward(x: Array, w: Array, b: Array) -> Any:
    return np.einsum("nd,dh->nh", x, w) + b, (x.copy(), w.copy())


def affine_backward(dout: Array, cache: Any) -> tuple[Array, ...]:
    """dx = dout w^T, dw = x^T dout, db = sum_n dout, sample by sample."""
    x, w = cache
    dw, db = np.zeros_like(w), np.zeros(w.shape[1])
    for sample, d in zip(x, dout, strict=True):
        dw += np.outer(sample, d)
        db += d
    return np.einsum("nh,dh->nd", dout, w), dw, db


def relu_forward(x: Array) -> Any:
    return np.where(x > 0, x, 0.0), x > 0


def relu_backward(dout: Array, positive: Array) -> Array:
    return np.where(positive, dout, 0.0)


def dropout_forward(x: Array, mask: Array, keep: float) -> Any:
    """mask: integers, 1 for a kept entry."""
    return x * (mask / keep), (mask, keep)


def dropout_backward(dout: Array, cache: Any) -> Array:
    mask, keep = cache
    return dout * mask / keep


def cross_entropy_forward(z: Array, labels: Array) -> Any:
    """mean_n (log sum_j exp z_nj - z_n,label)."""
    shifted = z - z.max(axis=1, keepdims=True)
    logs = np.log(np.exp(shifted).sum(axis=1))
    rows = np.arange(len(z))
    return (logs - shifted[rows, labels]).mean(), (shifted, logs, labels)


def cross_entropy_backward(dloss: Array, cache: Any) -> Array:
    """(softmax - onehot) / n."""
    shifted, logs, labels = cache
    p = np.exp(shifted - logs[:, None])
    return dloss * (p - np.eye(shifted.shape[1])[labels]) / len(p)


LAYERS = {
    "affine": (affine_forward, affine_backward, arrays("(n,d),(d,h),(h)")),
    "relu": (relu_forward, relu_backward, arrays("(n,d)")),
    "dropout": (dropout_forward, dropout_backward, arrays("(n,d),(n,d)<2", keep=0.75)),
    "cross-entropy": (cross_entropy_forward, cross_entropy_backward, arrays("(n,c),(n)<c")),
}
