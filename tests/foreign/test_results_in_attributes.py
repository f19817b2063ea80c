"""Layers whose methods return nothing, and keep their results as attributes."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds

DENSE = """\
import numpy as np


class Layer_Dense:
    def __init__(self, n_inputs, n_neurons):
        self.weights = 0.01 * np.random.randn(n_inputs, n_neurons)
        self.biases = np.zeros((1, n_neurons))

    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.dot(inputs, self.weights) + self.biases

    def backward(self, dvalues):
        self.dweights = np.dot(self.inputs.T, dvalues)
        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
        self.dinputs = np.dot(dvalues, self.weights.T)
"""

RELU = """\
class Activation_ReLU:
    def forward(self, inputs):
        self.inputs = inputs
        self.output = inputs.clip(min=0)

    def backward(self, dvalues):
        self.dinputs = dvalues.copy()
        self.dinputs[self.inputs <= 0] = 0
"""

SOFTMAX = """\
import numpy as np


class Activation_Softmax:
    def forward(self, inputs):
        exp_values = np.exp(inputs - np.max(inputs, axis=1, keepdims=True))
        self.output = exp_values / np.sum(exp_values, axis=1, keepdims=True)

    def backward(self, dvalues):
        self.dinputs = np.empty_like(dvalues)
        for index, (output, dvalue) in enumerate(zip(self.output, dvalues)):
            output = output.reshape(-1, 1)
            self.dinputs[index] = np.dot(np.diagflat(output) - np.dot(output, output.T), dvalue)
"""

CASES = {
    "a dense layer": Case(DENSE, "axis=0, keep", "keep", ("Layer_Dense",), "biases"),
    "a ReLU": Case(RELU, "self.inputs <= 0", "self.inputs <= 0.5", ("Activation_ReLU",), "inputs"),
    "a softmax": Case(SOFTMAX, " - np.dot(output, output.T)", "", ("Activation_Softmax",), "inputs"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_right_is_lawful_and_wrong_is_wrong(case: Case, tmp_path: Path) -> None:
    holds(tmp_path, case)
