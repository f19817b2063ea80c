"""Layers whose backward returns fewer gradients than forward has arguments: the others are constants, and the
report says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pairs_of_strangers import Case, holds

from mlp_core.testing import subjects, verify
from mlp_core.testing.foreign.child import laws_of
from mlp_core.testing.foreign.load import found_in, loaded
from mlp_core.testing.verification.verify import checked

GRAPH = """\
import numpy as np


class GCNLayer:
    def __init__(self, in_dim, out_dim):
        self.W = np.random.randn(in_dim, out_dim) * 0.1

    def forward(self, A, X):
        self.A, self.X = A, X
        self.Z = A @ X @ self.W
        return np.maximum(self.Z, 0)

    def backward(self, grad):
        dZ = grad * (self.Z > 0)
        self.dW = (self.A @ self.X).T @ dZ
        return self.A.T @ dZ @ self.W.T
"""

MASKED = """\
import numpy as np


class Masked:
    def forward(self, mask, x):
        self.mask, self.y = mask, np.tanh(x)
        return mask * self.y

    def backward(self, grad_out):
        return grad_out * self.mask * (1 - self.y**2)
"""

TWO_OF_THREE = """\
import numpy as np


class Gated:
    def forward(self, gate, a, b):
        self.gate, self.a, self.b = gate, a, b
        return gate * a * np.cos(b)

    def backward(self, grad_out):
        da = grad_out * self.gate * np.cos(self.b)
        return da, -grad_out * self.gate * self.a * np.sin(self.b)
"""

CASES = {
    "a graph": Case(GRAPH, "self.A.T @ dZ", "self.A @ dZ", ("GCNLayer",), "gradient of X"),
    "equal shapes": Case(MASKED, "self.y**2)", "self.y)", ("Masked",), "gradient of x"),
    "two of three": Case(TWO_OF_THREE, "* np.sin", "* np.cos", ("Gated",), "gradient of b"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_right_layer_is_lawful_and_a_wrong_one_broken(case: str, tmp_path: Path) -> None:
    holds(tmp_path, CASES[case])


def test_it_is_said_which_have_no_gradient(tmp_path: Path) -> None:
    path = tmp_path / "theirs.py"
    path.write_text(GRAPH, encoding="utf-8")
    (name,) = found_in(str(path))
    subject = laws_of(*loaded(name), 8, checked)[0].subject
    assert subject.omitted == ("", "backward returns no gradient of A: taken for a constant")


class Scaled:
    """A layer with a constant."""

    def forward(self, x: np.ndarray, by: np.ndarray) -> np.ndarray:
        self.by = by
        return x * by

    def backward(self, grad: np.ndarray) -> np.ndarray:
        return grad * self.by


def test_the_names_of_the_arguments_with_gradients_are_given() -> None:
    two = subjects.arrays("(n,d),(n,d)")
    assert verify(subjects.layer(Scaled, two, wrt=["x"]), examples=10).ok
    assert not verify(subjects.layer(Scaled, two), examples=10).ok
    assert not verify(subjects.layer(Scaled, two, wrt=["by"]), examples=10).ok
