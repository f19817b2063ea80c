"""Functions that descend along the gradients of another function: one iteration is verified beside the gradients."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds

from mlp_core.testing.foreign.load import found_in

JOINT = """\
import numpy as np


def propagate(w, b, X, Y):
    m = X.shape[1]
    A = 1 / (1 + np.exp(-(w.T @ X + b)))
    cost = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m
    grads = {"dw": X @ (A - Y).T / m, "db": np.sum(A - Y) / m}
    return grads, cost


def optimize(w, b, X, Y, num_iterations=100, learning_rate=0.009, print_cost=False):
    costs = []
    for i in range(num_iterations):
        grads, cost = propagate(w, b, X, Y)
        dw = grads["dw"]
        db = grads["db"]
        w = w - learning_rate * dw
        b = b - learning_rate * db
        if i % 100 == 0:
            costs.append(cost)
    params = {"w": w, "b": b}
    return params, {"dw": dw, "db": db}, costs
"""

HANDED = """\
import numpy as np


def compute_cost(x, y, w, b):
    return np.sum((w * x + b - y) ** 2) / (2 * len(x))


def compute_gradient(x, y, w, b):
    off = w * x + b - y
    return np.mean(off * x), np.mean(off)


def gradient_descent(x, y, w_in, b_in, alpha, num_iters, cost_function, gradient_function):
    history = []
    w, b = w_in, b_in
    for i in range(num_iters):
        dj_dw, dj_db = gradient_function(x, y, w, b)
        w = w - alpha * dj_dw
        b = b - alpha * dj_db
        history.append(cost_function(x, y, w, b))
    return w, b, history
"""

CASES = {
    "a step that is added": Case(JOINT, "w - learning_rate", "w + learning_rate", ("propagate", "optimize"), "of w"),
    "the cost instead of the gradient": Case(
        JOINT, "learning_rate * db", "learning_rate * cost", ("propagate", "optimize"), "gradient of b"
    ),
    "a factor in the step": Case(
        JOINT, "learning_rate * db", "learning_rate * db / 2", ("propagate", "optimize"), "gradient of b"
    ),
    "functions as arguments": Case(
        HANDED, "b - alpha * dj_db", "b + alpha * dj_db", ("compute_gradient", "gradient_descent"), "gradient of b_in"
    ),
    "gradients in the wrong order": Case(
        HANDED, "dj_dw, dj_db =", "dj_db, dj_dw =", ("compute_gradient", "gradient_descent"), "gradient of w_in"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_right_file_is_lawful_and_a_wrong_one_broken(case: str, tmp_path: Path) -> None:
    holds(tmp_path, CASES[case])


@pytest.mark.parametrize("step", ["alpha * (dj_dw + 0.1 * w)", "alpha * dj_dw / (1 + i)", "v"])
def test_a_step_by_another_rule_is_not_compared(step: str, tmp_path: Path) -> None:
    path = tmp_path / "theirs.py"
    path.write_text(HANDED.replace("alpha * dj_dw", step), encoding="utf-8")
    assert "gradient_descent" not in [name.rpartition(":")[2] for name in found_in(str(path))]


def test_a_decay_before_the_step_is_another_rule(tmp_path: Path) -> None:
    path = tmp_path / "theirs.py"
    path.write_text(HANDED.replace("        w = w - alpha", "        w = w * (1 - 0.1 * alpha)\n        w = w - alpha"))
    assert [name.rpartition(":")[2] for name in found_in(str(path))] == ["compute_gradient"]
