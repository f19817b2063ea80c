"""A space with nothing left in it is a test of that space; inputs that were filtered away are no such space."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import strategies as st
from test_untested import MANY, law

from mlp_core.testing.engine import exhausted
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.result import Result
from mlp_core.testing.engine.runner import run

SMALL = [
    (st.just(0), 1), (st.sampled_from([5, 6, 7, 8]), 4), (st.booleans().map(int), 2),
    (st.tuples(st.booleans(), st.booleans()).map(sum), 4), (st.integers(0, 89), 90),
]  # fmt: skip
"""strategies and how many examples they have"""


@pytest.mark.parametrize(("drawn", "number"), SMALL)
def test_a_law_that_holds_on_all_there_are_is_kept_and_says_so(drawn: st.SearchStrategy[int], number: int) -> None:
    result = run(law(lambda n: Evidence(entries=1), drawn), examples=100)
    words = "the only example was" if number == 1 else f"all {number} examples that exist were"
    words = f"exhausted: {words} tried"
    assert (result.verdict, result.exhausted, result.examples) == ("PASS", True, number)
    assert result.reason == words


def test_one_that_fails_on_one_of_them_is_broken() -> None:
    def check(n: int) -> Evidence:
        if n == 7:
            raise Broken("here", n, "another")
        return Evidence(entries=1)

    result = run(law(check, st.sampled_from([5, 6, 7, 8])), examples=100)
    assert (result.verdict, result.counterexample, result.exhausted) == ("FAIL", "7", False)


@pytest.mark.parametrize("wanted", [20, 100])
@pytest.mark.parametrize("drawn", [
    st.one_of(st.just(0), st.integers(1, 10**9).filter(lambda n: False)),
    MANY.filter(lambda n: n % 10**9 == 0),
])  # fmt: skip
def test_inputs_that_are_filtered_away_are_not_tried(drawn: st.SearchStrategy[int], wanted: int) -> None:
    result = run(law(lambda n: Evidence(entries=1), drawn), examples=wanted)
    assert not result.exhausted
    assert (result.verdict, wanted >= 50) in [("UNTESTED", True), ("PASS", False)]


def test_a_filter_that_leaves_a_few_of_a_few_leaves_a_space() -> None:
    assert run(law(lambda n: Evidence(entries=1), st.integers(0, 7).filter(lambda n: n < 2)), examples=100).exhausted


def test_floors_are_relative_to_what_there_is() -> None:
    def counted(share: int) -> Result:
        return run(law(lambda n: Evidence(entries=1, counted=n < share), st.integers(0, 9)), examples=100)

    assert [counted(share).verdict for share in (10, 3, 2, 0)] == ["PASS", "PASS", "UNTESTED", "UNTESTED"]
    assert counted(0).reason == "none of 10 examples counted; draw other examples: the law cannot check these"
    assert counted(2).reason.startswith("only 2 of 10 examples counted, at least 3 are needed; ")
    same = run(law(lambda n: Evidence(entries=1), st.integers(0, 30).map(lambda n: 0)), examples=100)
    assert same.reason == "31 examples counted, but only 1 differ in their numbers; draw inputs that differ"
    left_out = run(law(lambda n: Evidence(entries=8, skipped=1), st.just(0)), examples=20)
    assert left_out.reason.startswith("1 of 9 entries skipped")


def test_a_case_that_the_space_does_not_have_is_told() -> None:
    result = run(law(lambda n: Evidence(entries=1), st.just(0), cases=lambda s: ("day", "night")), examples=100)
    assert result.reason == "exhausted: the only example was tried; never among them: day, night"
    assert result.verdict == "PASS"


def stopped(why: str, valid: int, invalid: int = 0) -> dict[str, Any]:
    cases = [{"status": "valid"}] * valid + [{"status": "invalid"}] * invalid
    return {"generate-phase": {"test-cases": cases}, "stopped-because": why}


@pytest.mark.parametrize(("statistics", "known"), [
    (stopped("nothing left to do", 4), True),
    (stopped("settings.max_examples=100", 100), False),
    (stopped("settings.max_examples=100, but < 1% of test cases satisfied assumptions", 1, 559), False),
    (stopped("in other words: all done", 4, 3), True),
    (stopped("in other words: filtered away", 4, 858), False),
    (stopped("in other words: as many as asked for", 100), False),
    ({}, False),
])  # fmt: skip
def test_where_hypothesis_says_it_in_other_words_it_is_counted(statistics: dict[str, Any], known: bool) -> None:
    assert exhausted.nothing_left(statistics, 100) is known


def test_of_many_asked_for_few_tried_are_no_space_where_as_many_were_rejected_as_ends_a_run() -> None:
    assert not exhausted.nothing_left(stopped("in other words: filtered away", 3, 759), 1000)
    assert exhausted.nothing_left(stopped("in other words: all done", 3, 12), 1000)


def test_without_statistics_nothing_is_taken_for_exhausted() -> None:
    with patch.object(exhausted, "collector", None):
        result = run(law(lambda n: Evidence(entries=1), st.just(0)), examples=100)
    assert (result.verdict, result.exhausted) == ("UNTESTED", False)


def test_others_that_listen_to_the_statistics_still_hear_them() -> None:
    heard = list[Any]()
    assert exhausted.collector is not None
    with exhausted.collector.with_value(heard.append):
        run(law(lambda n: Evidence(entries=1), st.just(0)))
    assert [one["stopped-because"] for one in heard] == ["nothing left to do"]
