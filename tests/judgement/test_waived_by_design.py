"""A gradient that is another by design, such as a straight-through estimate, says so by waives=; a failure shows the
line. What is waived is skipped, everything else is judged as before, and if nothing judges, the headline says so."""

from __future__ import annotations

import pytest
from judging import AUTOGRAD, Problem, assert_broken, broken, normal, seeded
from judging import generator as of_seed
from torch import Tensor

from mlp_core import ArgumentError
from mlp_core.testing import Report, subjects, verify

QUOTIENTS = "agrees with difference quotients"


def drawn(seed: int) -> Problem:
    return ([normal(4, of=of_seed(seed)) * 3],)


def straight_through(params: list[Tensor]) -> Tensor:
    x = params[0]
    return (x + (x.round() - x).detach()).square().sum()


def estimate(params: list[Tensor]) -> list[Tensor]:
    return [2 * params[0].round()]


def rounded(params: list[Tensor]) -> Tensor:
    return params[0].round().square().sum()


def judged(loss: object, gradient: object, waives: tuple[str, ...]) -> Report:
    return verify(subjects.gradient(loss, gradient, seeded(drawn), waives=waives), examples=20)  # type: ignore[arg-type]


def test_without_it_the_failure_shows_the_line() -> None:
    report = judged(straight_through, estimate, ())
    assert broken(report) == [QUOTIENTS]
    reason = next(r.reason for r in report.results if r.verdict == "FAIL")
    assert reason.endswith(f'if it is so by design: subjects.gradient(..., waives=["{QUOTIENTS}"])')


def test_with_it_autograd_judges() -> None:
    assert judged(straight_through, estimate, (QUOTIENTS,)).ok
    assert_broken(judged(straight_through, lambda p: [1.001 * g for g in estimate(p)], (QUOTIENTS,)), AUTOGRAD)


def test_where_all_that_judge_are_waived_the_headline_says_so() -> None:
    report = judged(rounded, estimate, (QUOTIENTS, "equals autograd everywhere"))
    assert not broken(report)
    assert "the formula was not checked" in report.verdict("estimate")


@pytest.mark.parametrize("name", ["everything", "equals autograd"])
def test_an_unknown_law_is_refused_by_name(name: str) -> None:
    with pytest.raises(ArgumentError, match=name):
        judged(rounded, estimate, (name,))
