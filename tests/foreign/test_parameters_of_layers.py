"""The parameters of a layer count wherever it keeps them: beside it, in a dict, in a list, in layers inside of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds

IN_DICTS = """\
import numpy as np


class WeightNorm:
    def __init__(self, n_in=3, n_out=4):
        self.params = {"v": np.random.default_rng(0).normal(size=(n_in, n_out)), "g": np.ones(n_out)}
        self.grads = {}

    def forward(self, x):
        v, g = self.params["v"], self.params["g"]
        self.norm, self.x = np.linalg.norm(v, axis=0), x
        self.w = g * v / self.norm
        return x @ self.w

    def backward(self, dy):
        v, g = self.params["v"], self.params["g"]
        dw, u = self.x.T @ dy, v / self.norm
        dg = (dw * u).sum(axis=0)
        self.grads["g"] = dg
        self.grads["v"] = g / self.norm * (dw - dg * u)
        return dy @ self.w.T
"""

BESIDE = """\
import numpy as np


class Depthwise:
    def __init__(self, channels=2):
        self.W = np.random.randn(channels)
        self.grads = {}

    def forward(self, x):
        self.x = x
        return x * self.W

    def backward(self, dout):
        self.grads["W"] = (dout * self.x).sum(axis=0)
        return dout * self.W
"""

TWICE = """\
import numpy as np


class Dense:
    def __init__(self, n_in=3, n_out=2):
        self.weight = np.random.randn(n_out, n_in)
        self.bias = np.zeros(n_out)
        self.params = {"weight": self.weight, "bias": self.bias}
        self.grads = {"weight": None, "bias": None}

    def forward(self, x):
        self.x = x
        return x @ self.weight.T + self.params["bias"]

    def backward(self, grad):
        self.grads["weight"] = grad.T @ self.x
        self.grads["bias"] = grad.sum(0)
        return grad @ self.weight
"""

OBJECTS = """\
import numpy as np


class Parameter:
    def __init__(self, data):
        self.data, self.grad = data, np.zeros_like(data)

class Linear:
    def __init__(self, n_in=3, n_out=2):
        self.weight = Parameter(np.random.randn(n_out, n_in))
        self.bias = Parameter(np.zeros(n_out))

    def forward(self, x):
        self.x = x
        return x @ self.weight.data.T + self.bias.data

    def backward(self, grad_output):
        self.weight.grad += grad_output.T @ self.x
        self.bias.grad += grad_output.sum(axis=0)
        return grad_output @ self.weight.data
"""

INSIDE = """\
import numpy as np


class Linear:
    def __init__(self, n_in=3, n_out=4):
        self.W, self.b = np.random.randn(n_in, n_out), np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.W.T

class Block:
    def __init__(self):
        self.layers = [Linear(3, 5), Linear(5, 2)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dout):
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        return dout
"""

CASES = {
    "in dicts": Case(IN_DICTS, "(dw - dg * u)", "dw", ("WeightNorm",), "params['v']"),
    "gradients in a dict": Case(BESIDE, ".sum(axis=0)", ".mean(axis=0)", ("Depthwise",), "W"),
    "one array at two places": Case(TWICE, "grad.sum(0)", "grad.mean(0)", ("Dense",), "bias"),
    "objects for parameters": Case(OBJECTS, ".sum(axis=0)", ".mean(axis=0)", ("Linear",), "bias.data"),
    "layers inside of a layer": Case(INSIDE, ".sum(axis=0)", ".mean(axis=0)", ("Block",), "layers["),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_gradient_of_a_layer_is_judged(case: Case, tmp_path: Path) -> None:
    holds(tmp_path, case)
