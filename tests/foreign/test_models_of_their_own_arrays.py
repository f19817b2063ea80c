"""Classes with a loss and the gradients of their own arrays: factors of a matrix, a softmax regression, a loss."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds

FACTORS = """\
import numpy as np

class MatrixFactorization:
    def __init__(self, n_users, n_items, k=2, reg=0.1):
        self.reg = reg
        self.U = np.random.randn(n_users, k) * 0.1
        self.V = np.random.randn(n_items, k) * 0.1
        self.bu = np.zeros(n_users)

    def loss(self, users, items, ratings):
        e = (self.U[users] * self.V[items]).sum(1) + self.bu[users] - ratings
        return 0.5 * np.sum(e**2) + 0.5 * self.reg * (np.sum(self.U**2) + np.sum(self.V**2))

    def grad(self, users, items, ratings):
        e = (self.U[users] * self.V[items]).sum(1) + self.bu[users] - ratings
        dU, dV, dbu = self.reg * self.U, self.reg * self.V, np.zeros_like(self.bu)
        np.add.at(dU, users, e[:, None] * self.V[items])
        np.add.at(dV, items, e[:, None] * self.U[users])
        np.add.at(dbu, users, e)
        return dU, dV, dbu
"""

SOFTMAX = """\
import numpy as np

class SoftmaxRegression:
    def __init__(self, n_features, n_classes, lr=0.1, reg=1e-3):
        self.W = np.random.randn(n_features, n_classes) * 0.01
        self.b = np.zeros(n_classes)
        self.lr, self.reg = lr, reg

    def _softmax(self, z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def loss(self, X, y):
        p = self._softmax(X @ self.W + self.b)
        return -np.log(p[np.arange(len(X)), y]).mean() + 0.5 * self.reg * np.sum(self.W**2)

    def gradients(self, X, y):
        p = self._softmax(X @ self.W + self.b)
        p[np.arange(len(X)), y] -= 1
        p /= len(X)
        db = p.sum(axis=0)
        dW = X.T @ p + self.reg * self.W
        return db, dW
"""

RIDGE = """\
import numpy as np

class Ridge:
    def __init__(self, n_features):
        self.w = np.random.randn(n_features)
        self.history = []

    def loss(self, X, y):
        self.X = X
        self.history.append(0.5 * np.sum((X @ self.w - y) ** 2))
        return self.history[-1]

    def grad(self, X, y):
        return self.X.T @ (X @ self.w - y)
"""

TWO_LAYERS = """\
import numpy as np

class TwoLayerNet:
    def __init__(self, input_size, hidden_size):
        self.params = {"W": 0.1 * np.random.randn(input_size, hidden_size), "v": np.ones(hidden_size)}

    def loss(self, X, y):
        self.X = X
        h = np.tanh(X @ self.params["W"])
        r = h @ self.params["v"] - y
        dh = r[:, None] * self.params["v"] * (1 - h**2)
        return 0.5 * np.sum(r**2), {"W": self.X.T @ dh, "v": h.T @ r}
"""

LOSS = """\
import numpy as np


class MSELoss:
    def __init__(self):
        self.target = None

    def forward(self, pred, target):
        self.target = target
        self.pred = pred
        return np.mean((pred - target) ** 2)

    def backward(self):
        return 2 * (self.pred - self.target) / self.pred.size
"""

MACHINE = """\
import numpy as np


class FactorizationMachine:
    def __init__(self, n_features, k=3):
        self.w0 = 0.1
        self.w = np.random.randn(n_features)
        self.V = np.random.randn(n_features, k) * 0.1

    def predict(self, X):
        linear = self.w0 + X @ self.w
        inter = 0.5 * ((X @ self.V) ** 2 - X ** 2 @ self.V ** 2).sum(axis=1)
        return linear + inter

    def loss(self, X, y):
        return 0.5 * ((self.predict(X) - y) ** 2).mean()

    def gradients(self, X, y):
        err = (self.predict(X) - y) / len(y)
        g0 = err.sum()
        gw = X.T @ err
        XV = X @ self.V
        gV = X.T @ (err[:, None] * XV) - (X ** 2).T @ err[:, None] * self.V
        return g0, gw, gV
"""

CASES = {
    "a single number among them": Case(
        MACHINE, "- (X ** 2).T", "+ (X ** 2).T", ("FactorizationMachine.gradients",), "gradient of V"
    ),
    "factors": Case(
        FACTORS, "np.add.at(dV, items, e[:, None] * self.U[users])", "dV[items] += e[:, None] * self.U[users]",
        ("MatrixFactorization.grad",), "gradient of V",
    ),
    "a penalty, the bias's gradient first": Case(
        SOFTMAX, "+ self.reg * self.W\n", "+ 2 * self.reg * self.W\n", ("SoftmaxRegression.gradients",), "gradient of W"
    ),
    "data that is kept from the first call": Case(
        RIDGE, "self.X = X", 'self.X = getattr(self, "X", X)', ("Ridge.grad",), "gradient of w"
    ),
    "a loss that keeps its target": Case(
        LOSS, "self.target = target", "self.target = target if self.target is None else self.target",
        ("MSELoss.backward",), "gradient of pred",
    ),
    "a network that keeps it": Case(
        TWO_LAYERS, "self.X = X", 'self.X = getattr(self, "X", X)', ("TwoLayerNet",), "gradient of params['W']"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_right_is_lawful_and_wrong_is_wrong(case: Case, tmp_path: Path) -> None:
    holds(tmp_path, case)
