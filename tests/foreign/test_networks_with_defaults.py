"""Classes of networks whose sizes and penalty are defaults of the constructor, as in cs231n: they are made small, and
with a penalty that counts."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds

LOSS = """\
import numpy as np

def softmax_loss(x, y):
    p = np.exp(x - x.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    dx = p.copy()
    dx[np.arange(len(x)), y] -= 1
    return -np.log(p[np.arange(len(x)), y]).mean(), dx / len(x)
"""

LAYERS = """

class TwoLayerNet(object):
    def __init__(self, input_dim=3 * 32 * 32, hidden_dim=100, num_classes=10, weight_scale=1e-3, reg=0.0):
        self.params, self.reg = {}, reg
        self.params["W1"] = weight_scale * np.random.randn(input_dim, hidden_dim)
        self.params["b1"] = np.zeros(hidden_dim)
        self.params["W2"] = weight_scale * np.random.randn(hidden_dim, num_classes)
        self.params["b2"] = np.zeros(num_classes)

    def loss(self, X, y=None):
        W1, b1, W2, b2 = (self.params[k] for k in ("W1", "b1", "W2", "b2"))
        h = X @ W1 + b1
        scores = np.maximum(h, 0) @ W2 + b2
        if y is None:
            return scores
        loss, d = softmax_loss(scores, y)
        loss += 0.5 * self.reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
        dh = (d @ W2.T) * (h > 0)
        grads = {"W2": np.maximum(h, 0).T @ d + self.reg * W2, "b2": d.sum(0)}
        grads["W1"], grads["b1"] = X.T @ dh + self.reg * W1, dh.sum(0)
        return loss, grads
"""

IMAGES = """

class ConvNet(object):
    def __init__(self, input_dim=(3, 32, 32), num_filters=32, filter_size=7, num_classes=10, reg=0.0):
        C, H, W = input_dim
        self.params, self.reg = {}, reg
        self.params["W1"] = np.random.randn(num_filters, C, filter_size, filter_size)
        self.params["W2"] = np.random.randn(num_filters * H * W, num_classes)

    def loss(self, X, y=None):
        W1, W2 = self.params["W1"], self.params["W2"]
        size = W1.shape[2]
        pad = (size - 1) // 2
        padded = np.pad(X, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        H, W = X.shape[2:]
        windows = [(i, j, padded[:, :, i:i + H, j:j + W]) for i in range(size) for j in range(size)]
        a = sum(np.einsum("nchw,fc->nfhw", window, W1[:, :, i, j]) for i, j, window in windows)
        flat = np.maximum(a, 0).reshape(len(X), -1)
        scores = flat @ W2
        if y is None:
            return scores
        loss, d = softmax_loss(scores, y)
        da = (d @ W2.T).reshape(a.shape) * (a > 0)
        dW1 = np.zeros_like(W1)
        for i, j, window in windows:
            dW1[:, :, i, j] += np.einsum("nchw,nfhw->fc", window, da)
        return loss, {"W1": dW1, "W2": flat.T @ d}
"""

CASES = {
    "a missing penalty": Case(LOSS + LAYERS, "X.T @ dh + self.reg * W1", "X.T @ dh", ("TwoLayerNet",), "['W1']"),
    "a missing kink": Case(LOSS + IMAGES, ".reshape(a.shape) * (a > 0)", ".reshape(a.shape)", ("ConvNet",), "['W1']"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_right_is_lawful_and_wrong_is_wrong(case: Case, tmp_path: Path) -> None:
    holds(tmp_path, case)
