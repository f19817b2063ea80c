"""Objectives at scores so large that the values of their loss lose digits, and on flat parts of a loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mlp_core.testing import subjects, verify
from mlp_core.testing.engine import runner

Array = NDArray[np.float64]

EXAMPLES = 30


@pytest.fixture(autouse=True)
def few_shrinks(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test here looks at the size of a counterexample."""
    monkeypatch.setattr(runner, "SHRINKS", 5)


def logistic(y: Array, z: Array) -> tuple[Array, Array]:
    p = 1 / (1 + np.exp(-z))
    return p - y, p * (1 - p)


def logistic_loss(y: Array, z: Array) -> float:
    """log(1 + e^z) - y z: for y = 1 and a large z, the difference of two nearly equal numbers."""
    return float((np.logaddexp(0, z) - y * z).sum())


def cautious(y: Array, z: Array) -> tuple[Array, Array]:
    """The objective of max(0, |z - y| - 20)^2 / 2."""
    far = np.maximum(0, np.abs(z - y) - 20)
    return far * np.sign(z - y), 1.0 * (far > 0)


def cautious_loss(y: Array, z: Array) -> float:
    return float((np.maximum(0, np.abs(z - y) - 20) ** 2).sum() / 2)


def failed(f: Callable[..., Any], loss: Callable[..., float], seed: int) -> list[str]:
    subject = subjects.objective(f, loss, labels="binary", scores=(-40, 40), hessian="any")
    return [r.text() for r in verify(subject, examples=EXAMPLES, seed=seed).results if r.verdict == "FAIL"]


@pytest.mark.parametrize("seed", range(2))
def test_lost_digits_of_a_loss_are_not_the_gradients_fault(seed: int) -> None:
    subject = subjects.objective(logistic, logistic_loss, labels="binary", scores=(-40, 40), hessian="exact")
    failing = [r.text() for r in verify(subject, examples=EXAMPLES, seed=seed).results if r.verdict == "FAIL"]
    assert not failing


@pytest.mark.parametrize("wrong", [
    lambda g, y, z: -g, lambda g, y, z: g * 1.001, lambda g, y, z: np.where(z > 20, 0.9 * g + 1e-9, g),
    lambda g, y, z: np.where(z < -20, 2 * g, g),
])  # fmt: skip
@pytest.mark.parametrize("seed", [0])
def test_a_wrong_gradient_out_there_fails(wrong: Callable[..., Array], seed: int) -> None:
    def spoiled(y: Array, z: Array) -> tuple[Array, Array]:
        g, h = logistic(y, z)
        return wrong(g, y, z), h

    assert failed(spoiled, logistic_loss, seed)


@pytest.mark.parametrize("beside", [1.0, 1e-3, 1e-9])
def test_a_gradient_beside_zero_on_a_flat_part_fails(beside: float) -> None:
    def spoiled(y: Array, z: Array) -> tuple[Array, Array]:
        g, h = cautious(y, z)
        return np.where(h == 0, beside, g), h + 1.0

    def right(y: Array, z: Array) -> tuple[Array, Array]:
        g, h = cautious(y, z)
        return g, h + 1.0

    assert failed(spoiled, cautious_loss, 0)
    assert not failed(right, cautious_loss, 0)
