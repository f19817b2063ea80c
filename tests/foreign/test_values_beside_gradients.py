"""A value in one place and its gradients in another: functions with a Hessian, fun and jac, classes of losses."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds, said
from value_files import (
    ARGUMENTS_AGAIN,
    HESSIAN,
    MEAN,
    NAMED,
    NEWTON,
    NOTHING_AGAIN,
    NUMBERS,
    ROSEN,
    SCIPY,
    STEMMED,
    STEMS,
    TARGET_FIRST,
    TENSORS,
    TWO_GRADIENTS,
    VJP,
)

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.foreign.load import found_in

CASES = {
    "gradients named after parameters": Case(
        NAMED, "dscore_b = -t * p, t * p", "dscore_b = -t * p, p", ("ranked_loss",), "gradient of score_b"
    ),
    "a Hessian": Case(HESSIAN, "+= 2 * np.sin(x[i])", "+= 2 * np.cos(x[i])", ("f",), "gradient of x"),
    "a Hessian beside a derivative": Case(ROSEN, "1200 * x[:-1] ** 2", "1200 * x[:-1]", ("rosen",), "gradient of x"),
    "a second derivative, entry by entry": Case(
        NEWTON, "-2 * np.cos(x)", "-2 * np.sin(x)", ("f",), "gradient of x"
    ),
    "a second derivative of a number": Case(
        NUMBERS, "- math.sin(x) * x", "+ math.sin(x) * x", ("f",), "gradient of x"
    ),
    "a second derivative by the prediction": Case(
        TARGET_FIRST, "p * (1 - p)", "p * p", ("logloss",), "gradient of y_pred"
    ),
    "a Hessian beside a stem": Case(STEMMED, "(p * (1 - p))", "(p * p)", ("logistic_nll",), "gradient of w"),
    "fun and jac": Case(SCIPY, "g[1:] += 2 * b", "g[1:] += b", ("fun",), "gradient of"),
    "x_loss and x_backward": Case(STEMS, ")) / len", ")) * len", ("smoothed_loss",), "gradient of"),
    "torch, two gradients": Case(TENSORS, "(mu - target) *", "(target - mu) *", ("gaussian_nll",), "gradient of mu"),
    "a loss that remembers": Case(
        NOTHING_AGAIN, "self.den) /", "self.top) /", ("DiceLoss.backward",), "gradient of pred"
    ),
    "a loss that is told again": Case(
        ARGUMENTS_AGAIN, "/ y_pred.size", "/ len(y_pred)", ("MSELoss.gradient",), "gradient of y_pred"
    ),
    "a loss of two": Case(TWO_GRADIENTS, ", -c[", ", c[", ("Contrastive.backward",), "gradient of x2"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_right_is_lawful_and_wrong_is_wrong(case: Case, tmp_path: Path) -> None:
    holds(tmp_path, case)


def test_jax_runs_in_float64_with_its_residuals_first(tmp_path: Path) -> None:
    pytest.importorskip("jax")
    holds(tmp_path, Case(VJP, "g * x / n", "g * x", ("norm_fwd",), "gradient of x"))


def test_functions_with_the_names_of_letters_are_no_function_with_its_gradient(tmp_path: Path) -> None:
    path = tmp_path / "letters.py"
    path.write_text("def f(x):\n    return x**2 + 1\ndef g(x):\n    return 3 * x - 1\n", encoding="utf-8")
    with pytest.raises(ArgumentError, match="a function with its derivative"):
        found_in(str(path))


def test_a_second_derivative_of_another_shape_is_untested_and_the_gradient_is_not(tmp_path: Path) -> None:
    ((name, results),) = said(tmp_path, MEAN).items()
    assert name == "mean_loss"
    assert {verdict for _, verdict, _, _ in results} <= {"PASS", "SKIP", "UNTESTED"}
    assert any(verdict == "UNTESTED" for _, verdict, _, _ in results)
    wrong = said(tmp_path, MEAN.replace("2 * (y_pred", "(y_pred"))
    assert any(verdict == "FAIL" for _, verdict, _, _ in wrong["mean_loss"])
