"""Wrong backward passes of layers that use an entry several times: windows, channels, words."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from mlp_core.testing import subjects
from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.doors.families import OWN, Family, planted

CATALOGUE = Catalogue()
caught_by = planted(CATALOGUE)

Array = Any

SMALL = {"n": (1, 2), "c": (1, 2), "k": (1, 2)}


def conv_forward(A: Array, W: Array, b: Array, stride: int) -> Any:
    """(n, h, v, c) * (f, f, c, k)."""
    f = W.shape[0]
    H, V = (A.shape[1] - f) // stride + 1, (A.shape[2] - f) // stride + 1
    Z = np.zeros((len(A), H, V, W.shape[3]))
    for i in range(H):
        for j in range(V):
            patch = A[:, i * stride : i * stride + f, j * stride : j * stride + f, :]
            Z[:, i, j, :] = np.tensordot(patch, W, axes=3) + b
    return Z, (A, W, stride, stride)


def conv_backward(dZ: Array, cache: Any) -> tuple[Array, ...]:
    """cache: A, W, the stride for dA, the stride for dW."""
    A, W, one, other = cache
    f = W.shape[0]
    dA, dW = np.zeros_like(A), np.zeros_like(W)
    for i in range(dZ.shape[1]):
        for j in range(dZ.shape[2]):
            g = dZ[:, i, j, :]
            dA[:, i * one : i * one + f, j * one : j * one + f, :] += np.tensordot(g, W, axes=([1], [3]))
            patch = A[:, i * other : i * other + f, j * other : j * other + f, :]
            dW += np.tensordot(patch, g, axes=([0], [0]))
    return dA, dW, dZ.sum(axis=(0, 1, 2))


CONV = Family(
    conv_forward, conv_backward,
    subjects.arrays("(n,5,4,c),(2,2,c,k),(k)", sizes=SMALL, stride=st.sampled_from([1, 2])), (conv_backward,),
)  # fmt: skip


@caught_by(CONV, OWN, origin="public reports of hand-written convolutions: i : i + f instead of i * stride")
def conv_forgets_the_stride(dZ: Array, cache: Any) -> tuple[Array, ...]:
    """the backward pass ignores the stride: windows begin at i instead of i * stride"""
    A, W, _, _ = cache
    return conv_backward(dZ, (A, W, 1, 1))


@caught_by(CONV, OWN, origin="site: the stride, only in dA")
def conv_forgets_the_stride_of_the_input(dZ: Array, cache: Any) -> tuple[Array, ...]:
    """the gradient of the input ignores the stride"""
    A, W, _, stride = cache
    return conv_backward(dZ, (A, W, 1, stride))


@caught_by(CONV, OWN, origin="site: dA[...] = instead of dA[...] +=, in overlapping windows")
def conv_overwrites_where_windows_overlap(dZ: Array, cache: Any) -> tuple[Array, ...]:
    """at overlapping windows the gradient of the input is overwritten: use += instead of ="""
    A, W, stride, _ = cache
    f, dA = W.shape[0], np.zeros_like(A)
    for i in range(dZ.shape[1]):
        for j in range(dZ.shape[2]):
            share = np.tensordot(dZ[:, i, j, :], W, axes=([1], [3]))
            dA[:, i * stride : i * stride + f, j * stride : j * stride + f, :] = share
    return dA, *conv_backward(dZ, cache)[1:]


def embedding_forward(words: Array, table: Array) -> Any:
    return table[words], (words, table.shape)


def embedding_backward(dout: Array, cache: Any) -> Array:
    words, shape = cache
    dtable = np.zeros(shape)
    np.add.at(dtable, words, dout)
    return dtable


EMBEDDING = Family(embedding_forward, embedding_backward, subjects.arrays("(n)<v,(v,d)"))


@caught_by(EMBEDDING, OWN, origin="numpy, ufunc.at: dtable[words] += dout adds only once if an index is repeated")
def embedding_adds_once(dout: Array, cache: Any) -> Array:
    """a word that occurs twice gets the gradient of one occurrence: use np.add.at instead of dtable[words] +="""
    words, shape = cache
    dtable = np.zeros(shape)
    dtable[words] += dout
    return dtable


def gate_forward(x: Array, h: Array, w: Array) -> Any:
    z = 1 / (1 + np.exp(-(x @ w)))
    return z * h + (1 - z) * x, (x, h, w, z)


def gate_backward(dout: Array, cache: Any) -> tuple[Array, ...]:
    """The backward pass through both uses of z, and of x."""
    x, h, w, z = cache
    dz = dout * (h - x) * z * (1 - z)
    return dout * (1 - z) + dz @ w.T, dout * z, x.T @ dz


GATE = Family(gate_forward, gate_backward, subjects.arrays("(n,d),(n,d),(d,d)"))


@caught_by(GATE, OWN, origin="site: a gate z in z h + (1 - z) x, its second use")
def gate_is_used_once(dout: Array, cache: Any) -> tuple[Array, ...]:
    """the gradient of the gate contains only its use as a factor of h, not its use in 1 - z"""
    x, h, w, z = cache
    dz = dout * h * z * (1 - z)
    return dout * (1 - z) + dz @ w.T, dout * z, x.T @ dz


@caught_by(GATE, OWN, origin="site: the input of a gate that is also passed on")
def gate_forgets_what_is_passed_on(dout: Array, cache: Any) -> tuple[Array, ...]:
    """the gradient of the input contains only the part through the gate, not the factor (1 - z)"""
    x, h, w, z = cache
    dz = dout * (h - x) * z * (1 - z)
    return dz @ w.T, dout * z, x.T @ dz


@caught_by(GATE, OWN, origin="site: sigma'(z) = z (1 - z), applied to sigma(z)")
def gate_takes_the_slope_of_the_slope(dout: Array, cache: Any) -> tuple[Array, ...]:
    """the sigmoid is applied again to the saved value, which is already its output"""
    x, h, w, z = cache
    again = 1 / (1 + np.exp(-z))
    dz = dout * (h - x) * again * (1 - again)
    return dout * (1 - z) + dz @ w.T, dout * z, x.T @ dz
