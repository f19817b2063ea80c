"""A backward pass that does not use a constant of its forward is named, with the constant."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlp_core.testing import subjects
from mlp_core.testing.diagnosis.doors import diagnose
from mlp_core.testing.subjects import arrays


def pool(x: Any, stride: int) -> Any:
    count = (len(x) - 2) // stride + 1
    return np.array([x[i * stride] * x[i * stride + 1] for i in range(count)]), (x, stride)


def pool_back(d: Any, cache: Any) -> Any:
    x, _ = cache
    dx = np.zeros_like(x)
    for i in range(len(d)):
        dx[i] += d[i] * x[i + 1]
        dx[i + 1] += d[i] * x[i]
    return dx


def dilated(x: Any, w: Any, dilation: int) -> Any:
    count = len(x) - dilation * (len(w) - 1)
    return np.array([sum(w[k] * x[i + k * dilation] for k in range(len(w))) for i in range(count)]), (x, w)


def dilated_back(d: Any, cache: Any) -> Any:
    x, w = cache
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for i in range(len(d)):
        dx[i : i + len(w)] += d[i] * w
        dw += d[i] * x[i : i + len(w)]
    return dx, dw


def softmax(x: Any, temperature: float) -> Any:
    e = np.exp(x / temperature)
    p = e / e.sum(axis=-1, keepdims=True)
    return p, (p, x)


def softmax_back(d: Any, cache: Any) -> Any:
    p, _ = cache
    return p * (d - (d * p).sum(axis=-1, keepdims=True))


def softmax_at_one(d: Any, cache: Any) -> Any:
    return softmax_back(d, softmax(cache[1], 1.0)[1])


def elu(x: Any, alpha: float) -> Any:
    return np.where(x > 0, x, alpha * np.expm1(x)), x


def elu_back(d: Any, x: Any) -> Any:
    return d * np.where(x > 0, 1.0, np.exp(x))


def scaled(x: Any, scale: float) -> Any:
    return scale * np.tanh(x), (x, scale)


def ridge(X: Any, w: Any, reg: float) -> Any:
    return X @ w + reg * w**2, (X, w)


def ridge_back(d: Any, cache: Any) -> Any:
    X, w = cache
    return np.outer(d, w), X.T @ d


def slope(x: Any) -> Any:
    return 1 - np.tanh(x) ** 2


LONG, ROWS = arrays("(n)", sizes={"n": [5, 6, 7, 8]}, stride=2), "(n,d)"

UNUSED: dict[str, tuple[Any, Any, Any, str]] = {
    "stride": (pool, pool_back, LONG, "for stride = 1: the backward pass does not use stride"),
    "dilation": (dilated, dilated_back, arrays("(n),(3)", sizes={"n": [6, 7, 8]}, dilation=2),
                 "gradient of x, w is that for dilation = 1"),
    "temperature": (softmax, softmax_back, arrays(ROWS, temperature=2.5), "has the factor temperature too much"),
    "softmax of x": (softmax, softmax_at_one, arrays(ROWS, temperature=2.5), "for temperature = 1"),
    "alpha": (elu, elu_back, arrays(ROWS, alpha=0.3), "for alpha = 1"),
    "factor": (scaled, lambda d, c: d * slope(c[0]), arrays(ROWS, scale=1.7), "the factor scale is missing"),
    "factor twice": (scaled, lambda d, c: d * c[1] ** 2 * slope(c[0]), arrays(ROWS, scale=1.7),
                     "has the factor scale too much"),
    "penalty": (ridge, ridge_back, arrays("(n,n),(n)", reg=0.7), "for reg = 0: the term with reg is left out"),
}  # fmt: skip


@pytest.mark.parametrize(("forward", "backward", "inputs", "words"), UNUSED.values(), ids=UNUSED)
def test_a_constant_that_the_backward_pass_does_not_use_is_named(
    forward: Any, backward: Any, inputs: Any, words: str
) -> None:  # fmt: skip
    named = diagnose(subjects.pair(forward, backward, inputs), [])
    assert named is not None
    assert words in named


def test_a_constant_that_is_used_is_not_named() -> None:
    """The sign is wrong, and the constant is used."""
    wrong = subjects.pair(scaled, lambda d, c: -d * c[1] * slope(c[0]), arrays(ROWS, scale=1.7))
    assert diagnose(wrong, []) == "the gradient of x has the wrong sign"


class LeakyReLU:
    def __init__(self, slope: float = 0.3) -> None:
        self.slope = slope

    def forward(self, x: Any) -> Any:
        self.x = x
        return np.where(x > 0, x, self.slope * x)

    def backward(self, d: Any) -> Any:
        return d * (self.x > 0)


class Pool:
    def __init__(self) -> None:
        self.settings = {"size": 2, "stride": 2}

    def forward(self, x: Any) -> Any:
        self.x = x
        return pool(x, self.settings["stride"])[0]

    def backward(self, d: Any) -> Any:
        return pool_back(d, (self.x, 2))


LAYERS = {
    "slope": (LeakyReLU, arrays("(n,d)"), "for slope = 0: the term with slope is left out"),
    "stride": (Pool, arrays("(n)", sizes={"n": [5, 6, 7, 8]}), "for settings['stride'] = 1"),
}


@pytest.mark.parametrize(("make", "inputs", "words"), LAYERS.values(), ids=LAYERS)
def test_a_constant_that_a_layer_keeps_is_named(make: Any, inputs: Any, words: str) -> None:
    named = diagnose(subjects.layer(make, inputs), [])
    assert named is not None
    assert words in named
