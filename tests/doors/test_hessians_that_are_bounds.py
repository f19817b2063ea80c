"""A hessian declared as an upper bound, where the second derivative is 0: for a Huber loss far from the label."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlp_core.testing import subjects, verify

DELTA = 0.8


def huber(y_true: Any, y_pred: Any) -> Any:
    r = np.abs(y_pred - y_true)
    return np.where(r <= DELTA, r**2 / 2, DELTA * (r - DELTA / 2))


@pytest.mark.parametrize("hessian", [1.0, 0.5, 1e-9])
def test_a_constant_hessian(hessian: float) -> None:
    def objective(y_true: Any, y_pred: Any) -> Any:
        r = y_pred - y_true
        return np.clip(r, -DELTA, DELTA), np.full_like(r, hessian)

    report = verify(subjects.objective(objective, huber, hessian="bound"), examples=60)
    assert report.ok is (hessian == 1.0), [r.text() for r in report.results if r.verdict != "PASS"]
    assert hessian == 1.0 or any(r.verdict == "FAIL" for r in report.results)


def test_one_that_is_too_small_only_where_the_loss_is_bent() -> None:
    def objective(y_true: Any, y_pred: Any) -> Any:
        r = y_pred - y_true
        return np.clip(r, -DELTA, DELTA), np.where(np.abs(r) <= DELTA, 0.9, 5.0)

    report = verify(subjects.objective(objective, huber, hessian="bound"), examples=60)
    assert [r.law for r in report.results if r.verdict == "FAIL"] == ["the hessian is as declared"]
