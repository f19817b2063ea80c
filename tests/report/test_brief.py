"""The last line of one screen agrees with the exit status."""

from __future__ import annotations

import pytest

from mlp_core.testing.engine.result import Result
from mlp_core.testing.report.brief import brief


def result(law: str, verdict: str, *, asked: bool = True) -> Result:
    made = Result(law, "statement", "f", "formula", judges=True)
    made.verdict, made.asked = verdict, asked
    return made


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        (True, "BROKEN: f: a", "FAIL: 1 of 2 laws broken, 1 hold; more"),
        (False, "BROKEN (not required): f: a", "PASS: 1 of 2 laws hold; 1 law about batches broken, not required"),
    ],
)
def test_laws_that_are_not_required_are_no_failure(asked: bool, first: str, last: str) -> None:
    told = brief([result("a", "FAIL", asked=asked), result("b", "PASS")], "hand_in.py:f", "", 100).plain
    lines = [line for line in told.splitlines() if line]
    assert lines[0] == first
    assert lines[-1].startswith(last)
