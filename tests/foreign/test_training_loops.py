"""Training loops whose gradients are formulas in their bodies: in a script, in a function, in an estimator."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from loop_files import CLASSES, ESTIMATOR, HISTORY, LINE, OWN_COST, PRIVATE, SCRIPT, SIZES_GIVEN, TABLE, TWO_LAYERS
from pairs_of_strangers import Case, holds, said

from mlp_core.testing.foreign.child import laws_of
from mlp_core.testing.foreign.load import found_in, loaded
from mlp_core.testing.foreign.loops import loops_in
from mlp_core.testing.verification.verify import checked

CASES = {
    "a script": Case(SCRIPT, "l1_error * nonlin(l1,deriv=True)", "l1_error", ("loop_in_line_15",), "gradient of syn0"),
    "a script whose data cannot be read": Case(
        TABLE, "db = (1 / n) * np.sum", "db = np.sum", ("loop_in_line_11",), "gradient of b"
    ),
    "a line of numbers": Case(LINE, "D_c = (-2", "D_c = (2", ("loop_in_line_9",), "gradient of c"),
    "an estimator": Case(
        ESTIMATOR, "errors.mean()", "errors.sum()", ("LogisticRegressionGD_fit_loop",), "gradient of"
    ),
    "private methods": Case(
        PRIVATE, "training_set_outputs - output\n", "output - training_set_outputs\n", ("NeuralNetwork_train_loop",),
        "gradient of synaptic_weights",
    ),
    "a cost in the file": Case(OWN_COST, "(1 / m)", "(2 / m)", ("gradient_descent_loop",), "gradient of theta"),
    "two layers": Case(TWO_LAYERS, "grad_h[h < 0]", "grad_h[h_relu < 0]", ("loop_in_line_8",), "gradient of w1"),
    "an estimator with required arguments": Case(
        SIZES_GIVEN, "np.sum(y_pred - y)", "np.sum(y - y_pred)", ("LinearRegression_fit_loop",), "gradient of bias"
    ),
    "a history of costs": Case(
        HISTORY, "X.T.dot((prediction - y))", "X.T.dot((y - prediction))", ("gradient_descent_loop",), "of theta"
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_right_loop_is_lawful_and_a_wrong_one_broken(case: str, tmp_path: Path) -> None:
    holds(tmp_path, CASES[case])


def test_a_loop_with_classes_is_lawful(tmp_path: Path) -> None:
    told = said(tmp_path, CLASSES)
    assert {verdict for _, verdict, _, _ in told["loop_in_line_6"]} <= {"PASS", "SKIP"}


def test_a_step_uphill_has_the_wrong_sign(tmp_path: Path) -> None:
    told = said(tmp_path, CASES["a history of costs"].wrong())
    words = [words for _, verdict, _, words in told["gradient_descent_loop"] if verdict == "FAIL"]
    assert words == ["the gradient of theta has the wrong sign"]


def reading(folder: Path, text: str) -> str:
    path = folder / "theirs.py"
    path.write_text(text, encoding="utf-8")
    (name,) = found_in(str(path))
    found, things = loaded(name)
    return str(laws_of(found, things, 8, checked)[0].subject.found)


def test_the_loss_in_the_loop_decides_if_it_explains_the_gradients(tmp_path: Path) -> None:
    assert "its loss is not in the file" not in reading(tmp_path, TWO_LAYERS)


def test_a_loss_that_is_only_recorded_is_told(tmp_path: Path) -> None:
    other = TWO_LAYERS.replace("np.square(y_pred - y).sum()", "np.abs(y_pred - y).mean()")
    assert "loss in the loop has another gradient" in reading(tmp_path, other)


NONE = {
    "autograd": """
w = torch.zeros(3, requires_grad=True)
lr = 0.1
for i in range(100):
    loss = ((X @ w - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w -= lr * w.grad
""",
    "no target": """
x = np.zeros(3)
for i in range(100):
    x = x - 0.1 * slope(x)
""",
    "a gradient by a function": """
w = np.zeros(3)
for i in range(100):
    w = w - 0.1 * gradient(w, X, y)
""",
    "centres of clusters": """
c = X[:3].copy()
for it in range(20):
    labels = ((X[:, None] - c[None]) ** 2).sum(-1).argmin(1)
    c = c - 0.1 * np.array([(c[k] - X[labels == k]).mean(0) for k in range(3)])
""",
    "a clipped gradient": """
w = np.zeros(3)
for i in range(100):
    dw = X.T @ (X @ w - y)
    dw = np.clip(dw, -1, 1)
    w -= 0.1 * dw
""",
}


@pytest.mark.parametrize("case", NONE)
def test_other_loops_are_left_alone(case: str) -> None:
    data = "X = np.random.randn(9, 3)\ny = np.random.randn(9)\n"
    assert not list(loops_in(ast.parse(data + NONE[case]).body))
