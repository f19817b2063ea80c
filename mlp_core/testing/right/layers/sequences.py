"""Layers for sequences: an embedding, a step of an LSTM and of a GRU, attention."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlp_core.testing.subjects import arrays

Array = Any


def embedding_forward(words: Array, table: Array) -> Any:
    """words: (n, t) integers; table: (v, d) -> (n, t, d)."""
    return table[words], (words, table.shape)


def embedding_backward(dout: Array, cache: Any) -> tuple[None, Array]:
    """A word that is used several times gets the sum."""
    words, (v, d) = cache
    onehot = np.eye(v)[words.ravel()]
    return None, onehot.T @ dout.reshape(-1, d)


def sigmoid(z: Array) -> Array:
    return (1 + np.tanh(z / 2)) / 2


def lstm_forward(x: Array, h: Array, c: Array, Wx: Array, Wh: Array, b: Array) -> Any:
    """One step; the gates i, f, o, g are adjacent in (d, 4 k)."""
    i, f, o, g = np.split(x @ Wx + h @ Wh + b, 4, axis=1)
    i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
    cell = f * c + i * g
    t = np.tanh(cell)
    return o * t, cell, (x, h, c, Wx, Wh, i, f, o, g, t)


def lstm_backward(dh: Array, dcell: Array, cache: Any) -> tuple[Array, ...]:
    x, h, c, Wx, Wh, i, f, o, g, t = cache
    whole = dcell + dh * o * (1 - t * t)
    gates = [whole * g * i * (1 - i), whole * c * f * (1 - f), dh * t * o * (1 - o), whole * i * (1 - g * g)]
    da = np.concatenate(gates, axis=1)
    return da @ Wx.T, da @ Wh.T, whole * f, x.T @ da, h.T @ da, da.sum(axis=0)


def gru_forward(x: Array, h: Array, Wx: Array, Wh: Array, b: Array) -> Any:
    """One step; r, z and n are adjacent in (d, 3 k), and r multiplies h Wh of n, as in torch."""
    xr, xz, xn = np.split(x @ Wx + b, 3, axis=1)
    hr, hz, hn = np.split(h @ Wh, 3, axis=1)
    r, z = sigmoid(xr + hr), sigmoid(xz + hz)
    n = np.tanh(xn + r * hn)
    return z * h + (1 - z) * n, (x, h, Wx, Wh, r, z, n, hn)


def gru_backward(dout: Array, cache: Any) -> tuple[Array, ...]:
    x, h, Wx, Wh, r, z, n, hn = cache
    dn = dout * (1 - z) * (1 - n * n)
    dz = dout * (h - n) * z * (1 - z)
    dr = dn * hn * r * (1 - r)
    dx, dh = np.concatenate([dr, dz, dn], axis=1), np.concatenate([dr, dz, dn * r], axis=1)
    return dx @ Wx.T, dout * z + dh @ Wh.T, x.T @ dx, h.T @ dh, dx.sum(axis=0)


def attention_forward(q: Array, k: Array, v: Array) -> Any:
    """softmax(q k^T / sqrt d) v, for q (t, d), k (s, d), v (s, e)."""
    scores = q @ k.T / np.sqrt(q.shape[1])
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights = e / e.sum(axis=1, keepdims=True)
    return weights @ v, (q, k, v, weights)


def attention_backward(dout: Array, cache: Any) -> tuple[Array, ...]:
    q, k, v, weights = cache
    dweights = dout @ v.T
    dscores = weights * dweights - weights * np.einsum("ts,ts->t", weights, dweights)[:, None]
    dscores = dscores / np.sqrt(q.shape[1])
    return dscores @ k, dscores.T @ q, weights.T @ dout


LAYERS = {
    "embedding": (embedding_forward, embedding_backward, arrays("(n,t)<v,(v,d)")),
    "LSTM step": (lstm_forward, lstm_backward, arrays("(n,d),(n,2),(n,2),(d,8),(2,8),(8)")),
    "GRU step": (gru_forward, gru_backward, arrays("(n,d),(n,2),(d,6),(2,6),(6)")),
    "attention": (attention_forward, attention_backward, arrays("(t,d),(s,d),(s,e)")),
}
