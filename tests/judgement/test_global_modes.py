"""Code that leaves another global mode of torch behind is reported by the name of the mode, whatever its form, and the
next subject is judged in the modes of before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from judging import assert_lawful, normal, said, seeded
from judging import generator as numbers_of

from mlp_core import backprop
from mlp_core.gradcheck import check_model
from mlp_core.testing import Report, subjects, verify
from mlp_core.testing.engine.guards import MODES, globals_kept

Array = np.ndarray[Any, Any]

SWITCHES: dict[str, Callable[[], object]] = {
    "gradient mode": lambda: torch.set_grad_enabled(False),
    "default dtype": lambda: torch.set_default_dtype(torch.float16),
    "thread count": lambda: torch.set_num_threads(torch.get_num_threads() + 1),
}
VECTORS = seeded(lambda seed: ([normal(3, of=numbers_of(seed))],))


def of_a_function(switch: Callable[[], object]) -> Any:
    return subjects.gradient(lambda p: (p[0] ** 2).sum(), lambda p: [2 * p[0], switch()][:1], VECTORS)


def of_a_value(switch: Callable[[], object]) -> Any:
    def f(w: Array) -> tuple[float, Array]:
        switch()
        return (w**2).sum(), 2 * w

    return subjects.value_and_gradient(f, subjects.arrays((3,)))


def of_a_forward(switch: Callable[[], object]) -> Any:
    return subjects.pair(lambda x: (x * x, x, switch())[:2], lambda d, x: 2 * x * d, subjects.arrays((3,)))


def of_a_backward(switch: Callable[[], object]) -> Any:
    return subjects.pair(lambda x: (x * x, x), lambda d, x: (2 * x * d, switch())[0], subjects.arrays((3,)))


def of_a_network(switch: Callable[[], object]) -> Any:
    def gradient(model: Any, trace: Any, dL_dy: Any) -> None:
        backprop(model, trace, dL_dy)
        switch()

    return subjects.backprop(gradient)


def of_an_objective(switch: Callable[[], object]) -> Any:
    def f(y: Array, score: Array) -> tuple[Array, Array]:
        switch()
        return score - y, np.ones_like(y)

    return subjects.objective(f, lambda y, score: 0.5 * (score - y) ** 2)


def of_a_check(switch: Callable[[], object]) -> Any:
    return subjects.gradcheck(lambda *at, **options: (check_model(*at, **options), switch())[0])


MAKE = [of_a_function, of_a_value, of_a_forward, of_a_backward, of_a_network, of_an_objective, of_a_check]


def at_fault(report: Report) -> list[str]:
    return [result.where for result in report.results if result.verdict == "FAIL"]


@pytest.mark.parametrize("make", MAKE)
@pytest.mark.parametrize("mode", SWITCHES)
def test_a_mode_that_is_left_behind_is_named(mode: str, make: Callable[[Any], Any]) -> None:
    with globals_kept():
        report = verify(make(SWITCHES[mode]), examples=4)
    assert mode in at_fault(report), said(report)
    (told,) = (r for r in report.results if r.verdict == "FAIL" and r.where == mode)
    assert f"assert {MODES[mode][0]} == before" in told.snippet


MORE: dict[str, Callable[[], object]] = {
    "default device": lambda: torch.set_default_device("meta"),
    "autocast mode": lambda: torch.set_autocast_enabled("cpu", True),
    "deterministic mode": lambda: torch.use_deterministic_algorithms(True),
    "anomaly mode": lambda: torch.autograd.set_detect_anomaly(True),
}


@pytest.mark.parametrize("make", [of_a_function, of_a_backward])
@pytest.mark.parametrize("mode", MORE)
def test_rarer_modes_are_named_and_put_back(mode: str, make: Callable[[Any], Any]) -> None:
    before = MODES[mode][1]()
    report = verify(make(MORE[mode]), examples=4)
    assert mode in at_fault(report), said(report)
    assert MODES[mode][1]() == before


@pytest.mark.parametrize("make", MAKE)
def test_modes_that_are_put_back_are_nobody_s_fault(make: Callable[[Any], Any]) -> None:
    def switch() -> None:
        with globals_kept():
            torch.set_grad_enabled(False)
            torch.set_default_dtype(torch.float32)

    report = verify(make(switch), examples=4)
    assert not at_fault(report), said(report)


def test_the_next_subject_is_judged_in_the_modes_of_before() -> None:
    def loss(params: list[torch.Tensor]) -> torch.Tensor:
        return (params[0] ** 3).sum()

    def by_autograd(params: list[torch.Tensor]) -> list[torch.Tensor]:
        own = [params[0].clone().requires_grad_()]
        return list(torch.autograd.grad(loss(own), own))

    verify(of_a_function(SWITCHES["gradient mode"]), examples=4)
    assert torch.is_grad_enabled()
    assert_lawful(verify(subjects.gradient(loss, by_autograd, VECTORS | st.nothing()), examples=4))
