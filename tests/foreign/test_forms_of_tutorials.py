"""Forms from tutorials: classes that are counted by the labels, a cache that is a tuple, a layer for one column, an
energy that is returned with its forces, and the sizes of an autoencoder."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds

from mlp_core.testing.foreign.load import found_in, loaded

COUNTED = """\
import numpy as np


def one_hot(Y):
    table = np.zeros((Y.size, Y.max() + 1))
    table[np.arange(Y.size), Y] = 1
    return table.T


def forward_prop(W1, b1, W2, b2, X):
    Z1 = W1 @ X + b1
    A1 = np.maximum(Z1, 0)
    Z2 = W2 @ A1 + b2
    A2 = np.exp(Z2) / sum(np.exp(Z2))
    return Z1, A1, Z2, A2


def backward_prop(Z1, A1, Z2, A2, W1, W2, X, Y):
    m = Y.size
    dZ2 = A2 - one_hot(Y)
    dW2 = dZ2 @ A1.T / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dZ1 = W2.T @ dZ2 * (Z1 > 0)
    dW1 = dZ1 @ X.T / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    return dW1, db1, dW2, db2
"""

TUPLE = """\
import numpy as np


def forward(X, params):
    a1 = np.tanh(X @ params["W1"] + params["b1"])
    z2 = a1 @ params["W2"] + params["b2"]
    return z2, (X, a1)


def loss_fn(pred, y):
    return np.mean((pred - y) ** 2)


def backward(pred, y, cache, params):
    X, a1 = cache
    dz2 = 2 * (pred - y) / y.size
    dz1 = dz2 @ params["W2"].T * (1 - a1**2)
    return {"W1": X.T @ dz1, "b1": dz1.sum(0), "W2": a1.T @ dz2, "b2": dz2.sum(0)}
"""

COLUMN = """\
import numpy as np


class Softmax:
    def forward(self, input):
        tmp = np.exp(input)
        self.output = tmp / np.sum(tmp)
        return self.output

    def backward(self, output_gradient, learning_rate):
        n = np.size(self.output)
        return np.dot((np.identity(n) - self.output.T) * self.output, output_gradient)
"""

SPRINGS = """\
import numpy as np


def energy_and_forces(positions, k=2.0, r0=1.0):
    delta = positions[1:] - positions[:-1]
    r = np.linalg.norm(delta, axis=1)
    energy = 0.5 * k * np.sum((r - r0) ** 2)
    f = k * ((r - r0) / r)[:, None] * delta
    forces = np.zeros_like(positions)
    forces[:-1] += f
    forces[1:] -= f
    return energy, forces
"""

AUTOENCODER = """\
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def sparse_autoencoder_cost(theta, visible_size, hidden_size, lambda_, sparsity_param, beta, data):
    k = hidden_size * visible_size
    W1, W2 = theta[:k].reshape(hidden_size, visible_size), theta[k : 2 * k].reshape(visible_size, hidden_size)
    b1, b2 = theta[2 * k : 2 * k + hidden_size, None], theta[2 * k + hidden_size :, None]
    m = data.shape[1]
    a2 = sigmoid(W1 @ data + b1)
    h = sigmoid(W2 @ a2 + b2)
    rho, rho_hat = sparsity_param, a2.mean(axis=1, keepdims=True)
    kl = rho * np.log(rho / rho_hat) + (1 - rho) * np.log((1 - rho) / (1 - rho_hat))
    cost = np.sum((h - data) ** 2) / (2 * m) + lambda_ / 2 * (np.sum(W1**2) + np.sum(W2**2)) + beta * np.sum(kl)
    delta3 = (h - data) * h * (1 - h)
    sparse = -rho / rho_hat + (1 - rho) / (1 - rho_hat)
    delta2 = (W2.T @ delta3 + beta * sparse) * a2 * (1 - a2)
    slopes = (delta2 @ data.T / m + lambda_ * W1, delta3 @ a2.T / m + lambda_ * W2, delta2.mean(1), delta3.mean(1))
    grad = np.concatenate([one.ravel() for one in slopes])
    return cost, grad
"""

CASES = {
    "classes that are counted": Case(COUNTED, "dZ2 @ A1.T / m", "dZ2 @ A1.T", ("backward_prop",), "gradient of W2"),
    "a cache that is a tuple": Case(TUPLE, "(1 - a1**2)", "(1 - a1)", ("backward",), "gradient of W1"),
    "a layer for one column": Case(COLUMN, "self.output.T)", "self.output)", ("Softmax",), "gradient of input"),
    "an energy with its forces": Case(SPRINGS, "forces[1:] -=", "forces[1:] +=", ("energy_and_forces",), "positions"),
    "an autoencoder": Case(
        AUTOENCODER, "+ beta * sparse", "+ sparse", ("sparse_autoencoder_cost",), "gradient of theta"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_right_file_is_lawful_and_a_wrong_one_broken(case: str, tmp_path: Path) -> None:
    holds(tmp_path, CASES[case])


SAID = {
    "classes that are counted": "the largest class is always among the labels, because the code counts classes by them",
    "a layer for one column": '"(3,1)"', "an energy with its forces": "positions have at least two coordinates",
}  # fmt: skip


@pytest.mark.parametrize("case", SAID)
def test_it_is_told(case: str, tmp_path: Path) -> None:
    path = tmp_path / "theirs.py"
    path.write_text(CASES[case].text, encoding="utf-8")
    found, things = loaded(found_in(str(path))[0])
    assert SAID[case] in found.make(*things, (1, 8)).found
