"""Defaults of 0 and 1, with which a forgotten factor, power or penalty does not show: other values are given."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds, said

PAIR = """\
import numpy as np

def swish_forward(x, beta=1.0):
    s = 1 / (1 + np.exp(-beta * x))
    return x * s, (x, s, beta)

def swish_backward(dout, cache):
    x, s, beta = cache
    return dout * (s + x * s * (1 - s) * beta)
"""

PRIME = """\
import numpy as np

def swish(x, beta=1):
    return x / (1 + np.exp(-beta * x))

def swish_prime(x, beta=1):
    s = 1 / (1 + np.exp(-beta * x))
    return s + beta * x * s * (1 - s)
"""

LAYER = """\
import numpy as np

class Swish:
    def __init__(self, beta=1.0):
        self.beta = beta

    def forward(self, x):
        self.x, self.s = x, 1 / (1 + np.exp(-self.beta * x))
        return x * self.s

    def backward(self, dout):
        return dout * (self.s + self.beta * self.x * self.s * (1 - self.s))
"""

LOSS = """\
import numpy as np

class HuberLoss:
    def __init__(self, delta=1.0):
        self.delta = delta

    def forward(self, y_pred, y_true):
        self.d = y_pred - y_true
        a = np.abs(self.d)
        return np.mean(np.where(a <= self.delta, 0.5 * self.d**2, self.delta * (a - 0.5 * self.delta)))

    def backward(self):
        return np.where(np.abs(self.d) <= self.delta, self.d, self.delta * np.sign(self.d)) / self.d.size
"""

PENALTY = """\
import numpy as np

def loss_and_grad(w, X, y, reg=0.0):
    e = X @ w - y
    loss = 0.5 * e @ e + 0.5 * reg * w @ w
    grad = X.T @ e + reg * w
    return loss, grad
"""

CASES = {
    "a pair": Case(PAIR, "(1 - s) * beta)", "(1 - s))", ("swish",), "gradient of x"),
    "a derivative": Case(PRIME, "s + beta * x", "s + x", ("swish",), "gradient of x"),
    "a layer": Case(LAYER, "+ self.beta * self.x", "+ self.x", ("Swish",), "gradient of x"),
    "a class of losses": Case(
        LOSS, "self.delta * np.sign", "np.sign", ("HuberLoss.backward",), "gradient of y_pred"
    ),
    "a penalty": Case(PENALTY, "+ reg * w\n", "+ 2 * reg * w\n", ("loss_and_grad",), "gradient of w"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_right_is_lawful_and_wrong_is_wrong(case: Case, tmp_path: Path) -> None:
    holds(tmp_path, case)


def test_a_derivative_without_the_parameter_is_that_of_the_default(tmp_path: Path) -> None:
    text = PRIME.replace("def swish_prime(x, beta=1):\n", "def swish_prime(x):\n    beta = 1\n")
    assert all(verdict in ("PASS", "SKIP") for _, verdict, _, _ in said(tmp_path, text)["swish"])
