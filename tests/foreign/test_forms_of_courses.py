"""Forms of courses and books that were untested, or judged by the wrong loss or with the wrong shapes."""

from __future__ import annotations

from pathlib import Path

import pytest
from course_files import (
    ACTIVATION,
    DATA_FIRST_WITH_DEFAULT,
    DERIVED,
    DROPOUT,
    GATES,
    KEEPS_ITS_DATA,
    KEPT_FIRST,
    LIKELIHOOD,
    LIST_OF_SIZES,
    OWN_COST,
    PROPAGATE,
    STATIC_ACTIVATION,
    THREE_SIZES,
)
from pairs_of_strangers import Case, holds, said

CASES = {
    "a network that keeps its data": Case(
        KEEPS_ITS_DATA, " * sigmoid_derivative(self.layer1))", ")", ("NeuralNetwork.backprop",), "gradient of weights1"
    ),
    "a network of three sizes with its loss": Case(
        THREE_SIZES, "(1 - self.h ** 2)", "(1 - self.h)", ("NeuralNetwork.backward",), "gradient of W1"
    ),
    "a network of a list of sizes": Case(
        LIST_OF_SIZES, "self.activations[i] ** 2", "self.activations[i]", ("MLP.backward",), "gradient of weights_0"
    ),
    "a cost in the file": Case(OWN_COST, "dZ2 = A2 - Y", "dZ2 = 2 * (A2 - Y)", ("backward",), "gradient of W1"),
    "an activation": Case(ACTIVATION, "np.power(self.__call__(x), 2)", "self.__call__(x)", ("TanH.gradient",), "x"),
    "an activation with a default": Case(
        STATIC_ACTIVATION, "x >= 0, 1, self.alpha", "x >= 0, 1, 0", ("LeakyReLU.derivative",), "gradient of x"
    ),
    "dropout": Case(
        DROPOUT, "dvalues * self.binary_mask", "dvalues * (self.binary_mask > 0)", ("Layer_Dropout",), "inputs"
    ),
    "a Function of a Function": Case(DERIVED, "g * 3 * x", "g * 2 * x", ("Tanh", "Cube"), "gradient of x"),
    "two rows of parameters": Case(
        LIKELIHOOD, "np.sum(1 - (", "np.sum(s - (", ("normal_nll",), "gradient of params"
    ),
    "a default, and the data first": Case(
        DATA_FIRST_WITH_DEFAULT, ".sum(0) / sigma ** 2", ".sum(0) / sigma", ("gmm_nll",), "gradient of mu_hat"
    ),
    "a bias that is a number": Case(
        PROPAGATE, "db = 1 / m * np.sum(A - Y)", "db = np.sum(A - Y)", ("propagate",), "gradient of b"
    ),
    "eight arguments": Case(GATES, " + dr @ Ur.T", "", ("gru_step",), "gradient of h"),
    "what is kept comes before the upstream gradient": Case(
        KEPT_FIRST, "2 * x * g", "x * g", ("square",), "gradient of x"
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_right_file_is_lawful_and_a_wrong_one_broken(case: str, tmp_path: Path) -> None:
    holds(tmp_path, CASES[case])


def test_a_layer_whose_backward_takes_no_target_is_no_network(tmp_path: Path) -> None:
    text = """
import numpy as np
class Linear:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out)
        self.b = np.zeros(n_out)
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, grad):
        self.dW, self.db = self.x.T @ grad, grad.sum(axis=0)
        return grad @ self.W.T
"""
    told = said(tmp_path, text)
    assert list(told) == ["Linear"]
    assert {verdict for _, verdict, _, _ in told["Linear"]} <= {"PASS", "SKIP"}


def test_a_gradient_twice_that_of_the_cost_in_its_file_is_named(tmp_path: Path) -> None:
    told = said(tmp_path, CASES["a cost in the file"].wrong())
    assert "twice as large" in next(words for _, verdict, _, words in told["backward"] if verdict == "FAIL")
