"""Parameters as single numbers, as a list, as a table of vectors, and with axes of size 1."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds

NUMBERS = """\
def compute_cost(x, y, w, b):
    m = x.shape[0]
    cost = 0
    for i in range(m):
        cost = cost + (w * x[i] + b - y[i]) ** 2
    total_cost = 1 / (2 * m) * cost
    return total_cost

def compute_gradient(x, y, w, b):
    m = x.shape[0]
    dj_dw, dj_db = 0, 0
    for i in range(m):
        f_wb = w * x[i] + b
        dj_dw += (f_wb - y[i]) * x[i]
        dj_db += f_wb - y[i]
    return dj_dw / m, dj_db / m
"""

SEQUENCES = """\
def mse(w, b, xs, ys):
    return sum((w * x + b - y) ** 2 for x, y in zip(xs, ys)) / len(xs)

def mse_gradient(w, b, xs, ys):
    n = len(xs)
    dw = sum(2 * x * (w * x + b - y) for x, y in zip(xs, ys)) / n
    db = sum(2 * (w * x + b - y) for x, y in zip(xs, ys)) / n
    return dw, db
"""

LIST = """\
import numpy as np


def u(params, x):
    w, b, v = params
    return np.tanh(np.outer(x, w) + b) @ v

def loss(params, x):
    return np.mean((u(params, x) - np.sin(x)) ** 2)

def grad(params, x):
    w, b, v = params
    t = np.tanh(np.outer(x, w) + b)
    dr = 2 * (t @ v - np.sin(x)) / len(x)
    inner = dr[:, None] * (1 - t**2) * v
    return [(inner * x[:, None]).sum(0), inner.sum(0), t.T @ dr]
"""

BOTH = LIST.partition("def grad")[0].replace("def loss", "def squared") + """\
def loss_and_grad(params, x):
    w, b, v = params
    t = np.tanh(np.outer(x, w) + b)
    dr = 2 * (t @ v - np.sin(x)) / len(x)
    inner = dr[:, None] * (1 - t**2) * v
    grads = [(inner * x[:, None]).sum(0), inner.sum(0), t.T @ dr]
    return squared(params, x), grads
"""

EMBEDDING = """\
import numpy as np


class Embedding:
    def __init__(self, W):
        self.params, self.grads, self.idx = [W], [np.zeros_like(W)], None

    def forward(self, idx):
        (W,) = self.params
        self.idx = idx
        return W[idx]

    def backward(self, dout):
        (dW,) = self.grads
        dW[...] = 0
        np.add.at(dW, self.idx, dout)
        return None
"""

GROUPS = """\
import numpy as np


def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    eps = gn_param.get("eps", 1e-5)
    N, C, H, W = x.shape
    xg = x.reshape(N, G, C // G, H, W)
    std = np.sqrt(xg.var(axis=(2, 3, 4), keepdims=True) + eps)
    xhat = ((xg - xg.mean(axis=(2, 3, 4), keepdims=True)) / std).reshape(N, C, H, W)
    return gamma * xhat + beta, (xhat, gamma, std, G)

def spatial_groupnorm_backward(dout, cache):
    xhat, gamma, std, G = cache
    N, C, H, W = dout.shape
    d, u = (dout * gamma).reshape(N, G, C // G, H, W), xhat.reshape(N, G, C // G, H, W)
    m, ax = C // G * H * W, (2, 3, 4)
    dx = (d - d.sum(axis=ax, keepdims=True) / m - u * (d * u).sum(axis=ax, keepdims=True) / m) / std
    return (
        dx.reshape(N, C, H, W), (dout * xhat).sum(axis=(0, 2, 3), keepdims=True),
        dout.sum(axis=(0, 2, 3), keepdims=True),
    )
"""

CASES = {
    "numbers": Case(NUMBERS, "dj_dw / m,", "dj_dw,", ("compute_gradient",), "gradient of w"),
    "numbers, and data as sequences": Case(
        SEQUENCES, "sum(2 * (w", "sum((w", ("mse_gradient",), "gradient of b"
    ),
    "a list": Case(LIST, "* (1 - t**2)", "* (1 - t)", ("loss",), "gradient of w"),
    "a list, beside the value": Case(BOTH, "t.T @ dr]", "t.T @ dr * 2]", ("loss_and_grad",), "gradient of v"),
    "a table of vectors": Case(
        EMBEDDING, "np.add.at(dW, self.idx, dout)", "dW[self.idx] += dout", ("Embedding",), "gradient of params[0]"
    ),
    "axes of size 1": Case(
        GROUPS, " - u * (d * u).sum(axis=ax, keepdims=True) / m", "", ("spatial_groupnorm",), "gradient of x"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_right_is_lawful_and_wrong_is_wrong(case: Case, tmp_path: Path) -> None:
    holds(tmp_path, case)
