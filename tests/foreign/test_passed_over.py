"""A backward pass that is not recognised, beside definitions that are: it is untested, and never passed over. And one
that is recognised although its constructor leaves the weights to another method."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds

from mlp_core.testing.foreign.found import subjects_in
from mlp_core.testing.foreign.load import found_with_reasons

SIGMOID = """\
import numpy as np

def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))

def sigmoid_prime(z):
    return sigmoid(z) * (1 - sigmoid(z))
"""

OTHER_NAMES = """
class NeuralNetwork:
    def __init__(self, x, y):
        self.input, self.y = x, y
        self.first = np.random.rand(x.shape[1], 4)
        self.second = np.random.rand(4, 1)

    def feedforward(self):
        self.layer1 = sigmoid(self.input @ self.first)
        self.output = sigmoid(self.layer1 @ self.second)

    def backprop(self):
        error = 2 * (self.y - self.output) * self.output * (1 - self.output)
        self.second += self.layer1.T @ error
"""

UNUSED = {
    "a function": ("\ndef backward_pass(net, depth):\n    return [w * depth for w in net]\n", "backward_pass"),
    "a method": (OTHER_NAMES, "NeuralNetwork.backprop"),
    "another name": (
        "\ndef backward_propagate_error(network, t):\n    for n in network:\n        n['d'] = n['e'] * t\n",
        "backward_propagate_error",
    ),
    "a penalty added to another": (
        "\ndef backprop_regularized(w, x, reg):\n    grads = my.backprop(w, x)\n    grads['w'] += 2 * reg * w\n",
        "backprop_regularized"
    ),
    "a second derivative": (
        "\ndef shape(x, y):\n    return x * y\ndef shape_hess(x, y, scale):\n    return 2 * x * scale\n", "shape_hess"
    ),
}

TWO = """
class Layer:
    def __init__(self, n, m):
        self.w, self.v = np.random.randn(n, m), load_velocity()

    def forward(self, x):
        self.x = x
        return x @ self.w

    def backward(self, dout):
        self.dw = self.x.T @ dout
        return dout @ self.w.T

    def update(self, lr):
        self.v = 0.9 * self.v + self.dw
        self.w -= lr * self.v
"""


def test_a_step_with_the_arrays_of_a_layer_is_listed_beside_its_gradients(tmp_path: Path) -> None:
    path = tmp_path / "theirs.py"
    path.write_text(SIGMOID + TWO, encoding="utf-8")
    _, (left,) = subjects_in([str(path)])
    assert (left.name, left.results[0].verdict) == (f"{path}:Layer.update", "UNTESTED")


LEFT = {
    "a step that another method calls": TWO.replace("        return d", "        self.update(0.1)\n        return d"),
    "an exercise": "\nclass Net:\n    def backward(self, x):\n        raise NotImplementedError(x + 1)\n",
    "no formula": "\nclass Loss:\n    def backward(self):\n        return self.kept\n",
    "other layers": (
        "\nclass Chain:\n    def backward(self, dout, rate):\n        for layer in reversed(self.layers):\n"
        "            dout = layer.backward(dout, 2 * rate)\n        return dout\n"
    ),
    "used by what is verified": (
        "\ndef backprop(dout, x):\n    return dout * x\n"
        "\ndef twice(x):\n    return x**2\n\ndef twice_prime(x):\n    return backprop(2.0, x)\n"
    ),
}


@pytest.mark.parametrize("kind", UNUSED)
def test_it_is_untested(kind: str, tmp_path: Path) -> None:
    text, name = UNUSED[kind]
    path = tmp_path / "theirs.py"
    path.write_text(SIGMOID + text, encoding="utf-8")
    names, (left,) = subjects_in([str(path)])
    assert names == [f"{path}:sigmoid"]
    assert left.name == f"{path}:{name}"
    (result,) = left.results
    alone = f"verify FILE:{name.partition('.')[0]} alone: the error shows lines to add"
    assert (result.verdict, result.reason) == ("UNTESTED", f"{name} is not recognised; {alone}")


@pytest.mark.parametrize("kind", LEFT)
def test_what_has_no_formulas_of_its_own_or_is_used_is_not_listed(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "theirs.py"
    path.write_text(SIGMOID + LEFT[kind], encoding="utf-8")
    assert all(reason is None for _, reason in found_with_reasons(str(path)))


def test_a_definition_that_is_named_alone_has_no_others(tmp_path: Path) -> None:
    path = tmp_path / "theirs.py"
    path.write_text(SIGMOID + OTHER_NAMES, encoding="utf-8")
    assert found_with_reasons(f"{path}:sigmoid") == [(f"{path}:sigmoid", None)]


NETWORK = SIGMOID + """
class Network:
    def __init__(self, sizes):
        self.sizes = sizes
        self.initialize()

    def initialize(self):
        self.biases = [np.random.randn(n, 1) for n in self.sizes[1:]]
        self.weights = [np.random.randn(n, m) / np.sqrt(m) for m, n in zip(self.sizes[:-1], self.sizes[1:])]

    def feedforward(self, a):
        for b, w in zip(self.biases, self.weights):
            a = sigmoid(w @ a + b)
        return a

    def backprop(self, x, y):
        nabla_b, nabla_w = [np.zeros(b.shape) for b in self.biases], [np.zeros(w.shape) for w in self.weights]
        zs, activations = [], [x]
        for b, w in zip(self.biases, self.weights):
            zs.append(w @ activations[-1] + b)
            activations.append(sigmoid(zs[-1]))
        delta = activations[-1] - y
        nabla_b[-1], nabla_w[-1] = delta, delta @ activations[-2].T
        for l in range(2, len(self.sizes)):
            delta = self.weights[-l + 1].T @ delta * sigmoid_prime(zs[-l])
            nabla_b[-l], nabla_w[-l] = delta, delta @ activations[-l - 1].T
        return nabla_b, nabla_w
"""


def test_a_network_whose_weights_another_method_makes(tmp_path: Path) -> None:
    wrong = "sigmoid_prime(zs[-l])", "sigmoid_prime(activations[-l])"
    holds(tmp_path, Case(NETWORK, *wrong, ("Network.backprop",), "gradient of"))
