"""An elementwise function may bend at 3, at 6 or at 10. A derivative that is wrong beyond is found without inputs that
were made for it. Where a forward in numpy has lost its digits, a derivative that has not lost them does not fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from judging import said

from mlp_core.testing import subjects, verify

Array = np.ndarray[Any, Any]
Elementwise = Callable[[Array], Array]


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def hardswish(z: Array) -> Array:
    return z * np.clip(z + 3, 0, 6) / 6


CASES: dict[str, tuple[Elementwise, Elementwise, Elementwise]] = {  # f, its derivative, and one that is wrong far out
    "relu6": (lambda z: np.clip(z, 0, 6), lambda z: ((z > 0) & (z < 6)) * 1.0, lambda z: (z > 0) * 1.0),
    "hardswish": (
        hardswish, lambda z: np.where(z < -3, 0, np.where(z > 3, 1, (2 * z + 3) / 6)), lambda z: (2 * z + 3) / 6,
    ),
    "beyond 10": (
        lambda z: np.tanh(z / 8), lambda z: (1 - np.tanh(z / 8) ** 2) / 8,
        lambda z: np.where(np.abs(z) > 10, 0, (1 - np.tanh(z / 8) ** 2) / 8),
    ),
    "below -5": (np.arctan, lambda z: 1 / (1 + z * z), lambda z: np.where(z < -5, 0.01, 1 / (1 + z * z))),
}  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", CASES)
def test_a_derivative_that_is_wrong_far_out_is_broken(name: str, seed: int) -> None:
    f, right, wrong = CASES[name]
    report = verify(subjects.derivative(f, right), examples=20, seed=seed)
    assert report.ok, said(report)
    report = verify(subjects.derivative(f, wrong), examples=20, seed=seed)
    assert [r for r in report.results if r.verdict == "FAIL"], said(report)


def test_a_number_stays_a_number() -> None:
    import math

    tanh = subjects.derivative(lambda z: math.tanh(z), lambda z: 1 - math.tanh(z) ** 2)
    assert verify(tanh, examples=10).ok


@pytest.mark.parametrize("size", [10, 30, 60])
@pytest.mark.parametrize("seed", range(2))
def test_values_that_are_a_staircase_refute_no_slope_that_they_hide(size: int, seed: int) -> None:
    inputs = st.integers(0, 2**31).map(lambda s: (size * np.random.default_rng(s).normal(size=2),))
    softplus = subjects.derivative(lambda z: np.log(1 + np.exp(z)), sigmoid, inputs)
    report = verify(softplus, examples=40, seed=seed)
    assert not [r for r in report.results if r.verdict == "FAIL"], said(report)


@pytest.mark.parametrize("claimed", [1e-9, -1e-6, 0.5])
def test_a_flat_function_refutes_all_others(claimed: float) -> None:
    relu = subjects.derivative(lambda z: np.maximum(z, 0), lambda z: np.where(z > 0, 1, claimed))
    report = verify(relu, examples=20)
    assert [r for r in report.results if r.verdict == "FAIL"], said(report)
