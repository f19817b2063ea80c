"""Costs that take their data before their weights: the gradient belongs to the weights, and the target is a vector."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds

ONE_FUNCTION = """\
import numpy as np

def loss_and_grad(X, y, w):
    p = 1 / (1 + np.exp(-X @ w))
    loss = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()
    grad = X.T @ (p - y) / len(y)
    return loss, grad
"""

WITH_A_PENALTY = """\
import numpy as np

def loss_and_grad(X, y, w, b, reg):
    e = X @ w + b - y
    loss = np.mean(e ** 2) + reg * w @ w
    dw = 2 * X.T @ e / len(y) + 2 * reg * w
    db = 2 * np.mean(e)
    return loss, dw, db
"""

METHODS = """\
import numpy as np

class HuberRegressor:
    def __init__(self, delta=1.0, lr=0.1):
        self.delta, self.lr = delta, lr

    def loss(self, X, y, w):
        r = X @ w - y
        a = np.abs(r)
        return np.mean(np.where(a <= self.delta, 0.5 * r ** 2, self.delta * (a - 0.5 * self.delta)))

    def gradient(self, X, y, w):
        r = X @ w - y
        return X.T @ np.where(np.abs(r) <= self.delta, r, self.delta * np.sign(r)) / len(y)
"""

COEFFICIENTS = """\
import numpy as np

class Poisson:
    def neg_log_likelihood(self, X, y, beta):
        return np.mean(np.exp(X @ beta) - y * (X @ beta))

    def gradient(self, X, y, beta):
        return X.T @ (np.exp(X @ beta) - y) / len(y)
"""

TWO = """\
import numpy as np

def loss(X, y, w):
    return np.mean((X @ w - y) ** 2)

def gradient(X, y, w):
    return 2 * X.T @ (X @ w - y) / len(y)
"""

CASES = {
    "one function": Case(ONE_FUNCTION, " / len(y)", "", ("loss_and_grad",), "gradient of w"),
    "with a penalty": Case(WITH_A_PENALTY, "+ 2 * reg", "+ reg", ("loss_and_grad",), "gradient of w"),
    "methods, delta unlike 1": Case(
        METHODS, "r, self.delta * np", "r, np", ("HuberRegressor.gradient",), "gradient of w"
    ),
    "coefficients": Case(COEFFICIENTS, "(np.exp(X @ beta) - y) /", "(y - np.exp(X @ beta)) /",
                         ("Poisson.gradient",), "gradient of beta"),
    "a missing 2, which a mean over two outputs hides": Case(TWO, "2 * X.T", "X.T", ("gradient",), "gradient of w"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_right_is_lawful_and_wrong_is_wrong(case: Case, tmp_path: Path) -> None:
    holds(tmp_path, case)
