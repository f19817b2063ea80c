"""Normalising layers: batch norm and layer norm, by the chain rule step by step."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlp_core.testing.subjects import arrays

Array = Any

EPS = 1e-3


def normal_forward(x: Array, axis: int) -> Any:
    centred = x - x.mean(axis=axis, keepdims=True)
    var = (centred**2).mean(axis=axis, keepdims=True)
    std = np.sqrt(var + EPS)
    return centred / std, (centred, std, axis)


def normal_backward(dhat: Array, cache: Any) -> Array:
    """The gradient through the quotient, the root, the square and both means."""
    centred, std, axis = cache
    n = centred.shape[axis]
    dstd = -(dhat * centred / std**2).sum(axis=axis, keepdims=True)
    dvar = dstd / (2 * std)
    dcentred = dhat / std + 2 * centred * dvar / n
    return dcentred - dcentred.sum(axis=axis, keepdims=True) / n


def batch_norm_forward(x: Array, gamma: Array, beta: Array) -> Any:
    hat, cache = normal_forward(x, 0)
    return hat * gamma + beta, (hat, gamma, cache)


def layer_norm_forward(x: Array, gamma: Array, beta: Array) -> Any:
    hat, cache = normal_forward(x, 1)
    return hat * gamma + beta, (hat, gamma, cache)


def affine_backward(dout: Array, cache: Any) -> tuple[Array, ...]:
    """For both layers: through gamma and beta, then through the normalisation."""
    hat, gamma, inner = cache
    return normal_backward(dout * gamma, inner), np.einsum("nd,nd->d", dout, hat), np.add.reduce(dout)


LAYERS = {
    "batch norm": (batch_norm_forward, affine_backward, arrays("(n,d),(d),(d)")),
    "layer norm": (layer_norm_forward, affine_backward, arrays("(n,d),(d),(d)")),
}
