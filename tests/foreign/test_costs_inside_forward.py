"""Values and gradients that are neighbours in another way: the cost inside the forward, one loss for each sample, two
methods of a class with a dict of parameters."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds

COST_INSIDE = """\
import numpy as np


def forward_propagation_n(X, Y, parameters):
    W1, b1, W2, b2 = parameters["W1"], parameters["b1"], parameters["W2"], parameters["b2"]
    Z1 = W1 @ X + b1
    A1 = np.maximum(0, Z1)
    A2 = 1 / (1 + np.exp(-(W2 @ A1 + b2)))
    cost = -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / X.shape[1]
    cache = (Z1, A1, W2, A2)
    return cost, cache


def backward_propagation_n(X, Y, cache):
    m = X.shape[1]
    Z1, A1, W2, A2 = cache
    dZ2 = A2 - Y
    dW2 = dZ2 @ A1.T / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dZ1 = W2.T @ dZ2 * (Z1 > 0)
    dW1 = dZ1 @ X.T / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    return {"dZ2": dZ2, "dW2": dW2, "db2": db2, "dZ1": dZ1, "dW1": dW1, "db1": db1}
"""

COST_ALONE = """\
import numpy as np


def forward(W, b, X, y):
    p = 1 / (1 + np.exp(-(X @ W + b)))
    loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    return loss, p


def backward(X, y, p):
    dW = X.T @ (p - y) / len(y)
    db = np.mean(p - y)
    return dW, db
"""

ONE_DIMENSION = """\
def forward_propagation(x, theta):
    J = theta**2 * x
    return J


def backward_propagation(x, theta):
    dtheta = 2 * theta * x
    return dtheta
"""

EACH_SAMPLE = """\
import numpy as np


def log_cosh(y_true, y_pred):
    return np.log(np.cosh(y_pred - y_true))


def log_cosh_grad(y_true, y_pred):
    return np.tanh(y_pred - y_true)
"""

ORDINAL = """\
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def ordinal_loss(y_true, y_pred, thetas=(-1.0, 0.5, 2.0)):
    t = np.concatenate([[-np.inf], thetas, [np.inf]])
    return -np.log(sigmoid(t[y_true + 1] - y_pred) - sigmoid(t[y_true] - y_pred))


def ordinal_grad(y_true, y_pred, thetas=(-1.0, 0.5, 2.0)):
    t = np.concatenate([[-np.inf], thetas, [np.inf]])
    upper, lower = sigmoid(t[y_true + 1] - y_pred), sigmoid(t[y_true] - y_pred)
    return (upper * (1 - upper) - lower * (1 - lower)) / (upper - lower)
"""

DICT_OF_PARAMETERS = """\
import numpy as np


class Network:
    def __init__(self, n_in, n_h, n_out):
        self.params = {
            "W1": np.random.randn(n_in, n_h), "b1": np.zeros(n_h),
            "W2": np.random.randn(n_h, n_out), "b2": np.zeros(n_out),
        }

    def forward(self, X):
        p = self.params
        h = np.tanh(X @ p["W1"] + p["b1"])
        return h @ p["W2"] + p["b2"], h

    def loss(self, X, y):
        return np.mean((self.forward(X)[0] - y) ** 2)

    def grads(self, X, y):
        p = self.params
        out, h = self.forward(X)
        d = 2 * (out - y) / out.size
        dh = d @ p["W2"].T * (1 - h**2)
        return {"W2": h.T @ d, "b2": d.sum(0), "W1": X.T @ dh, "b1": dh.sum(0)}
"""

SOLVED = """\
import numpy as np

mu = 5.0


def vdp(t, y):
    return np.array([y[1], mu * (1 - y[0] ** 2) * y[1] - y[0]])


def vdp_jac(t, y):
    return np.array([[0, 1], [-2 * mu * y[0] * y[1] - 1, mu * (1 - y[0] ** 2)]])
"""

CASES = {
    "a Jacobian by the second argument": Case(SOLVED, "y[1] - 1, mu", "y[1], mu", ("vdp",), "gradient of y"),
    "a cost with its cache": Case(
        COST_INSIDE, "dW2 = dZ2 @ A1.T / m", "dW2 = dZ2 @ A1.T * 2 / m", ("backward_propagation_n",), "gradient of W2"
    ),
    "a cost with the output": Case(COST_ALONE, "np.mean(p - y)", "np.sum(p - y)", ("backward",), "gradient of b"),
    "numbers": Case(ONE_DIMENSION, "2 * theta * x", "2 * theta", ("forward_propagation",), "gradient of theta"),
    "a loss for each sample": Case(EACH_SAMPLE, "np.tanh(", "-np.tanh(", ("log_cosh",), "gradient of y_pred"),
    "a loss of classes": Case(ORDINAL, "(1 - lower))", "(1 + lower))", ("ordinal_loss",), "gradient of y_pred"),
    "a dict of parameters": Case(
        DICT_OF_PARAMETERS, "d.sum(0)", "d.mean(0)", ("Network.grads",), "gradient of params['b2']"
    ),
    "a dict with gradients called dW": Case(
        DICT_OF_PARAMETERS.replace('{"W2": h', '{"dW2": h').replace('"b2": d', '"db2": d').replace(
            '"W1": X.T @', '"dW1": X.T @').replace('"b1": dh', '"db1": dh'),
        "(1 - h**2)", "(1 - h)", ("Network.grads",), "gradient of params['W1']",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_right_file_is_lawful_and_a_wrong_one_broken(case: str, tmp_path: Path) -> None:
    holds(tmp_path, CASES[case])
