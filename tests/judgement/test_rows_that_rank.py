"""An objective that compares rows fails where rows should not meet, and the failure shows the line that says that they
may. With that line it is judged as a whole: right or wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from judging import said

from mlp_core.testing import subjects, verify

Array = np.ndarray[Any, Any]
APART = "rows do not affect each other"


def pairs(y: Array, score: Array) -> Array:
    """1 / (1 + exp(s_i - s_j)) for every pair of rows in which i is the better one."""
    return (y[:, None] > y[None, :]) / (1 + np.exp(score[:, None] - score[None, :]))


def ranking(y: Array, score: Array) -> tuple[Array, Array]:
    p = pairs(y, score)
    slope = p * (1 - p)
    return p.sum(0) - p.sum(1), slope.sum(0) + slope.sum(1)


def ranking_loss(y: Array, score: Array) -> float:
    apart = score[:, None] - score[None, :]
    return float(((y[:, None] > y[None, :]) * np.logaddexp(0, -apart)).sum())


def one_sided(y: Array, score: Array) -> tuple[Array, Array]:
    return -pairs(y, score).sum(1), ranking(y, score)[1]


def test_the_failure_shows_the_line_of_the_waiver() -> None:
    report = verify(subjects.objective(ranking, ranking_loss, labels="real"), examples=20)
    (told,) = (r for r in report.results if r.law == APART)
    assert told.verdict == "FAIL", said(report)
    assert f'subjects.objective(..., waives=["{APART}"])' in told.reason


@pytest.mark.parametrize("objective", [ranking, one_sided])
def test_with_that_line_it_is_judged(objective: Any) -> None:
    subject = subjects.objective(objective, ranking_loss, labels="real", waives=[APART])
    report = verify(subject, examples=20)
    assert report.ok == (objective is ranking), said(report)
