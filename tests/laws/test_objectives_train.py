"""Objectives that the laws admit train as the built-in ones do, in LightGBM, XGBoost and CatBoost: `nox -s boosting`.

docs/objectives.md says what an objective receives, and which formulas reproduce a built-in one; this compares with the
libraries.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlp_core.testing import subjects, verify
from mlp_core.testing.faults.objectives.losses import Logloss, log_loss, logistic, softmax, softmax_loss

HOW = "nox -s boosting installs it"

ROWS = 120


def table(classes: int = 2) -> tuple[Any, Any, Any]:
    """Features, labels and weights."""
    drawn = np.random.default_rng(0)
    X = drawn.standard_normal((ROWS, 3))
    y = np.digitize(X[:, 0] + 0.3 * drawn.standard_normal(ROWS), np.linspace(-1, 1, classes + 1)[1:-1]).astype(float)
    return X, y, drawn.uniform(0.5, 2, ROWS)


seen: list[tuple[Any, Any]] = []
"""scores and data, as a library hands them over"""


def by_dataset(f: Any) -> Any:
    """f(labels, scores, weights) as LightGBM and XGBoost call an objective."""

    def objective(preds: Any, data: Any) -> Any:
        seen.append((preds, data))
        w = data.get_weight()
        w = None if w is None or not len(w) else w
        return f(data.get_label(), preds) if w is None else f(data.get_label(), preds, w)

    return objective


@pytest.fixture(autouse=True)
def nothing_seen() -> None:
    seen.clear()


def test_what_is_trained_with_here_is_lawful() -> None:
    for f, loss, labels, hessian in (
        (logistic, log_loss, "binary", "exact"), (Logloss, log_loss, "binary", "exact"),
        (softmax, softmax_loss, 3, "bound"),
    ):  # fmt: skip
        assert verify(subjects.objective(f, loss, labels, hessian), examples=5).ok


@pytest.mark.parametrize("weighted", [False, True])
def test_lightgbm_trains_the_built_in_binary_objective(weighted: bool) -> None:
    lightgbm = pytest.importorskip("lightgbm", reason=HOW)
    X, y, w = table()
    common = {"verbosity": -1, "num_threads": 1, "deterministic": True, "boost_from_average": False}

    def scores(objective: Any) -> Any:
        data = lightgbm.Dataset(X, y, weight=w if weighted else None)
        return lightgbm.train({**common, "objective": objective}, data, 1).predict(X, raw_score=True)

    assert np.array_equal(scores(by_dataset(logistic)), scores("binary"))
    preds, data = seen[0]
    assert (preds.dtype, data.get_label().dtype) == (np.float64, np.float32)
    assert (data.get_weight() is None) is not weighted
    assert not preds.any()  # the start, whatever the labels


def test_lightgbm_hands_several_classes_over_as_columns() -> None:
    lightgbm = pytest.importorskip("lightgbm", reason=HOW)
    X, y, _ = table(3)
    common = {"verbosity": -1, "num_threads": 1, "num_class": 3, "boost_from_average": False}

    def scaled(labels: Any, raw: Any) -> Any:
        g, h = softmax(labels, raw)  # 2 p (1 - p), where LightGBM has K/(K-1) p (1 - p)
        return g, h * 3 / 4

    def scores(objective: Any) -> Any:
        booster = lightgbm.train({**common, "objective": objective}, lightgbm.Dataset(X, y), 1)
        return booster.predict(X, raw_score=True)

    assert np.array_equal(scores(by_dataset(scaled)), scores("multiclass"))
    assert seen[0][0].flags.f_contiguous


@pytest.mark.parametrize("weighted", [False, True])
def test_xgboost_trains_the_built_in_logistic_objective(weighted: bool) -> None:
    xgboost = pytest.importorskip("xgboost", reason=HOW)
    X, y, w = table()
    data = xgboost.DMatrix(X, y, weight=w if weighted else None)
    common = {"nthread": 1, "base_score": 0.5, "objective": "binary:logistic", "tree_method": "exact"}

    def scores(obj: Any) -> Any:
        return xgboost.train(common, data, 1, obj=obj).predict(data, output_margin=True)

    mine, theirs = scores(by_dataset(logistic)), scores(None)
    np.testing.assert_array_max_ulp(mine, theirs, 4)  # XGBoost computes sigmoid in float32, numpy after it
    preds, matrix = seen[0]
    assert (preds.dtype, matrix.get_label().dtype) == (np.float32, np.float32)
    assert len(matrix.get_weight()) == (ROWS if weighted else 0)  # without weights an empty array, and not None


def test_catboost_trains_the_built_in_logloss() -> None:
    catboost = pytest.importorskip("catboost", reason=HOW)
    X, y, _ = table()
    common = {
        "iterations": 1, "verbose": 0, "allow_writing_files": False, "thread_count": 1, "random_seed": 0,
        "leaf_estimation_method": "Newton", "leaf_estimation_iterations": 1, "bootstrap_type": "No",
        "boosting_type": "Plain", "random_strength": 0, "score_function": "L2",
    }  # fmt: skip

    def scores(**objective: Any) -> Any:
        model = catboost.CatBoost({**common, **objective}).fit(X, y)
        return model.predict(X, prediction_type="RawFormulaVal")

    mine = scores(loss_function=Logloss(), eval_metric="Logloss")
    np.testing.assert_array_max_ulp(mine, scores(loss_function="Logloss"), 8)
