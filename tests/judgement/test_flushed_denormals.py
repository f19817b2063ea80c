"""torch.set_flush_denormal(True) inside a subject changes the arithmetic of the whole process: a side effect that
fails by name, and is switched back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from hypothesis import strategies as st
from judging import Problem, broken, entry, generator, judged, normal, said, seeded, spoiled
from optimizing import Momentum
from torch import Tensor

from mlp_core.testing import Report, subjects, verify


def flushed() -> bool:
    return bool(torch.tensor(2.0**-1070, dtype=torch.float64) * 1.0 == 0)


@pytest.fixture(autouse=True)
def denormals_stay() -> Iterator[None]:
    """Whatever a subject leaves behind here is not left to other tests."""
    assert not flushed()
    yield
    torch.set_flush_denormal(False)


def loss(params: list[Tensor], x: Tensor) -> Tensor:
    return (params[0] * x).square().sum()


def plain(params: list[Tensor], x: Tensor) -> list[Tensor]:
    return [2 * params[0] * x * x]


def flushing(params: list[Tensor], x: Tensor) -> list[Tensor]:
    torch.set_flush_denormal(True)
    return plain(params, x)


def at_the_end(params: list[Tensor], x: Tensor) -> list[Tensor]:
    found = plain(params, x)
    torch.set_flush_denormal(True)
    return found


def at_times(params: list[Tensor], x: Tensor) -> list[Tensor]:
    torch.set_flush_denormal(bool(params[0][0] > 0))
    return plain(params, x)


def switched_back(params: list[Tensor], x: Tensor) -> list[Tensor]:
    torch.set_flush_denormal(True)
    found = plain(params, x)
    torch.set_flush_denormal(False)
    return found


def switched_off(params: list[Tensor], x: Tensor) -> list[Tensor]:
    torch.set_flush_denormal(False)
    return plain(params, x)


def draw(seed: int) -> Problem:
    own = generator(seed)
    return [normal(3, of=own)], normal(3, of=own)


def assert_told_by_name(report: Report) -> None:
    assert not flushed(), "denormals are still flushed"
    assert not report.ok, said(report)
    failed = [r.text().lower() for r in report.results if r.verdict == "FAIL"]
    assert any("denormal" in words for words in failed), failed


@pytest.mark.parametrize("gradient", [flushing, at_the_end, at_times])
def test_a_gradient_that_flushes_denormals_is_told_by_name(gradient: Callable[..., Any]) -> None:
    assert_told_by_name(judged(loss, gradient, seeded(draw)))


def test_a_loss_that_flushes_denormals_is_told_by_name() -> None:
    def flushing_loss(params: list[Tensor], x: Tensor) -> Tensor:
        torch.set_flush_denormal(True)
        return loss(params, x)

    assert_told_by_name(judged(flushing_loss, plain, seeded(draw)))


def test_it_is_told_too_where_inputs_are_floats_of_hypothesis() -> None:
    inputs = st.lists(st.floats(-2, 2), min_size=2, max_size=3).map(lambda k: ([torch.tensor(k).double()], 2.0))
    assert_told_by_name(judged(loss, flushing, inputs))


class Flushes(Momentum):
    def begin(self) -> None:
        torch.set_flush_denormal(True)


class WhenMade(Momentum):
    def __init__(self, params: Any, lr: float = 1e-2) -> None:
        torch.set_flush_denormal(True)
        super().__init__(params, lr)


class AndBack(Momentum):
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        torch.set_flush_denormal(True)
        super().step(closure)
        torch.set_flush_denormal(False)


@pytest.mark.parametrize("make", [Flushes, WhenMade])
def test_an_optimizer_that_flushes_denormals_is_told_by_name(make: type[Momentum]) -> None:
    assert_told_by_name(verify(make, examples=5))


def test_an_optimizer_that_switches_it_back_is_not_accused() -> None:
    report = verify(AndBack, examples=10)
    assert not broken(report), said(report)


@pytest.mark.parametrize("gradient", [switched_back, switched_off])
def test_one_that_leaves_it_as_it_was_is_lawful(gradient: Callable[..., Any]) -> None:
    report = judged(loss, gradient, seeded(draw))
    assert report.ok, said(report)


def test_a_backpropagation_that_flushes_denormals_is_told_by_name() -> None:
    from mlp_core import backprop

    def flushes(model: Any, trace: Any, dL_dy: Tensor) -> None:
        backprop(model, trace, dL_dy)
        torch.set_flush_denormal(True)

    assert_told_by_name(verify(subjects.backprop(flushes), examples=3))


def test_the_next_subject_is_judged_as_ever() -> None:
    judged(loss, flushing, seeded(draw))
    assert not flushed()
    assert judged(loss, plain, seeded(draw)).ok
    assert "equals autograd everywhere" in broken(judged(loss, spoiled(plain, entry(0, lambda v: -v)), seeded(draw)))
