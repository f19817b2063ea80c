"""A network whose backward takes one sample, and whose step takes a list of pairs: both are verified."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds

from mlp_core.testing.foreign.load import loaded

COLUMNS = """\
import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


class Network:
    def __init__(self, sizes):
        self.sizes = sizes
        self.biases = [np.random.randn(n, 1) for n in sizes[1:]]
        self.weights = [np.random.randn(n, m) / np.sqrt(m) for m, n in zip(sizes[:-1], sizes[1:])]

    def feedforward(self, a):
        for b, w in zip(self.biases, self.weights):
            a = sigmoid(w @ a + b)
        return a

    def backprop(self, x, y):
        nabla_b, nabla_w = [np.zeros(b.shape) for b in self.biases], [np.zeros(w.shape) for w in self.weights]
        activations = [x]
        for b, w in zip(self.biases, self.weights):
            activations.append(sigmoid(w @ activations[-1] + b))
        delta = activations[-1] - y
        for l in range(1, len(self.sizes)):
            nabla_b[-l], nabla_w[-l] = delta, delta @ activations[-l - 1].T
            delta = self.weights[-l].T @ delta * activations[-l - 1] * (1 - activations[-l - 1])
        return nabla_b, nabla_w

    def update_mini_batch(self, mini_batch, eta):
        nabla_b, nabla_w = [np.zeros(b.shape) for b in self.biases], [np.zeros(w.shape) for w in self.weights]
        for x, y in mini_batch:
            delta_b, delta_w = self.backprop(x, y)
            nabla_b = [nb + db for nb, db in zip(nabla_b, delta_b)]
            nabla_w = [nw + dw for nw, dw in zip(nabla_w, delta_w)]
        self.weights = [w - eta / len(mini_batch) * nw for w, nw in zip(self.weights, nabla_w)]
        self.biases = [b - eta / len(mini_batch) * nb for b, nb in zip(self.biases, nabla_b)]
"""

NAMES = "Network.backprop", "Network.update_mini_batch"

DECAY = COLUMNS.replace("mini_batch, eta)", "mini_batch, eta, lmbda, n)").replace(
    "[w - eta", "[(1 - eta * lmbda / n) * w - eta"
)

ROWS = COLUMNS.replace("randn(n, 1)", "randn(n)").replace("w @ a + b", "a @ w.T + b").replace(
    "w @ activations[-1] + b", "activations[-1] @ w.T + b"
).replace("delta @ activations[-l - 1].T", "np.outer(delta, activations[-l - 1])").replace(
    "self.weights[-l].T @ delta", "delta @ self.weights[-l]"
)  # fmt: skip

CASES = {
    "a sum that keeps the last sample": Case(COLUMNS, "[nb + db for", "[db for", NAMES, "gradient of biases"),
    "a step that is added": Case(COLUMNS, "[w - eta", "[w + eta", NAMES, "gradient of weights"),
    "a step that is not averaged": Case(COLUMNS, "[b - eta / len(mini_batch)", "[b - eta", NAMES, "gradient of"),
    "with a decay": Case(DECAY, "* w - eta", "* w + eta", NAMES, "gradient of"),
    "samples that are vectors": Case(ROWS, "[nb + db for", "[db for", NAMES, "gradient of biases"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_right_file_is_lawful_and_a_wrong_one_broken(case: str, tmp_path: Path) -> None:
    holds(tmp_path, CASES[case])


def test_the_decay_is_told(tmp_path: Path) -> None:
    path = tmp_path / "theirs.py"
    path.write_text(DECAY, encoding="utf-8")
    found, things = loaded(f"{path}:{NAMES[1]}")
    assert "and a penalty" in found.make(*things, (1, 8)).found
