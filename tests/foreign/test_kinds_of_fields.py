"""Gradients of many fields, each beside its value: a right file is lawful, and a wrong one broken where it is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from field_files import COSTS, COX, COX_LOOP, FACTORS, HINGE, ONE_ROW, POLICY, RATINGS, TSNE
from pairs_of_strangers import Case, holds, said

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.foreign.child import laws_of
from mlp_core.testing.foreign.load import found_in, loaded
from mlp_core.testing.subjects.doors.tried import tried
from mlp_core.testing.verification.verify import checked

COSTED = ("sigmoid", "QuadraticCost.delta", "CrossEntropyCost.delta")

CASES = {
    "survival times": Case(
        COX, "event[:, None] * (X - mean)", "X - mean", ("cox_neg_log_partial_likelihood",), "gradient of beta"
    ),
    "survival times in a loop": Case(
        COX_LOOP, "(w @ X[at_risk]) / w.sum()", "w @ X[at_risk]", ("neg_partial_log_likelihood",), "gradient of beta"
    ),
    "t-SNE": Case(TSNE, "(P - Q) * num", "P - Q", ("kl_divergence",), "gradient of Y"),
    "a policy": Case(POLICY, "onehot - probs)", "probs - onehot)", ("log_prob",), "gradient of theta"),
    "ratings": Case(
        RATINGS, "(R != 0) * (U @ V.T - R)\n    return err", "U @ V.T - R\n    return err", ("cost",), "gradient of"
    ),
    "factors in a class": Case(FACTORS, " + self.reg * self.Q\n", "\n", ("MF.gradients",), "gradient of Q"),
    "a quadratic cost": Case(
        COSTS, "sigmoid_prime(z)\n\nclass", "sigmoid_prime(a)\n\nclass",
        COSTED, "gradient of z",
    ),
    "an entropy": Case(
        COSTS, "(a - y)", "(a - y) * a * (1 - a)", COSTED, "gradient of z"
    ),
    "names of a batch": Case(HINGE, "dw / len(Y_batch)", "dw", ("compute_cost",), "gradient of W"),
    "one row": Case(ONE_ROW, "((h - y) * h * (1 - h))", "(h - y) * h @ (1 - h)", ("gradient",), "the call itself"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_right_file_is_lawful_and_a_wrong_one_broken(case: str, tmp_path: Path) -> None:
    holds(tmp_path, CASES[case])


def test_a_gradient_of_one_sample_is_not_shown_to_be_right_for_several(tmp_path: Path) -> None:
    text = CASES["one row"].wrong().replace("X", "x")
    verdicts = {verdict for told in said(tmp_path, text).values() for _, verdict, _, _ in told}
    assert "UNTESTED" in verdicts
    assert "FAIL" not in verdicts


COLUMNS = """
import numpy as np

class Net:
    def __init__(self, n_in, n_out):
        self.W, self.b = np.random.randn(n_out, n_in), np.zeros((n_out, 1))

    def forward(self, x):
        self.a = np.tanh(self.W @ x + self.b)
        return self.a

    def backward(self, x, y, lr=0.1):
        d = (self.forward(x) - y) * (1 - self.a ** 2)
        self.W -= lr * d * x.T
        self.b -= lr * d
"""


def test_one_sample_as_a_column_is_lawful_with_a_note(tmp_path: Path) -> None:
    assert {verdict for told in said(tmp_path, COLUMNS).values() for _, verdict, _, _ in told} <= {"PASS", "SKIP"}
    assert "tested with one sample alone" in note_of(tmp_path)


def note_of(folder: Path) -> str:
    """The note on the only subject of the file."""
    (name,) = found_in(str(folder / "theirs.py"))
    found, things = loaded(name)
    return str(laws_of(found, things, 8, checked)[0].subject.found)


def test_an_energy_of_an_image_is_no_function_to_minimize(tmp_path: Path) -> None:
    path = tmp_path / "theirs.py"
    energy = "def total_energy(image, k):\n    return abs(image).sum()\n"
    both = f"{energy}\ndef image_gradient(image, k):\n    return image * 2\n"
    path.write_text(f"{both}\ndef relu(x):\n    return x * (x > 0)\n\ndef relu_grad(x):\n    return 1.0 * (x > 0)\n")
    assert [name.rpartition(":")[2] for name in found_in(str(path))] == ["relu"]


MACHINE = """
import numpy as np

class RBM:
    def contrastive_divergence(self, v):
        self.W += self.lr * (v.T @ self.hidden(v))
"""

ENERGY = """
def free_energy(W, b, c, v):
    return -np.sum(v @ b) - np.sum(np.log1p(np.exp(v @ W + c)))

def free_energy_grad(W, b, c, v):
    h = 1 / (1 + np.exp(-(v @ W + c)))
    return -v.T @ h, -v.sum(axis=0), -h.sum(axis=0)
"""


def test_a_boltzmann_machine_is_refused_with_the_parts_that_can_be_verified(tmp_path: Path) -> None:
    path = tmp_path / "theirs.py"
    path.write_text(MACHINE, encoding="utf-8")
    with pytest.raises(ArgumentError) as error:
        found_in(str(path))
    assert "def free_energy_grad(W, b, c, v)" in str(error.value.brief)
    holds(tmp_path, Case(MACHINE + ENERGY, "-v.T @ h", "v.T @ h", ("free_energy",), "gradient of W"))


def test_entries_instead_of_rows_are_named(tmp_path: Path) -> None:
    text = """
import numpy as np

def softmax_loss(z, y):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(len(z)), y]).mean()
    dz = p.copy()
    dz[np.arange(len(z)), y] -= 1
    dz /= z.size
    return loss, dz
"""
    words = [words for told in said(tmp_path, text).values() for _, verdict, _, words in told if verdict == "FAIL"]
    assert "divided by the number of entries, and the loss by the number of rows" in words[0]


def test_the_note_says_how_the_matrix_is_drawn(tmp_path: Path) -> None:
    (tmp_path / "theirs.py").write_text(TSNE, encoding="utf-8")
    assert "P is drawn as joint probabilities: symmetric, with the sum 1" in note_of(tmp_path)


def test_a_gradient_that_needs_a_symmetric_matrix_is_not_spared_without_a_logarithm(tmp_path: Path) -> None:
    text = "def energy(x, A):\n    return x @ A @ x\n\ndef energy_grad(x, A):\n    return 2 * A @ x\n"
    assert any(verdict == "FAIL" for told in said(tmp_path, text).values() for _, verdict, _, _ in told)


def test_events_that_are_never_one_show_nothing(tmp_path: Path) -> None:
    text = COX_LOOP.replace("events", "kinds").replace("== 1", "== 7")
    verdicts = {verdict for told in said(tmp_path, text).values() for _, verdict, _, _ in told}
    assert "UNTESTED" in verdicts
    assert "FAIL" not in verdicts


def test_a_filter_is_smaller_than_its_image() -> None:
    def fits(args: list[np.ndarray]) -> bool:
        x, w = args
        return x.ndim == w.ndim == 4 and x.shape[1] == w.shape[1] and x.shape[2] >= w.shape[2]

    found = tried(["x", "w"], fits)
    assert found is not None
    assert found.options[1][2] < found.options[0][2]
