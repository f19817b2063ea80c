"""Methods that move the arrays of their object by its gradients, such as `update(self, lr)`: they are verified as an
update rule, beside the gradients of the class."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from pairs_of_strangers import said

from mlp_core.testing.foreign.load import found_in

NETWORK = """\
import numpy as np


class Net:
    def __init__(self, n_in, n_hidden, n_out, lr=0.1):
        self.lr = lr
        self.W1 = np.random.randn(n_in, n_hidden) * 0.1
        self.b1 = np.zeros(n_hidden)
        self.W2 = np.random.randn(n_hidden, n_out) * 0.1
        self.b2 = np.zeros(n_out)
        STATE

    def forward(self, X):
        self.X, self.h = X, np.tanh(X @ self.W1 + self.b1)
        return self.h @ self.W2 + self.b2

    def backward(self, y_pred, y):
        d = (y_pred - y) / len(y)
        self.dW2, self.db2 = self.h.T @ d, d.sum(0)
        dh = d @ self.W2.T * (1 - self.h**2)
        self.dW1, self.db1 = self.X.T @ dh, dh.sum(0)

"""

STEPS = """\
    def update(self, lr):
        self.W1 -= lr * self.dW1
        self.b1 -= lr * self.db1
        self.W2 -= lr * self.dW2
        self.b2 -= lr * self.db2
"""

EACH = """\
        self.m{0} = beta1 * self.m{0} + (1 - beta1) * self.d{0}
        self.v{0} = beta2 * self.v{0} + (1 - beta2) * self.d{0} ** 2
        self.{0} -= self.lr * (self.m{0} / (1 - beta1 ** self.t)) / (np.sqrt(self.v{0} / (1 - beta2 ** self.t)) + eps)
"""

NAMES = "W1", "b1", "W2", "b2"

ADAM = "    def adam_step(self, beta1=0.9, beta2=0.999, eps=1e-8):\n        self.t += 1\n" + "".join(
    EACH.format(name) for name in NAMES
)

STATE = "; ".join(f"self.{letter}{name} = np.zeros_like(self.{name})" for name in NAMES for letter in "mv")

LISTS = """\
import numpy as np


class Net:
    def __init__(self, sizes, lr=0.1):
        self.lr = lr
        self.weights = [np.random.randn(a, b) * 0.1 for a, b in zip(sizes[:-1], sizes[1:])]
        self.biases = [np.zeros(b) for b in sizes[1:]]

    def forward(self, X):
        self.acts = [X]
        for W, b in zip(self.weights, self.biases):
            self.acts.append(np.tanh(self.acts[-1] @ W + b))
        return self.acts[-1]

    def backward(self, y):
        self.dweights, self.dbiases = [None] * len(self.weights), [None] * len(self.biases)
        delta = (self.acts[-1] - y) / len(y) * (1 - self.acts[-1] ** 2)
        for l in reversed(range(len(self.weights))):
            self.dweights[l], self.dbiases[l] = self.acts[l].T @ delta, delta.sum(axis=0)
            delta = delta @ self.weights[l].T * (1 - self.acts[l] ** 2)

    def update(self):
        for l in range(len(self.weights)):
            self.weights[l] -= self.lr * self.dweights[l]
            self.biases[l] -= self.lr * self.dbiases[l]
"""

DICTS = """\
import numpy as np


class Net:
    def __init__(self, n_in, n_hidden, n_out):
        self.params = {
            "W1": np.random.randn(n_in, n_hidden) * 0.1, "b1": np.zeros(n_hidden),
            "W2": np.random.randn(n_hidden, n_out) * 0.1, "b2": np.zeros(n_out),
        }
        self.grads = {}

    def forward(self, X):
        self.X, self.h = X, np.maximum(0, X @ self.params["W1"] + self.params["b1"])
        return self.h @ self.params["W2"] + self.params["b2"]

    def backward(self, y_pred, y):
        d = (y_pred - y) / len(y)
        self.grads["W2"], self.grads["b2"] = self.h.T @ d, d.sum(0)
        dh = d @ self.params["W2"].T * (self.h > 0)
        self.grads["W1"], self.grads["b1"] = self.X.T @ dh, dh.sum(0)

    def update(self, lr):
        for key in self.params:
            self.params[key] -= lr * self.grads[key]
"""

LAYER = """\
import numpy as np


class Dense:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out) * 0.1
        self.b = np.zeros((1, n_out))
        self.vW = np.zeros_like(self.W)
        self.vb = np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW, self.db = self.x.T @ dout, dout.sum(axis=0, keepdims=True)
        return dout @ self.W.T

    def step(self, lr=0.1, momentum=0.9):
        self.vW = momentum * self.vW + self.dW
        self.vb = momentum * self.vb + self.db
        self.W -= lr * self.vW
        self.b -= lr * self.vb
"""

RETURNED = """\
import numpy as np


class Dense:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out) * 0.1
        self.b = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        dW = self.x.T @ dout
        db = dout.sum(axis=0)
        dx = dout @ self.W.T
        return dx, dW, db

    def update(self, dW, db, lr=0.01):
        self.W -= lr * dW
        self.b -= lr * db
"""

MODEL = """\
import numpy as np


class SoftmaxRegression:
    def __init__(self, n_features, n_classes, lr=0.1, reg=1e-3):
        self.W = 0.01 * np.random.randn(n_features, n_classes)
        self.b = np.zeros(n_classes)
        self.lr, self.reg = lr, reg

    def loss_and_grad(self, X, y):
        n, z = len(X), X @ self.W + self.b
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(n), y]).mean() + 0.5 * self.reg * np.sum(self.W**2)
        p[np.arange(n), y] -= 1
        return loss, X.T @ p / n + self.reg * self.W, p.mean(axis=0)

    def train_step(self, X, y):
        loss, dW, db = self.loss_and_grad(X, y)
        self.W -= self.lr * dW
        self.b -= self.lr * db
        return loss
"""


class Case(NamedTuple):
    """A right file, the subjects in it, and pairs of a part and its wrong text."""

    text: str
    names: tuple[str, ...]
    wrong: tuple[tuple[str, str], ...]


CASES = {
    "a network": Case(NETWORK.replace("STATE", "") + STEPS, ("Net.update", "Net.backward"), (
        ("self.b1 -= lr", "self.b1 += lr"), ("lr * self.db2", "lr * self.db2.sum()"), ("1 - self.h**2", "1 - self.h"),
    )),
    "Adam in a network": Case(NETWORK.replace("STATE", f"{STATE}; self.t = 0") + ADAM, (
        "Net.adam_step", "Net.backward",
    ), (("+ (1 - beta2) * self.db2 ** 2", "+ (1 - beta2) * self.db1.sum() ** 2"), ("self.t += 1", "self.t = 1"))),
    "lists": Case(LISTS, ("Net.update", "Net.backward"), (
        ("self.biases[l] -=", "self.biases[l] +="), ("self.lr * self.dweights[l]", "self.dweights[l]"),
        ("delta.sum(axis=0)\n", "delta.mean(axis=0)\n"),
    )),
    "dicts": Case(DICTS, ("Net.update", "Net.backward"), (
        ("-= lr * self.grads", "+= lr * self.grads"), ("(self.h > 0)", "(self.h > -1)"),
    )),
    "a layer with momentum": Case(LAYER, ("Dense.step", "Dense"), (
        ("momentum * self.vb + self.db", "momentum * self.vb - self.db"), ("lr * self.vW", "lr * self.dW * self.vW"),
        ("self.x.T @ dout", "-self.x.T @ dout"),
    )),
    "gradients that are returned and given": Case(RETURNED, ("Dense.update", "Dense"), (
        ("self.b -= lr * db", "self.b -= db"), ("db = dout.sum(axis=0)", "db = dout.mean(axis=0)"),
    )),
    "a step with a model": Case(MODEL, ("SoftmaxRegression.loss_and_grad", "SoftmaxRegression.train_step"), (
        ("self.b -= self.lr * db", "self.b -= self.lr * db * 2"),
        ("n + self.reg * self.W", "n + 2 * self.reg * self.W"),
    )),
}  # fmt: skip

WRONG = [pytest.param(n, k, marks=[pytest.mark.slow] * (k > 0)) for n, c in CASES.items() for k in range(len(c.wrong))]


@pytest.mark.parametrize("name", CASES)
def test_a_right_file_is_lawful(name: str, tmp_path: Path) -> None:
    told = said(tmp_path, CASES[name].text)
    assert tuple(told) == CASES[name].names
    assert {verdict for results in told.values() for _, verdict, _, _ in results} <= {"PASS", "SKIP"}


@pytest.mark.parametrize(("name", "k"), WRONG)
def test_a_wrong_one_is_broken(name: str, k: int, tmp_path: Path) -> None:
    old, new = CASES[name].wrong[k]
    assert CASES[name].text.count(old) == 1
    told = said(tmp_path, CASES[name].text.replace(old, new), examples=20)
    assert any(verdict == "FAIL" for results in told.values() for _, verdict, _, _ in results)


OTHERS = {
    "a decay, which is another rule": MODEL.replace("self.lr * dW", "self.lr * (dW + 0.1 * self.W)"),
    "a velocity of which nothing is known": LAYER.replace("np.zeros_like(self.W)", "load('velocity.npy')"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_step_that_cannot_be_compared_is_not_accused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "theirs.py"
    path.write_text(OTHERS[name], encoding="utf-8")
    assert [one.rpartition(":")[2] for one in found_in(str(path))] in (["Dense"], ["SoftmaxRegression.loss_and_grad"])
