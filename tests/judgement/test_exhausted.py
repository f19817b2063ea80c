"""A space of inputs that was tried to its end, be it of one example, is a test of that space: lawful on it, and said
so."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
from hypothesis import strategies as st
from judging import assert_broken, assert_lawful, entry, judged, spoiled
from torch import Tensor

SAYS_SO = re.compile(r"exhaust|all there (is|are)|no (more|others)|every (one|input|example) there is", re.IGNORECASE)


def vector(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def loss(params: list[Tensor], *data: Any) -> Tensor:
    return (params[0] ** 3 + torch.sin(params[0])).sum()


def gradient(params: list[Tensor], *data: Any) -> list[Tensor]:
    return [3 * params[0] ** 2 + torch.cos(params[0])]


def one(v: float) -> tuple[list[Tensor]]:
    return ([vector(v, v / 3)],)


def picked(first: bool, second: bool) -> tuple[Any, ...]:
    return [vector(0.5 if first else 2.0, 1.0)], second


SPACES: dict[str, tuple[st.SearchStrategy[Any], int]] = {
    "just": (st.just(one(1.3)), 1), "just, by map": (st.just(0.7).map(one), 1),
    "none": (st.none().map(lambda _: one(2.0)), 1),
    "one of one": (st.sampled_from([one(0.4)]), 1), "one of two": (st.sampled_from([0.5, -2.0]).map(one), 2),
    "one of three": (st.sampled_from([one(v) for v in (0.1, 0.2, 0.3)]), 3),
    "one of four": (st.sampled_from([0.5, 1.0, 2.0, 3.0]).map(one), 4),
    "one of six": (st.sampled_from([-3.0, -1.0, 0.5, 1.0, 2.0, 3.0]).map(one), 6),
    "a boolean": (st.booleans().map(lambda b: one(1.0 + b)), 2),
    "two booleans": (st.builds(picked, st.booleans(), st.booleans()), 4),
    "integers": (st.integers(1, 5).map(lambda k: one(k / 4)), 5),
    "a just and a choice": (st.tuples(st.just([vector(0.3)]), st.sampled_from([1, 2, 3])), 3),
}  # fmt: skip


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("examples", [20, 60])
def test_the_right_gradient_is_lawful_on_all_there_is(name: str, examples: int) -> None:
    inputs, count = SPACES[name]
    report = judged(loss, gradient, inputs, examples=examples)
    assert_lawful(report)
    assert all(r.examples == count for r in report.results if r.verdict == "PASS")
    told = [r.reason for r in report.results] + [note for notes in report.notes.values() for note in notes]
    assert any(SAYS_SO.search(words) for words in told), told


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("examples", [20, 100])
def test_a_wrong_gradient_is_broken_on_it(name: str, examples: int) -> None:
    inputs, _ = SPACES[name]
    assert_broken(judged(loss, spoiled(gradient, entry(0, lambda v: -v)), inputs, examples=examples), "equals autograd")


def test_wrong_on_one_of_six_inputs_is_found() -> None:
    def wrong(params: list[Tensor]) -> list[Tensor]:
        return [gradient(params)[0] * (1.001 if params[0][0] == 3.0 else 1.0)]

    assert_broken(judged(loss, wrong, SPACES["one of six"][0], examples=40), "equals autograd")


def test_a_large_space_of_which_little_was_seen_is_not_called_exhausted() -> None:
    inputs = st.integers(-999, 999).map(lambda k: one(k / 100))
    report = judged(loss, gradient, inputs, examples=30)
    assert_lawful(report)
    assert not any(SAYS_SO.search(r.reason) for r in report.results)
