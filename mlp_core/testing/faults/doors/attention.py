"""Wrong backward passes of attention: softmax(q k^T / sqrt d) v."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlp_core.testing import subjects
from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.doors.families import OWN, Family, planted

CATALOGUE = Catalogue()
caught_by = planted(CATALOGUE)

Array = Any


def attention_forward(q: Array, k: Array, v: Array) -> Any:
    """q, k (t, d), v (t, e)."""
    s = q @ k.T / np.sqrt(q.shape[1])
    e = np.exp(s - s.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return p @ v, (q, k, v, p)


def softmax_backward(dp: Array, p: Array) -> Array:
    return p * (dp - (dp * p).sum(axis=1, keepdims=True))


def attention_backward(dout: Array, cache: Any) -> tuple[Array, ...]:
    """dv = p^T dout; ds = softmax' (dout v^T) / sqrt d; dq = ds k, dk = ds^T q."""
    q, k, v, p = cache
    ds = softmax_backward(dout @ v.T, p) / np.sqrt(q.shape[1])
    return ds @ k, ds.T @ q, p.T @ dout


ATTENTION = Family(
    attention_forward, attention_backward, subjects.arrays("(t,d),(t,d),(t,e)"), (attention_backward, softmax_backward)
)


@caught_by(ATTENTION, OWN, origin="site: attention, the factor 1 / sqrt d of the scores")
def attention_forgets_the_scale(dout: Array, cache: Any) -> tuple[Array, ...]:
    """the factor 1 / sqrt(d) of the scores is missing in the gradients of queries and keys"""
    dq, dk, dv = attention_backward(dout, cache)
    return dq * np.sqrt(dq.shape[1]), dk * np.sqrt(dq.shape[1]), dv


@caught_by(ATTENTION, OWN, origin="site: attention, dk = ds^T q, its transpose")
def attention_forgets_the_transpose_of_the_scores(dout: Array, cache: Any) -> tuple[Array, ...]:
    """the gradient of the keys takes the scores' gradient without its transpose"""
    q, _, v, p = cache
    dq, _, dv = attention_backward(dout, cache)
    return dq, softmax_backward(dout @ v.T, p) / np.sqrt(q.shape[1]) @ q, dv


@caught_by(ATTENTION, OWN, origin="site: attention, dv = p^T dout, its transpose")
def attention_forgets_the_transpose_of_the_weights(dout: Array, cache: Any) -> tuple[Array, ...]:
    """the gradient of the values takes the weights of attention without their transpose"""
    dq, dk, _ = attention_backward(dout, cache)
    return dq, dk, cache[3] @ dout


@caught_by(ATTENTION, OWN, origin="site: attention, softmax', the sum over the keys")
def attention_takes_softmax_for_a_sigmoid(dout: Array, cache: Any) -> tuple[Array, ...]:
    """only the diagonal p (1 - p) of softmax's derivative is used between weights and scores"""
    q, k, v, p = cache
    ds = dout @ v.T * p * (1 - p) / np.sqrt(q.shape[1])
    return ds @ k, ds.T @ q, p.T @ dout


@caught_by(ATTENTION, OWN, origin="site: attention, softmax' left out altogether")
def attention_forgets_softmax(dout: Array, cache: Any) -> tuple[Array, ...]:
    """the derivative of softmax is left out: the gradient of the weights is used as that of the scores"""
    q, k, v, p = cache
    ds = dout @ v.T / np.sqrt(q.shape[1])
    return ds @ k, ds.T @ q, p.T @ dout
