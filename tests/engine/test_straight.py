"""Examples after the first ones are drawn straight: as many, the same for the same seed, and failures as small."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.database import InMemoryExampleDatabase
from numbers_as_examples import Anything, Number

from mlp_core.testing.engine import straight
from mlp_core.testing.engine.database import Memory
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.law import Check, Law
from mlp_core.testing.engine.runner import run

MILLION = st.integers(0, 1_000_000)


def law(check: Check, numbers: st.SearchStrategy[int] = MILLION) -> Law:
    return Law("below", "It is small.", check, lambda subject: numbers.map(Number)).bind(Anything())


def below(limit: int) -> Check:
    def check(subject: Anything, number: Number) -> Evidence:
        if number.value >= limit:
            raise Broken("here", number.value, limit)
        return Evidence(entries=1)

    return check


def seen(numbers: st.SearchStrategy[int] = MILLION, examples: int = 100, **options: Any) -> list[int]:
    values: list[int] = []

    def check(subject: Anything, number: Number) -> Evidence:
        values.append(number.value)
        return Evidence(entries=1)

    assert run(law(check, numbers), examples=examples, **options).examples == examples
    return values


@pytest.fixture
def straightly(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many examples were drawn straight."""
    counts: list[int] = []
    drawn = straight.drawn

    def counted(strategy: Any, check: Any, *rest: Any) -> bool:
        def counting(example: Any) -> None:
            counts.append(1)
            check(example)

        return drawn(strategy, counting, *rest)

    monkeypatch.setattr(straight, "drawn", counted)
    return counts


def test_all_but_the_first_are_drawn_straight(straightly: list[int]) -> None:
    values = seen()
    assert len(values) == 100
    assert sum(straightly) == 100 - straight.FIRST
    assert values[0] == 0  # the simplest
    assert len(set(values)) > 90
    seen(examples=straight.ENOUGH - 1)
    assert sum(straightly) == 100 - straight.FIRST


def test_the_same_seed_draws_the_same(straightly: list[int]) -> None:
    assert seen(seed=3) == seen(seed=3)
    assert seen(seed=3)[straight.FIRST :] != seen(seed=4)[straight.FIRST :]
    assert straightly


@pytest.mark.parametrize("strategy", [st.binary(min_size=160, max_size=160), st.binary(max_size=9), MILLION])
def test_the_numbers_are_those_that_hypothesis_draws(strategy: Any) -> None:
    drawn = []
    for provider in (straight.PLAIN, straight.Straight):
        numbers = random.Random(7)  # noqa: S311
        drawn.append([
            straight.ConjectureData(random=numbers, provider=provider).draw(strategy) for _ in range(100)
        ])  # fmt: skip
    assert drawn[0] == drawn[1]
    assert len(set(drawn[0])) > 10


@pytest.mark.parametrize("memory", [None, Memory()])
def test_a_failure_is_made_as_small(straightly: list[int], memory: Memory | None) -> None:
    first = len(straightly)

    def check(subject: Anything, number: Number) -> Evidence:
        return below(2_000 if len(straightly) > first else 2_000_000)(subject, number)

    result = run(law(check), memory=memory)
    assert (result.verdict, result.counterexample) == ("FAIL", "2000")
    assert result.examples >= straight.FIRST
    if memory is not None:
        assert len(memory.kept) == 1
        again = run(law(below(1_000)), memory=memory)  # 2000 breaks this law too, and is small already
        assert (again.verdict, again.counterexample) == ("FAIL", "2000")


def test_a_failure_is_kept_in_a_database_and_tried_first() -> None:
    database = InMemoryExampleDatabase()
    assert run(law(below(997_000)), examples=2000, database=database).verdict == "FAIL"
    assert [len(kept) for kept in database.data.values()] == [1]
    assert run(law(below(997_000)), examples=1, database=database).counterexample == "997000"


@pytest.mark.parametrize("numbers", [
    st.integers(0, 150), MILLION.filter(lambda n: n % 2 == 0), MILLION.filter(lambda n: n % 8 == 0),
    st.sampled_from(range(101)),
])  # fmt: skip
def test_small_spaces_and_filters_give_as_many(numbers: st.SearchStrategy[int]) -> None:
    assert len(seen(numbers)) >= 100


def test_what_does_not_repeat_itself_is_told() -> None:
    calls: list[int] = []

    def check(subject: Anything, number: Number) -> Evidence:
        calls.append(number.value)
        if len(calls) == straight.FIRST + 5:
            raise Broken("here", 1, 2)
        return Evidence(entries=1)

    result = run(law(check), examples=100)
    assert (result.verdict, "not deterministic" in result.reason) == ("FAIL", True)


def test_an_example_begins_with_the_same_random_numbers() -> None:
    drawn: list[tuple[float, float]] = []

    def check(subject: Anything, number: Number) -> Evidence:
        drawn.append((random.random(), np.random.rand()))  # noqa: S311, NPY002  (those that everybody shares)
        return Evidence(entries=1)

    before = random.getstate()
    run(law(check), examples=60)
    assert len(set(drawn)) == 1
    assert random.getstate() == before


def test_without_its_names_all_come_from_hypothesis(
    straightly: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(straight, "THERE", False)
    assert len(seen()) == 100
    assert run(law(below(997_000)), examples=3000).counterexample == "997000"
    assert not straightly
