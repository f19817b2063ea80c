"""Examples that a law remembers for the other laws of its subject make examples smaller, and decide nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import hypothesis.strategies as st

from mlp_core.testing.engine import runner as engine
from mlp_core.testing.engine.database import Memory
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.law import Law


@dataclass(frozen=True)
class Example:
    number: int

    def weight(self) -> int:
        return self.number

    def describe(self) -> str:
        return str(self.number)

    def setup(self) -> list[str]:
        return [f"number = {self.number}"]


class Anything:
    """The subject of laws about numbers."""

    name = "anything"
    snippet = staticmethod(lambda example, closing: closing)


def law(name: str, wrong: Callable[[int], bool]) -> Law:
    """A law that no number is wrong."""

    def check(subject: object, example: Example) -> Evidence:
        if wrong(example.number):
            raise Broken("number", example.number, "another")
        return Evidence(entries=1)

    numbers = st.integers(0, 10**9).map(Example)
    return Law(name, "It holds.", check, lambda subject: numbers).bind(Anything())


LARGE = law("not large", lambda n: n >= 1000)


def test_another_law_that_breaks_on_the_same_example_is_tried_on_it_first() -> None:
    memory, tried = Memory(), list[int]()
    assert engine.run(LARGE, memory=memory).counterexample == "1000"
    again = law("small", lambda n: n >= 1000 and not tried.append(n))
    assert engine.run(again, memory=memory).counterexample == "1000"
    assert len(tried) < 20
    assert tried[-1] == 1000


def test_one_that_holds_on_what_is_remembered_looks_for_an_example_of_its_own() -> None:
    memory = Memory()
    engine.run(LARGE, memory=memory)
    assert engine.run(law("not larger", lambda n: n >= 5000), memory=memory).counterexample == "5000"
    assert len(memory.kept) == 2


def test_what_is_remembered_breaks_no_law() -> None:
    memory = Memory()
    engine.run(LARGE, memory=memory)
    result = engine.run(law("not 1000", lambda n: n == 1000), memory=memory)
    assert (result.verdict, result.examples, result.counted) == ("PASS", 100, 100)


def test_the_examples_that_counted_are_those_it_generated() -> None:
    alone, remembering = (engine.run(LARGE, memory=memory) for memory in (None, Memory()))
    assert (alone.examples, alone.counterexample) == (remembering.examples, remembering.counterexample)
