"""Points at which torch's autograd is wrong, or rounds coarsely, while difference quotients confirm the formula written
by hand: no law fails, and if the two differ plainly both numbers are reported. A gradient that both refute fails."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from disagreeing import CASES, cofactors, definite, det
from judging import Problem, assert_broken, assert_not_accused, entry, judged, said, seeded, spoiled

PLAINLY = ["det, a column of zeros", "polar at radius 0", "index_put", "index_put, 0 to the bit", "scatter", "cholesky",
            "eigvalsh"]  # fmt: skip
"""where the two differ by more than the digits of a quotient"""


@pytest.mark.parametrize("name", CASES)
def test_a_formula_that_quotients_confirm_is_not_accused(name: str) -> None:
    loss, gradient, draw = CASES[name]
    assert_not_accused(judged(loss, gradient, seeded(draw)))


@pytest.mark.parametrize("name", PLAINLY)
def test_where_they_disagree_plainly_both_numbers_are_told(name: str) -> None:
    loss, gradient, draw = CASES[name]
    report = judged(loss, gradient, seeded(draw))
    told = " ".join([report.to_json(), *(note for notes in report.notes.values() for note in notes)])
    assert "autograd and difference quotients disagree" in told, said(report)
    assert len(re.findall(r"-?\d+\.\d*", told.partition("quotients disagree")[2][:300])) >= 2, said(report)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("by", ["one more", "not finite"])
def test_a_formula_that_both_refute_is_broken(name: str, by: str) -> None:
    loss, gradient, draw = CASES[name]
    change: Any = {"one more": lambda v: v + 1, "not finite": lambda v: math.inf}[by]
    assert_broken(judged(loss, spoiled(gradient, entry(0, change)), seeded(draw)))  # type: ignore[arg-type]


def test_away_from_such_points_autograd_judges_as_before() -> None:
    def regular(seed: int) -> Problem:
        return ([definite(seed)[0][0]],)

    report = judged(det, cofactors, seeded(regular))
    assert report.ok, said(report)
    assert_broken(judged(det, spoiled(cofactors, entry(4, lambda v: v * 1.0001)), seeded(regular)), "equals autograd")
