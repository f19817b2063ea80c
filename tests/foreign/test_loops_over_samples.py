"""Training loops that take one sample, or one batch, at a time; with a margin, and with counts."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds
from sample_loop_files import (
    ADDED_UP,
    BATCHES,
    COUNTS,
    DRAWN,
    MACHINE,
    MACHINE_OF_ALL,
    NETWORK,
    NEURON,
    SAMPLES,
    SOFTMAX,
)

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.foreign.load import found_in

CASES = {
    "X[i] and y[i]": Case(SAMPLES, "b -= lr * dz\n", "b -= lr * dz * p\n", ("train_logistic_loop",), "gradient of b"),
    "numbers of a list": Case(NEURON, "2 * error\n", "2 * error * x\n", ("loop_in_line_6",), "gradient of bias"),
    "batches": Case(BATCHES, "err.mean()", "err.sum()", ("loop_in_line_9",), "gradient of b"),
    "a drawn sample": Case(DRAWN, "2 * err * xi", "2 * err", ("sgd_loop",), "gradient of w"),
    "added up over samples": Case(ADDED_UP, "dc += (", "dc = (", ("gradient_descent_loop",), "gradient of c"),
    "a network": Case(NETWORK, "(W2 @ d_o) * h * (1 - h)", "W2 @ d_o", ("loop_in_line_14",), "gradient of W1"),
    "classes": Case(SOFTMAX, "lr * p\n", "lr * -p\n", ("SoftmaxClassifier_fit_loop",), "gradient of b"),
    "a margin": Case(MACHINE, "self.b -= ", "self.b += ", ("SVM_fit_loop",), "gradient of b"),
    "margins of all": Case(MACHINE_OF_ALL, "-self.C * np.sum", "self.C * np.sum", ("LinearSVM_fit_loop",), "of b"),
    "counts": Case(COUNTS, "np.mean(mu - y)", "np.sum(mu - y)", ("PoissonRegression_fit_loop",), "gradient of"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_right_loop_is_lawful_and_a_wrong_one_broken(case: str, tmp_path: Path) -> None:
    holds(tmp_path, CASES[case])


def test_a_step_divided_by_the_number_of_all_samples_is_not_read_as_a_batch(tmp_path: Path) -> None:
    text = BATCHES.replace("X", "x").replace("/ len(xb)", "/ len(x)").replace("err.mean()", "err.sum() / len(x)")
    path = tmp_path / "theirs.py"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ArgumentError):
        found_in(str(path))
