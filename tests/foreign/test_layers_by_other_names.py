"""Layers whose methods are not called forward and backward."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds

STEP = """\
import numpy as np

class Layer:
    def forward_propagation(self, input):
        raise NotImplementedError

    def backward_propagation(self, output_error, learning_rate):
        raise NotImplementedError

class FCLayer(Layer):
    def __init__(self, input_size, output_size):
        self.weights = np.random.rand(input_size, output_size) - 0.5
        self.bias = np.random.rand(1, output_size) - 0.5

    def forward_propagation(self, input_data):
        self.input = input_data
        return self.input @ self.weights + self.bias

    def backward_propagation(self, output_error, learning_rate):
        input_error = output_error @ self.weights.T
        weights_error = self.input.T @ output_error
        self.weights -= learning_rate * weights_error
        self.bias -= learning_rate * output_error.sum(axis=0, keepdims=True)
        return input_error
"""

NORM = """\
import numpy as np

class Norm:
    def __init__(self, eps=0.01):
        self.eps = eps

    def forward_pass(self, X, training):
        self.centred = X - np.mean(X, axis=0)
        self.inv = 1 / np.sqrt(np.var(X, axis=0) + self.eps)
        return self.centred * self.inv

    def backward_pass(self, accum_grad):
        n = accum_grad.shape[0]
        return self.inv / n * (
            n * accum_grad - np.sum(accum_grad, axis=0)
            - self.centred * self.inv**2 * np.sum(accum_grad * self.centred, axis=0)
        )
"""

CASES = {
    "with a step": Case(
        STEP,
        "        input_error = output_error @ self.weights.T\n        weights_error = self.input.T @ output_error\n"
        "        self.weights -= learning_rate * weights_error\n",
        "        weights_error = self.input.T @ output_error\n        self.weights -= learning_rate * weights_error\n"
        "        input_error = output_error @ self.weights.T\n",
        ("FCLayer",), "gradient of input_data",
    ),
    "with a flag": Case(NORM, "self.inv**2", "self.inv", ("Norm",), "gradient of X"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_right_is_lawful_and_wrong_is_wrong(case: Case, tmp_path: Path) -> None:
    holds(tmp_path, case)
