"""A network without a loss is one object for the whole training, and what it keeps of its first batch is a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds, said

from mlp_core.testing import verify

AGAIN = "is the derivative when its object runs again"

GRADIENTS = """\
import numpy as np


class NeuralNetwork:
    def __init__(self, n_in, n_hidden, n_out):
        self.W1 = np.random.randn(n_in, n_hidden) * 0.1
        self.b1 = np.zeros((1, n_hidden))
        self.W2 = np.random.randn(n_hidden, n_out) * 0.1
        self.b2 = np.zeros((1, n_out))
        self.mask = None

    def forward(self, X):
        self.X = X
        self.Z1 = X @ self.W1 + self.b1
        self.A1 = np.maximum(self.Z1, 0)
        return self.A1 @ self.W2 + self.b2

    def backward(self, X, y):
        out = self.forward(X)
        m = len(X)
        dZ2 = (out - y) / m
        self.dW2 = self.A1.T @ dZ2
        self.db2 = dZ2.sum(axis=0, keepdims=True)
        self.mask = self.Z1 > 0
        dZ1 = (dZ2 @ self.W2.T) * self.mask
        self.dW1 = self.X.T @ dZ1
        self.db1 = dZ1.sum(axis=0, keepdims=True)
"""

CASES = {
    "the first batch": Case(
        GRADIENTS, "        self.X = X\n", "        self.X = X if self.mask is None else self.X\n",
        ("NeuralNetwork.backward",), "gradient of W1",
    ),
    "the mask of the first batch": Case(
        GRADIENTS, "        self.mask = self.Z1 > 0\n",
        "        self.mask = self.Z1 > 0 if self.mask is None else self.mask\n",
        ("NeuralNetwork.backward",), "gradient of",
    ),
    "the gradient of the last step is added": Case(
        GRADIENTS, "        self.dW2 = self.A1.T @ dZ2\n",
        "        self.dW2 = self.A1.T @ dZ2 + getattr(self, 'kept', 0)\n"
        "        self.kept = self.A1.T @ dZ2\n",
        ("NeuralNetwork.backward",), "gradient of W2",
    ),
}  # fmt: skip

MOMENTUM = """\
import numpy as np


class NeuralNetwork:
    def __init__(self, n_in, n_out, lr=0.1):
        self.W = np.random.randn(n_in, n_out) * 0.1
        self.b = np.zeros((1, n_out))
        self.lr = lr
        self.vW, self.vb = 0.0, 0.0

    def forward(self, X):
        self.X = X
        return X @ self.W + self.b

    def train(self, X, y):
        d = (self.forward(X) - y) / len(X)
        self.vW = 0.9 * self.vW - self.lr * X.T @ d
        self.vb = 0.9 * self.vb - self.lr * d.sum(axis=0, keepdims=True)
        self.W += self.vW
        self.b += self.vb
"""


@pytest.mark.parametrize("name", CASES)
def test_what_is_kept_of_the_first_batch_is_broken(name: str, tmp_path: Path) -> None:
    holds(tmp_path, CASES[name])


def test_a_velocity_is_not_accused(tmp_path: Path) -> None:
    told = said(tmp_path, MOMENTUM)
    assert [one for results in told.values() for one in results if one[1] not in ("PASS", "SKIP")] == []


def test_the_snippet_repeats_the_failure(tmp_path: Path) -> None:
    path = tmp_path / "theirs.py"
    path.write_text(CASES["the first batch"].wrong(), encoding="utf-8")
    report = verify(str(path), examples=6)
    (failed,) = (r for r in report.results if r.verdict == "FAIL")
    assert failed.law == AGAIN
    with pytest.raises(AssertionError):
        exec(failed.snippet, {"__name__": "pasted"})  # noqa: S102  (what it is for)
