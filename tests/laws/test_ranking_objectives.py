"""Objectives that rank: the rows of a group depend on each other, and the right ones pass in every form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import ranking_to_judge as rank
from hypothesis import strategies as st

from mlp_core.testing import Report, subjects, verify
from mlp_core.testing.engine import runner

EXAMPLES = 8
GRADIENT, HESSIAN = "the gradient is the derivative by the raw score", "the hessian is as declared"
APART, WEIGHTS = "rows do not affect each other", "multiplies each row by its weight"
GRADES = st.integers(0, 3).map(float)


@pytest.fixture(autouse=True)
def few_shrinks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "SHRINKS", 5)


def verdicts(report: Report) -> dict[str, str]:
    return {r.law: r.verdict for r in report.results}


def judged(f: Any, loss: Any, **options: Any) -> Report:
    return verify(subjects.objective(f, loss, GRADES, **options), examples=EXAMPLES)


@pytest.mark.parametrize("kind", rank.KINDS)
@pytest.mark.parametrize("form", rank.FORMS)
def test_a_right_objective_that_ranks_passes_in_every_form(kind: str, form: str) -> None:
    report = judged(*rank.FORMS[form](*rank.KINDS[kind]))
    found = verdicts(report)
    assert report.ok, report
    assert found[GRADIENT] == found[HESSIAN] == "PASS"
    assert found[APART] == found[WEIGHTS] == "SKIP"


@pytest.mark.parametrize("kind", rank.KINDS)
@pytest.mark.parametrize("mistake", rank.MISTAKES)
def test_a_wrong_one_fails(kind: str, mistake: str) -> None:
    of_group, loss = rank.KINDS[kind]
    found = verdicts(judged(*rank.scikit_learn(rank.MISTAKES[mistake](of_group), loss)))
    assert "FAIL" in (found[GRADIENT], found[HESSIAN])


@pytest.mark.parametrize("kind", rank.KINDS)
def test_one_that_compares_rows_of_different_groups_fails(kind: str) -> None:
    of_group, loss = rank.KINDS[kind]
    _, metric = rank.lightgbm(of_group, loss)

    def objective(preds: Any, train_data: Any) -> Any:
        return of_group(train_data.get_label(), preds)

    assert verdicts(judged(objective, metric))[GRADIENT] != "PASS"

    def reads_and_ignores(preds: Any, train_data: Any) -> Any:
        return of_group(train_data.get_label(), preds + 0.0 * len(train_data.get_group()))

    assert verdicts(judged(reads_and_ignores, metric))[GRADIENT] == "FAIL"


@pytest.mark.parametrize("kind", rank.KINDS)
def test_without_groups_it_is_declared_that_rows_are_compared(kind: str) -> None:
    of_group, loss = rank.KINDS[kind]

    def objective(y_true: Any, y_pred: Any) -> Any:
        return of_group(y_true, y_pred)

    def metric(y_true: Any, y_pred: Any) -> Any:
        return loss(y_true, y_pred)

    assert judged(objective, metric, waives=[APART]).ok
    wrong = judged(lambda y_true, y_pred: (2 * of_group(y_true, y_pred)[0], np.ones(len(y_true))), metric,
                   waives=[APART])  # fmt: skip
    assert verdicts(wrong)[GRADIENT] == "FAIL"


def test_the_lines_to_paste_name_the_groups() -> None:
    of_group, loss = rank.KINDS["pairwise"]
    for form in ("lightgbm", "scikit_learn"):
        report = judged(*rank.FORMS[form](rank.negated(of_group), loss))
        (text,) = [r.text() for r in report.results if r.law == GRADIENT]
        assert "def sizes(n)" in text
        assert "of the loss of all rows" in text
