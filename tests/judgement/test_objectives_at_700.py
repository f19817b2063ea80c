"""Objectives with raw scores up to 700, where exp(score) is 1e304: the right one is lawful. A mistake of a
thousandth is found, and so is one far out only."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from judging import assert_broken, assert_not_accused
from numpy.typing import NDArray

from mlp_core.testing import Report, subjects, verify

Array = NDArray[np.float64]
Pair = tuple[Array, Array]
Change = Callable[[Array, Array], Array]

POWER = 1.5


def poisson(y: Array, z: Array) -> Pair:
    return np.exp(z) - y, np.exp(z)


def poisson_loss(y: Array, z: Array) -> float:
    return float((np.exp(z) - y * z).sum())


def gamma(y: Array, z: Array) -> Pair:
    return 1 - y * np.exp(-z), y * np.exp(-z)


def gamma_loss(y: Array, z: Array) -> float:
    return float((z + y * np.exp(-z)).sum())


def tweedie(y: Array, z: Array) -> Pair:
    a, b = y * np.exp((1 - POWER) * z), np.exp((2 - POWER) * z)
    return b - a, (2 - POWER) * b - (1 - POWER) * a


def tweedie_loss(y: Array, z: Array) -> float:
    return float((-y * np.exp((1 - POWER) * z) / (1 - POWER) + np.exp((2 - POWER) * z) / (2 - POWER)).sum())


OBJECTIVES = [(poisson, poisson_loss, "counts"), (gamma, gamma_loss, "positive"), (tweedie, tweedie_loss, "positive")]


def judged(of: tuple[Callable[[Array, Array], Pair], Callable[[Array, Array], float], str], change: Change) -> Report:
    f, loss, labels = of

    def objective(y: Array, z: Array) -> Pair:
        gradient, hessian = f(y, z)
        return change(gradient, z), hessian

    return verify(subjects.objective(objective, loss, labels=labels, scores=(-700, 700)), examples=20)


@pytest.mark.parametrize("of", OBJECTIVES)
def test_the_right_one_is_not_accused(of: tuple[Callable[..., Pair], Callable[..., float], str]) -> None:
    assert_not_accused(judged(of, lambda g, z: g))


@pytest.mark.parametrize("of", OBJECTIVES)
@pytest.mark.parametrize("change", [
    lambda g, z: 1.001 * g, lambda g, z: np.where(z > 20, 0.9 * g, g), lambda g, z: np.where(z < -20, 2 * g, g),
], ids=["a thousandth", "above 20", "below -20"])  # fmt: skip
def test_a_mistake_is_found(of: tuple[Callable[..., Pair], Callable[..., float], str], change: Change) -> None:
    assert_broken(judged(of, change), "the gradient is the derivative")
