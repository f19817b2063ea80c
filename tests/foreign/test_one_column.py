"""A gradient that is divided by len(y), of a loss that is np.mean, is right for vectors and for one column. What the
file shows decides; if it shows nothing, several columns count, and the mistake is named.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from pairs_of_strangers import said

from mlp_core.testing.foreign.child import laws_of
from mlp_core.testing.foreign.columns import shown
from mlp_core.testing.foreign.load import found_in, loaded
from mlp_core.testing.foreign.sizes import size_of
from mlp_core.testing.verification.verify import checked

LOSS = """\
import numpy as np


def mse(p, y):
    return np.mean((p - y) ** 2)

def mse_grad(p, y):
    return 2 * (p - y) / len(y)
"""

ENTROPY = """\
import numpy as np


def binary_cross_entropy(y_true, y_pred):
    return -np.mean(y_true * np.log(y_pred) + (1 - y_true) * np.log(1 - y_pred))

def binary_cross_entropy_grad(y_true, y_pred):
    return (y_pred - y_true) / (y_pred * (1 - y_pred)) / y_true.shape[0]
"""

CLASS = """\
import numpy as np


class MSELoss:
    def forward(self, y_pred, y_true):
        self.diff = y_pred - y_true
        return np.mean(self.diff ** 2)

    def backward(self):
        return 2 * self.diff / self.diff.shape[0]
"""

BOTH = """\
import numpy as np


def mse_loss(y_pred, y_true):
    return np.mean((y_pred - y_true) ** 2), 2 * (y_pred - y_true) / len(y_true)
""".replace("return np.mean((y_pred - y_true) ** 2), ", "loss = np.mean((y_pred - y_true) ** 2)\n    grad = ") + """\
    return loss, grad
"""

PAIR = """\
import numpy as np


def mse_forward(pred, target):
    return np.mean((pred - target) ** 2), (pred, target)

def mse_backward(dout, cache):
    pred, target = cache
    return dout * 2 * (pred - target) / len(target)
"""

ALL = {"two functions": LOSS, "cross-entropy": ENTROPY, "a class": CLASS, "one function": BOTH, "a pair": PAIR}

SHOW = {
    "a table of one column": ("column", "y = np.array([[0], [1], [1], [0]])\n"),
    "a row, transposed": ("column", "y = np.array([[0, 1, 1, 0]]).T\n"),
    "reshaped": ("column", "y = np.array([0, 1, 1, 0])\ny = y.reshape(-1, 1)\n"),
    "a new axis": ("column", "y = np.sin(np.linspace(0, 1, 9))[:, None]\n"),
    "a line": ("vector", "x = np.linspace(0, 1, 9)\ny = 2 * x + 1 + 0.1 * np.random.randn(9)\n"),
    "a product with a vector": ("vector", "X = np.random.randn(9, 2)\nw = np.array([1., 2.])\ny = X @ w\n"),
    "scikit-learn": ("vector", "from sklearn.datasets import make_regression\nX, y = make_regression(9)\n"),
    "a column of a table": ("vector", "y_train = data['price'].values\n"),
    "sizes of a network": ("column", "net = NeuralNetwork([2, 4, 1])\n"),
    "a last layer": ("column", "layers = [Dense(2, 4), Tanh(), Dense(4, 1)]\n"),
    "a last weight": ("column", "W1 = np.random.randn(2, 4)\nW2 = np.random.randn(4, 1)\n"),
    "in a main block": ("column", "if __name__ == '__main__':\n    y = np.array([[0.], [1.]])\n"),
}

SEVERAL = {
    "one-hot": "y = np.eye(3)[np.array([0, 2, 1])]\n",
    "a table": "y = np.array([[0, 1], [1, 0]])\n",
    "a last layer": "layers = [Dense(2, 4), Tanh(), Dense(4, 3)]\ny = np.array([0, 2, 1])\n",
    "a row": "y = np.array([[0, 1, 1, 0]])\n",
    "nothing": "",
}


def of(text: str) -> str:
    return shown(ast.parse(text).body, ["mse", "mse_grad"])


@pytest.mark.parametrize("case", SHOW)
def test_a_file_shows_one_column(case: str) -> None:
    kind, text = SHOW[case]
    assert of(LOSS + text) == kind


@pytest.mark.parametrize("case", SEVERAL)
def test_a_file_shows_several_columns_or_nothing(case: str) -> None:
    assert of(LOSS + SEVERAL[case]) == ""


@pytest.mark.parametrize(
    ("words", "kind"), [("p, y: arrays of shape (n,).", "vector"), ("y: (n, 1)", "column"), ("y: (n, k)", "")]
)
def test_a_docstring_shows_it(words: str, kind: str) -> None:
    assert of(LOSS.replace("(p, y):\n", f'(p, y):\n    """{words}"""\n', 1)) == kind


@pytest.mark.parametrize(
    ("text", "size"),
    [("np.zeros((4, n))", (4, None)), ("np.random.normal(size=(5, 1))", (5, 1)), ("torch.randn(4, 2) @ w", None),
     ("rng.normal(0, 1, (3, 2))[:, 0]", (3,)), ("np.dot(np.ones((4, 2)), np.ones((2, 1)))", (4, 1))],
)  # fmt: skip
def test_the_shape_of_an_expression(text: str, size: tuple[int | None, ...] | None) -> None:
    assert size_of(ast.parse(text, mode="eval").body, {}) == size


def judged(folder: Path, text: str) -> tuple[list[tuple[str, str]], str]:
    """Each failing law with its diagnosis, and how the arguments were found."""
    path = folder / "theirs.py"
    path.write_text(text, encoding="utf-8")
    (name,) = found_in(str(path))
    found, things = loaded(name)
    reading = laws_of(found, things, 8, checked)[0].subject.found
    told = said(folder, text)
    return [(law, words) for one in told.values() for law, verdict, _, words in one if verdict == "FAIL"], reading


@pytest.mark.parametrize("form", ALL)
def test_a_file_with_one_column_is_right_and_told_of_several(form: str, tmp_path: Path) -> None:
    broken, reading = judged(tmp_path, ALL[form] + SHOW["a table of one column"][1])
    assert not broken
    assert "for k columns the gradient is k times too large: len(y) counts rows" in reading


@pytest.mark.parametrize("form", ALL)
def test_a_file_that_shows_nothing_is_wrong_for_several_columns(form: str, tmp_path: Path) -> None:
    broken, _ = judged(tmp_path, ALL[form])
    assert "right for vectors and for one column, k times too large for k columns" in broken[0][1]


def test_vectors_are_tested_as_vectors(tmp_path: Path) -> None:
    broken, reading = judged(tmp_path, LOSS + SHOW["a line"][1])
    assert not broken
    assert "tested with vectors" in reading


def test_another_mistake_is_no_excuse(tmp_path: Path) -> None:
    wrong = LOSS.replace("2 * (p - y)", "(p - y)") + SHOW["a table of one column"][1]
    broken, _ = judged(tmp_path, wrong)
    assert broken


def test_a_right_loss_is_tested_with_several_columns_all_the_same(tmp_path: Path) -> None:
    broken, reading = judged(tmp_path, LOSS.replace("len(y)", "y.size") + SHOW["a table of one column"][1])
    assert not broken
    assert "column" not in reading


def test_the_number_of_entries_instead_of_rows_is_named(tmp_path: Path) -> None:
    summed = LOSS.replace("np.mean((p - y) ** 2)", "np.sum((p - y) ** 2) / len(y)")
    wrong = summed.replace("2 * (p - y) / len(y)", "2 * (p - y) / y.size")
    broken, _ = judged(tmp_path, wrong)
    assert "k times too small for k columns; divide by len(y)" in broken[0][1]
