"""Recurrent cells as classes, layers that keep gradients in their tensors, and loops with a state or with numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
from cell_files import ADAM, CELL, CUBIC, GIVEN_CELL, KEPT, MOMENTUM, SOFTMAX, UNROLLED
from pairs_of_strangers import Case, holds, said

LAYERS = ("Relu", "Lin", "Mse")

CASES = {
    "an LSTM cell": Case(CELL, "dc + dh * self.o", "dh * self.o", ("LSTMCell",), "gradient of"),
    "an RNN cell with its weights": Case(GIVEN_CELL, "sum(dt, axis=0)", "mean(dt, axis=0)", ("RNN",), "params[2]"),
    "an unrolled cell with a dict": Case(UNROLLED, "da[:, :, t] + da_prev", "da[:, :, t]", ("rnn",), "gradient of"),
    "a linear layer with kept gradients": Case(KEPT, "out.g.sum(0)", "out.g.mean(0)", LAYERS, "gradient of b"),
    "a loss with kept gradients": Case(KEPT, "2 * (inp", "(inp", LAYERS, "gradient of pred"),
    "classes in a loop": Case(
        SOFTMAX, "X.T @ (P - Y) / n", "X.T @ (Y - P) / n", ("SoftmaxRegression_fit_loop",), "gradient of W"
    ),
    "momentum": Case(MOMENTUM, "error.sum()", "error.mean()", ("loop_in_line_9",), "gradient of b"),
    "Adam": Case(ADAM, "X.T @ (p - y) / n", "X.T @ (y - p) / n", ("fit_adam_loop",), "gradient of w"),
    "a cubic": Case(CUBIC, "x ** 2).sum()", "2 * x).sum()", ("loop_in_line_9",), "gradient of c"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_right_file_is_lawful_and_a_wrong_one_broken(case: str, tmp_path: Path) -> None:
    holds(tmp_path, CASES[case])


def test_a_step_of_momentum_uphill_has_the_wrong_sign(tmp_path: Path) -> None:
    told = said(tmp_path, MOMENTUM.replace("w -= lr * vw", "w += lr * vw"))
    words = [words for _, verdict, _, words in told["loop_in_line_9"] if verdict == "FAIL"]
    assert words == ["the gradient of w has the wrong sign"]
