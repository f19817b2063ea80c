"""Layers as people write them in notebooks: the right ones pass, and the usual mistake is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mlp_core.testing import subjects, verify
from mlp_core.testing.subjects import arrays

Array = Any


def rms_forward(x: Array, g: Array, eps: float = 1e-6) -> Any:
    rms = np.sqrt((x**2).mean(axis=-1, keepdims=True) + eps)
    return x / rms * g, (x, g, rms)


def rms_backward(dout: Array, cache: Any) -> Any:
    x, g, rms = cache
    dxhat = dout * g
    dx = dxhat / rms - x * (dxhat * x).mean(axis=-1, keepdims=True) / rms**3
    return dx, (dout * x / rms).sum(axis=0)


def rms_backward_without_the_second_term(dout: Array, cache: Any) -> Any:
    x, g, rms = cache
    return dout * g / rms, (dout * x / rms).sum(axis=0)


def groups_forward(x: Array, gamma: Array) -> Any:
    """Two groups of channels; x: (n, 4, t)."""
    n, c, t = x.shape
    parts = x.reshape(n, 2, -1)
    mean, var = parts.mean(-1, keepdims=True), parts.var(-1, keepdims=True)
    hat = ((parts - mean) / np.sqrt(var + 1e-5)).reshape(n, c, t)
    return hat * gamma[:, None], (hat, var, gamma)


def groups_backward(dout: Array, cache: Any) -> Any:
    hat, var, gamma = cache
    n, c, t = dout.shape
    d, h = (dout * gamma[:, None]).reshape(n, 2, -1), hat.reshape(n, 2, -1)
    m = d.shape[-1]
    dx = (m * d - d.sum(-1, keepdims=True) - h * (d * h).sum(-1, keepdims=True)) / m / np.sqrt(var + 1e-5)
    return dx.reshape(n, c, t), (dout * hat).sum(axis=(0, 2))


def groups_backward_by_channels(dout: Array, cache: Any) -> Any:
    hat, var, gamma = cache
    n, c, t = dout.shape
    d = dout * gamma[:, None]
    std = np.repeat(np.sqrt(var + 1e-5), c // 2, axis=1)
    dx = (t * d - d.sum(-1, keepdims=True) - hat * (d * hat).sum(-1, keepdims=True)) / t / std
    return dx.reshape(n, c, t), (dout * hat).sum(axis=(0, 2))


def logsumexp_forward(z: Array) -> Any:
    m = z.max(axis=1, keepdims=True)
    out = np.log(np.exp(z - m).sum(axis=1)) + m[:, 0]
    return out, (z, out)


def logsumexp_backward(dout: Array, cache: Any) -> Array:
    z, out = cache
    return dout[:, None] * np.exp(z - out[:, None])


def logsumexp_backward_unnormalised(dout: Array, cache: Any) -> Array:
    z, _ = cache
    return dout[:, None] * np.exp(z - z.max(axis=1, keepdims=True))


def triplet_forward(a: Array, p: Array, n: Array) -> Any:
    loss = np.maximum(((a - p) ** 2).sum(1) - ((a - n) ** 2).sum(1) + 1.0, 0)
    return loss, (a, p, n, loss > 0)


def triplet_backward(dout: Array, cache: Any) -> Any:
    a, p, n, active = cache
    g = (dout * active)[:, None]
    return 2 * g * (n - p), -2 * g * (a - p), 2 * g * (a - n)


def triplet_backward_that_forgets_the_margin(dout: Array, cache: Any) -> Any:
    a, p, n, _ = cache
    return triplet_backward(dout, (a, p, n, np.ones(len(a))))


def bag_forward(words: Array, table: Array) -> Any:
    return table[words].mean(axis=1), (words, table.shape)


def bag_backward(dout: Array, cache: Any) -> Array:
    words, shape = cache
    dtable = np.zeros(shape)
    np.add.at(dtable, words, dout[:, None, :] / words.shape[1])
    return dtable


def bag_backward_as_a_sum(dout: Array, cache: Any) -> Array:
    return bag_backward(dout, cache) * cache[0].shape[1]


def spread_forward(x: Array, w: Array) -> Any:
    """A convolution of each channel by itself; x: (n, c, 5), w: (c, 2)."""
    return x[:, :, :-1] * w[:, 0, None] + x[:, :, 1:] * w[:, 1, None], (x, w)


def spread_backward(dout: Array, cache: Any) -> Any:
    x, w = cache
    dx = np.zeros_like(x)
    dx[:, :, :-1] += dout * w[:, 0, None]
    dx[:, :, 1:] += dout * w[:, 1, None]
    return dx, np.stack([(dout * x[:, :, :-1]).sum((0, 2)), (dout * x[:, :, 1:]).sum((0, 2))], axis=1)


def spread_backward_with_a_kernel_turned(dout: Array, cache: Any) -> Any:
    x, w = cache
    return spread_backward(dout, (x, w[:, ::-1]))


Case = tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any], Any]

CASES: dict[str, Case] = {
    "RMS norm": (rms_forward, rms_backward, rms_backward_without_the_second_term, arrays("(n,d),(d)")),
    "group norm": (groups_forward, groups_backward, groups_backward_by_channels, arrays("(n,4,t),(4)")),
    "logsumexp": (logsumexp_forward, logsumexp_backward, logsumexp_backward_unnormalised, arrays("(n,d)")),
    "triplet": (
        triplet_forward, triplet_backward, triplet_backward_that_forgets_the_margin, arrays("(n,d),(n,d),(n,d)"),
    ),
    "embedding bag": (bag_forward, bag_backward, bag_backward_as_a_sum, arrays("(n,t)<v,(v,d)")),
    "depthwise": (
        spread_forward, spread_backward, spread_backward_with_a_kernel_turned, arrays("(n,c,5),(c,2)"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_right_layer_is_right(name: str) -> None:
    forward, backward, _, inputs = CASES[name]
    report = verify(subjects.pair(forward, backward, inputs), examples=30)
    assert report.ok, str(report)


@pytest.mark.parametrize("name", ["RMS norm", "logsumexp"])  # each takes seconds
def test_a_wrong_layer_is_wrong(name: str) -> None:
    forward, _, backward, inputs = CASES[name]
    report = verify(subjects.pair(forward, backward, inputs), examples=30)
    broken = {r.law: r.diagnosis for r in report.results if r.verdict == "FAIL"}
    assert "is the derivative of its own forward" in broken
