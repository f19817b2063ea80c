"""Recurrent networks as one layer: forward takes a list of columns and returns its last state too, and backprop takes
the gradient of the output and a rate, and returns nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pairs_of_strangers import Case, holds

from mlp_core.testing import subjects, verify
from mlp_core.testing.foreign.child import laws_of
from mlp_core.testing.foreign.load import found_in, loaded
from mlp_core.testing.verification.verify import checked

RECURRENT = """\
import numpy as np


class Recurrent:
    def __init__(self, input_size, hidden_size, output_size):
        self.U = np.random.randn(hidden_size, input_size) / 10
        self.W = np.random.randn(hidden_size, hidden_size) / 10
        self.V = np.random.randn(output_size, hidden_size) / 10
        self.b = np.zeros((hidden_size, 1))
        self.c = np.zeros((output_size, 1))

    def forward(self, inputs):
        self.inputs, self.states = inputs, [np.zeros((len(self.W), 1))]
        for x in inputs:
            self.states.append(np.tanh(self.U @ x + self.W @ self.states[-1] + self.b))
        return self.V @ self.states[-1] + self.c, self.states[-1]

    def backprop(self, d_y, learn_rate=2e-2):
        d_V, d_c = d_y @ self.states[-1].T, d_y
        d_U, d_W, d_b = (np.zeros(p.shape) for p in (self.U, self.W, self.b))
        d_h = self.V.T @ d_y
        for t in reversed(range(len(self.inputs))):
            d_z = (1 - self.states[t + 1] ** 2) * d_h
            d_b += d_z
            d_W += d_z @ self.states[t].T
            d_U += d_z @ self.inputs[t].T
            d_h = self.W.T @ d_z
        for p, d in (self.U, d_U), (self.W, d_W), (self.V, d_V), (self.b, d_b), (self.c, d_c):
            p -= learn_rate * d
"""

REQUIRED = RECURRENT.replace("learn_rate=2e-2", "learn_rate")

CASES = {
    "a default rate": Case(RECURRENT, "self.W.T @ d_z", "self.W @ d_z", ("Recurrent",), "gradient of"),
    "a rate": Case(REQUIRED, "d_b += d_z", "d_b = d_z", ("Recurrent",), "gradient of b"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_right_network_is_lawful_and_a_wrong_one_broken(case: str, tmp_path: Path) -> None:
    holds(tmp_path, CASES[case])


def test_what_has_no_gradient_is_told(tmp_path: Path) -> None:
    path = tmp_path / "theirs.py"
    path.write_text(RECURRENT, encoding="utf-8")
    (name,) = found_in(str(path))
    untested, told = laws_of(*loaded(name), 8, checked)[0].subject.omitted
    assert not untested
    assert told == (
        "backward takes no upstream gradient of output 1; "
        "backward returns nothing: only the gradients of its parameters are tested"
    )


class Leaky:
    """backward has a slope, and no rate of a step."""

    def forward(self, x, alpha=0.01):  # type: ignore[no-untyped-def]
        self.x = x
        return np.where(x > 0, x, alpha * x)

    def backward(self, dout, alpha=0.01):  # type: ignore[no-untyped-def]
        return np.where(self.x > 0, dout, alpha * dout)


class Both:
    """Two outputs, and upstream gradients in any number."""

    def forward(self, x):  # type: ignore[no-untyped-def]
        return 2 * x, 3 * x

    def backward(self, *above):  # type: ignore[no-untyped-def]
        return 2 * above[0] + 3 * above[1]


class Default:
    """Two outputs; the second upstream gradient has a default."""

    def forward(self, x):  # type: ignore[no-untyped-def]
        return 2 * x, 3 * x

    def backward(self, dh, dc=None):  # type: ignore[no-untyped-def]
        return 2 * dh + (0 if dc is None else 3 * dc)


@pytest.mark.parametrize("one", [Leaky, Both, Default])
def test_what_backward_takes_beside_one_gradient(one: type) -> None:
    layer = subjects.layer(one, subjects.arrays("(n,d)"))
    assert layer.omitted == ("", "")
    assert verify(layer, examples=10).ok
