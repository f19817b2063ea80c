"""Objectives of gradient boosting: wrong ones fail and are named, right ones pass, and others are not judged."""

from __future__ import annotations

import os
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import objectives_to_judge as judge
import pytest
from hypothesis import strategies as st

from mlp_core.base.errors import ArgumentError
from mlp_core.testing import faults, subjects, verify
from mlp_core.testing.engine import runner
from mlp_core.testing.subjects.doors import losses
from mlp_core.testing.subjects.doors.calls import call_of
from mlp_core.testing.subjects.doors.objective import ObjectiveSubject

CASES = Path(os.environ.get("MLP_CORE_CASES", "")) / "doors"
EXAMPLES = 8


@pytest.fixture(autouse=True)
def few_shrinks(monkeypatch: pytest.MonkeyPatch) -> None:
    """How small a counterexample gets takes most of the time, and is looked at by no test but one."""
    monkeypatch.setattr(runner, "SHRINKS", 5)


def failures(f: Any, loss: Any, labels: Any = None, hessian: str = "told", examples: int = EXAMPLES) -> list[Any]:
    report = verify(subjects.objective(f, loss, labels, hessian), examples=examples)
    return [result for result in report.results if result.verdict == "FAIL"]


def told(results: list[Any]) -> str:
    return " / ".join(str(result.diagnosis) for result in results)


@pytest.mark.parametrize("case", judge.WRONG, ids=lambda case: case[0].__name__)
def test_a_wrong_objective_is_told_and_named_where_its_mistake_is_known(case: Any) -> None:
    f, loss, labels, words = case
    failed = failures(f, loss, labels)
    assert failed
    assert words in told(failed)


@pytest.mark.parametrize("case", judge.RIGHT, ids=lambda case: case[0].__name__)
def test_a_right_objective_passes_whichever_hessian_it_has(case: Any) -> None:
    assert not [result.text() for result in failures(*case)]


HANDED = (
    ("01_focal_objective", "focal_objective", "focal_metric", "the raw score is used as a probability"),
    ("02_fair_objective", "fair_objective", "fair_loss", "the sign is wrong"),
    ("31_hessian_weight", "weighted_objective", "weighted_metric", "the hessian is 4 times the derivative"),
    ("04_softmax_objective", "softmax_objective", "softmax_loss", ""),
)
"""file, objective, loss, how the mistake is named"""


def handed(path: Path, *names: str) -> list[Any]:
    spec = spec_from_file_location(path.stem.replace("0", "o"), path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return [getattr(module, name) for name in names]


@pytest.mark.skipif(not CASES.is_dir(), reason="MLP_CORE_CASES names no folder with cases of doors")
@pytest.mark.parametrize("case", HANDED, ids=lambda case: case[0])
def test_handed_cases_are_judged_and_named(case: Any) -> None:
    file, f, loss, words = case
    mended = [CASES / "mended" / f"{file}.py"] if words else [CASES / f"{file}.py"]
    if words:
        assert words in told(failures(*handed(CASES / f"{file}.py", f, loss)))
    for path in mended:
        assert not [result.text() for result in failures(*handed(path, f, loss))]


OF_THE_CATALOGUE = [fault for fault in faults.every() if isinstance(fault.subject, ObjectiveSubject)]
NAMELESS = {
    "balances_by_the_rows_at_hand", "changes_the_scores_in_place", "flattens_in_the_order_of_memory",
    "returns_columns_for_rows",  # the failure itself says it
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("fault", OF_THE_CATALOGUE, ids=lambda fault: fault.name)
def test_a_mistake_of_the_catalogue_is_named(fault: Any) -> None:
    report = verify(fault.subject, examples=fault.examples)
    named = {result.diagnosis for result in report.results if result.verdict == "FAIL"}
    words = None if fault.name in NAMELESS else fault.words
    assert any(name == words or (name and words and name.startswith(words)) for name in named), named


@pytest.mark.parametrize("loss", [judge.root_mean_square, judge.errors])
def test_what_is_no_sum_over_rows_or_has_no_slope_is_no_loss(loss: Any) -> None:
    labels = "binary" if loss is judge.errors else "real"
    result = verify(subjects.objective(judge.squares, loss, labels), examples=EXAMPLES).results[0]
    assert result.verdict == "UNTESTED"
    assert "give the loss whose derivative the objective computes" in result.reason


def test_a_hessian_that_is_an_approximation_has_to_be_declared() -> None:
    for hessian, failed in (("exact", True), ("any", False)):
        assert bool(failures(judge.gauss_newton, judge.brier, "binary", hessian)) is failed
    (result,) = failures(judge.gauss_newton, judge.brier, "binary", "exact")
    assert "declare an approximation: hessian='bound'" in result.reason
    assert "the Gauss-Newton hessian" in str(result.diagnosis)


@pytest.mark.parametrize(
    ("loss", "labels"),
    [
        (judge.weighted, "binary"), (judge.asymmetric, "real"), (judge.gamma, "positive"), (judge.log_cosh, "real"),
        (judge.cross_entropy, 3), (lambda y_true, y_pred: np.sum(np.exp(y_pred) - y_true * y_pred), "counts"),
        (lambda y_true, y_pred: np.sum(np.logaddexp(0, y_pred) - y_true * y_pred), "binary"),
    ],
)  # fmt: skip
def test_which_labels_a_loss_is_for_is_found_by_trying(loss: Any, labels: Any) -> None:
    assert losses.labels_of(loss, call_of(loss, "loss")) == labels


@pytest.mark.parametrize(
    ("names", "order"),
    [
        ("y_true, y_pred", "labels first"), ("preds, dtrain", "dataset"), ("preds, train_data", "dataset"),
        ("y_pred, y_true", "scores first"), ("labels, raw, weight", "labels first"), ("z, y", "scores first"),
        ("predt, dmatrix", "dataset"), ("y, s", "labels first"),
    ],
)  # fmt: skip
def test_the_order_of_arguments_is_told_by_their_names(names: str, order: str) -> None:
    assert call_of(eval(f"lambda {names}: None"), "f").order == order  # noqa: S307  (written above)


def test_bad_arguments_are_named() -> None:
    right = lambda y_true, y_pred: (y_pred - y_true, np.ones_like(y_pred))  # noqa: E731
    loss = lambda y_true, y_pred: ((y_pred - y_true) ** 2).sum() / 2  # noqa: E731
    for change, words in (
        ({"f": lambda a, b: None}, "its parameters are a, b"), ({"f": 3}, "f: got 3"), ({"labels": "bynary"}, "labels"),
        ({"hessian": "exakt"}, "did you mean 'exact'"), ({"scores": (2, 1)}, "lowest, highest"),
        ({"loss": lambda y_true, y_pred: "no number"}, "labels: got none"), ({"labels": 1}, "labels: got 1"),
    ):  # fmt: skip
        arguments = {"f": right, "loss": loss, **change}
        with pytest.raises(ArgumentError, match=words):
            subjects.objective(**arguments)
    drawn = subjects.objective(right, loss, st.sampled_from([0.5, 2.0]))
    assert verify(drawn, examples=5).ok
    with pytest.raises(ArgumentError, match="law to be waived"):
        verify(subjects.objective(right, loss, waives=["rows meet"]))
