"""Gradients of a layer under other names, parameters that the first forward makes, and arrays that layers share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pairs_of_strangers import Case, holds, said

from mlp_core.base.errors import ArgumentError
from mlp_core.testing import subjects, verify

WORDS = """\
import numpy as np


class Linear:
    def __init__(self, in_features, out_features):
        self.W = np.random.randn(out_features, in_features)
        self.b = np.zeros((out_features, 1))

    def forward(self, A):
        self.A, self.ones = A, np.ones((A.shape[0], 1))
        return A @ self.W.T + self.ones @ self.b.T

    def backward(self, dLdZ):
        self.dLdW = dLdZ.T @ self.A
        self.dLdb = dLdZ.T @ self.ones
        return dLdZ @ self.W
"""

LAZY = """\
from collections import OrderedDict

import numpy as np


class FullyConnected:
    def __init__(self, n_out):
        self.n_in, self.n_out = None, n_out
        self.parameters, self.gradients, self.cache = OrderedDict(), OrderedDict(), OrderedDict()

    def forward(self, X):
        if self.n_in is None:
            self.n_in = X.shape[1]
            self.parameters["W"] = np.random.randn(self.n_in, self.n_out) * 0.1
            self.parameters["b"] = np.zeros((1, self.n_out))
        self.cache["X"], self.cache["Z"] = X, X @ self.parameters["W"] + self.parameters["b"]
        return np.tanh(self.cache["Z"])

    def backward(self, dLdY):
        dZ = dLdY * (1 - np.tanh(self.cache["Z"]) ** 2)
        self.gradients["W"] = self.cache["X"].T @ dZ
        self.gradients["b"] = dZ.sum(axis=0, keepdims=True)
        return dZ @ self.parameters["W"].T
"""

SHARED = """\
from collections import OrderedDict

import numpy as np


class Affine:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.W.T


class Tanh:
    def forward(self, x):
        self.out = np.tanh(x)
        return self.out

    def backward(self, dout):
        return dout * (1 - self.out**2)


class TwoLayerNet:
    def __init__(self, input_size, hidden_size, output_size):
        self.params = {
            "W1": 0.1 * np.random.randn(input_size, hidden_size), "b1": np.zeros(hidden_size),
            "W2": 0.1 * np.random.randn(hidden_size, output_size), "b2": np.zeros(output_size),
        }
        p = self.params
        self.layers = OrderedDict()
        self.layers["Affine1"], self.layers["Tanh"] = Affine(p["W1"], p["b1"]), Tanh()
        self.layers["Affine2"] = Affine(p["W2"], p["b2"])

    def predict(self, x):
        for layer in self.layers.values():
            x = layer.forward(x)
        return x

    def loss(self, x, t):
        y = self.predict(x)
        e = np.exp(y - y.max(axis=1, keepdims=True))
        self.y, self.t = e / e.sum(axis=1, keepdims=True), t
        return -np.sum(np.log(self.y[np.arange(len(t)), t] + 1e-7)) / len(t)

    def gradient(self, x, t):
        self.loss(x, t)
        dout = self.y.copy()
        dout[np.arange(len(t)), t] -= 1
        dout /= len(t)
        for layer in reversed(self.layers.values()):
            dout = layer.backward(dout)
        one, two = self.layers["Affine1"], self.layers["Affine2"]
        return {"W1": one.dW, "b1": one.db, "W2": two.dW, "b2": two.db}
"""

CASES = {
    "dLdW": Case(WORDS, "self.dLdb = dLdZ.T @ self.ones", "self.dLdb = dLdZ[:1].T", ("Linear",), "gradient of b"),
    "made by forward": Case(
        LAZY, 'self.cache["X"].T @ dZ', 'self.cache["X"].T @ dLdY', ("FullyConnected",), "gradient of parameters['W']"
    ),
    "arrays that layers share": Case(
        SHARED, "dout /= len(t)", "dout *= 1", ("TwoLayerNet.gradient",), "gradient of params['b2']"
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_right_is_lawful_and_wrong_is_wrong(case: Case, tmp_path: Path) -> None:
    holds(tmp_path, case)


def test_a_network_that_copies_its_arrays_cannot_be_verified(tmp_path: Path) -> None:
    text = SHARED.replace("self.W, self.b = W, b", "self.W, self.b = W.copy(), b.copy()")
    with pytest.raises(ArgumentError, match=r"the same with any params\['W1'\] and params\['b1'\]"):
        said(tmp_path, text)


class Lazy:
    def forward(self, x: np.ndarray) -> np.ndarray:
        if not hasattr(self, "W"):
            self.W = np.ones(x.shape[1])
        return np.asarray(x * self.W)

    def backward(self, dout: np.ndarray) -> np.ndarray:
        return np.asarray(dout * self.W)


class Stored:
    def __init__(self) -> None:
        self.W = np.ones((3, 2))

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        return np.asarray(x @ self.W)

    def backward(self, dout: np.ndarray) -> np.ndarray:
        self.result = self.x.T @ dout
        return np.asarray(dout @ self.W.T)


class Forgotten(Stored):
    def backward(self, dout: np.ndarray) -> np.ndarray:
        return np.asarray(dout @ self.W.T)


def test_a_gradient_by_a_name_that_shows_nothing_is_untested_and_one_that_is_forgotten_is_missing() -> None:
    verdicts = {}
    for made in (Stored, Forgotten):
        report = verify(subjects.layer(made, subjects.arrays("(n,3)")), examples=5)
        verdicts[made] = {r.verdict for r in report.results} & {"FAIL", "UNTESTED"}
        assert ("no gradient of W was found" in str(report)) == (made is Stored)
    assert verdicts == {Stored: {"UNTESTED"}, Forgotten: {"FAIL"}}


def test_in_python_parameters_that_forward_makes_are_untested() -> None:
    report = verify(subjects.layer(Lazy, subjects.arrays("(n,3)")), examples=5)
    assert not report.ok
    assert "the first forward makes W" in str(report)


class Built(Lazy):
    def backward(self, dout: np.ndarray) -> np.ndarray:
        self.dW = dout.sum(0)  # without x
        return np.asarray(dout * self.W)


def test_in_python_they_are_tested_if_the_inputs_have_the_same_sizes() -> None:
    report = verify(subjects.layer(Built, subjects.arrays("(n,3)")), examples=5)
    assert any(r.verdict == "FAIL" and "gradient of W" in (r.where or "") for r in report.results)
    report = verify(subjects.layer(Built, subjects.arrays("(n,d)")), examples=5)
    assert "the first forward makes W" in str(report)
