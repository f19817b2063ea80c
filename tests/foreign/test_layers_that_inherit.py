"""Layers that inherit forward and backward: they are verified themselves, and not the class that needs functions."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds

GIVEN = """\
import numpy as np


class Layer:
    def forward(self, inputs):
        raise NotImplementedError

    def backward(self, grad):
        raise NotImplementedError


class Activation(Layer):
    def __init__(self, f, f_prime):
        self.f, self.f_prime = f, f_prime
        self.function = f

    def forward(self, inputs):
        self.inputs = inputs
        return self.function(inputs)

    def backward(self, grad):
        return self.f_prime(self.inputs) * grad


class Tanh(Activation):
    def __init__(self):
        super().__init__(np.tanh, lambda x: 1 - np.tanh(x) ** 2)
"""

OVERRIDDEN = """\
import numpy as np


class Smooth:
    def forward(self, x):
        self.x = x
        return self.curve(x)

    def backward(self, dout):
        return dout * self.slope(self.x)

    def curve(self, x):
        return x**2

    def slope(self, x):
        return 2 * x


class Sine(Smooth):
    def curve(self, x):
        return np.sin(x)

    def slope(self, x):
        return np.cos(x)
"""

CASES = {
    "functions that are passed on": Case(GIVEN, "1 - np.tanh(x) ** 2", "1 - np.tanh(x)", ("Tanh",), "gradient of"),
    "methods": Case(OVERRIDDEN, "return np.cos(x)", "return -np.cos(x)", ("Smooth", "Sine"), "gradient of x"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_right_layer_is_lawful_and_a_wrong_one_broken(case: str, tmp_path: Path) -> None:
    holds(tmp_path, CASES[case])
