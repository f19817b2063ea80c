"""At a kink, and at equal entries, every usual convention passes, and a number that is no slope fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from mlp_core.testing import subjects, verify
from mlp_core.testing.report.report import Report
from mlp_core.testing.subjects import arrays

Array = Any


def whole(value: Any) -> Any:
    return np.round(1.5 * value) if isinstance(value, np.ndarray) else torch.round(1.5 * value)


EQUAL = arrays("(n,d)").map(lambda args: tuple(map(whole, args)))
"""many equal entries, many of them 0"""


def failing(report: Report) -> dict[str, str]:
    return {r.law: r.diagnosis or "" for r in report.results if r.verdict == "FAIL"}


def largest(x: Array) -> Array:
    return x == x.max(1, keepdims=True)


def to_the(index: Callable[[Array], Array]) -> Callable[[Array, Array], Array]:
    def backward(d: Array, x: Array) -> Array:
        g = np.zeros_like(x)
        g[np.arange(len(x)), index(x)] = d
        return g

    return backward


MAXIMA = {
    "the first": to_the(lambda x: x.argmax(1)),
    "the last": to_the(lambda x: x.shape[1] - 1 - x[:, ::-1].argmax(1)),
    "shared": lambda d, x: d[:, None] * largest(x) / largest(x).sum(1, keepdims=True),
}

TWO = {
    "a >= b": lambda d, a, b: (d * (a >= b), d * (a < b)),
    "half each": lambda d, a, b: (d * np.where(a == b, 0.5, a > b), d * np.where(a == b, 0.5, a < b)),
}


@pytest.mark.parametrize("name", MAXIMA)
def test_a_maximum_may_choose_any_of_the_largest(name: str) -> None:
    report = verify(subjects.pair(lambda x: (x.max(1), x), MAXIMA[name], EQUAL), examples=40)
    assert report.ok, str(report)


@pytest.mark.parametrize("name", TWO)
def test_a_maximum_of_two_may_choose_either(name: str) -> None:
    def backward(d: Array, cache: tuple[Array, Array]) -> tuple[Array, Array]:
        return TWO[name](d, *cache)

    report = verify(
        subjects.pair(lambda a, b: (np.maximum(a, b), (a, b)), backward, arrays("(n,d),(n,d)")), examples=40
    )
    assert report.ok, str(report)


def test_both_sides_of_a_maximum_are_accused() -> None:
    def backward(d: Array, cache: tuple[Array, Array]) -> tuple[Array, Array]:
        a, b = cache
        return d * (a >= b), d * (b >= a)

    pair = subjects.pair(lambda a, b: (np.maximum(a, b), (a, b)), backward, arrays("(n,d),(n,d)"))
    (words,) = failing(verify(pair, examples=40)).values()
    assert words.startswith("each of several equal largest entries gets the whole gradient")


SLOPES = {"0": 0.0, "1": 1.0, "1/2": 0.5}


@pytest.mark.parametrize("name", SLOPES)
def test_a_relu_may_have_any_slope_of_its_sides_at_zero(name: str) -> None:
    def slope(z: Array) -> Array:
        return np.where(z == 0, SLOPES[name], z > 0)

    assert verify(subjects.derivative(lambda z: np.maximum(z, 0), slope, EQUAL), examples=40).ok


@pytest.mark.parametrize("wrong", [2.0, -1.0])
def test_what_is_no_slope_of_either_side_is_accused(wrong: float) -> None:
    def slope(z: Array) -> Array:
        return np.where(z == 0, wrong, z > 0)

    broken = failing(verify(subjects.derivative(lambda z: np.maximum(z, 0), slope, EQUAL), examples=40))
    assert "is the derivative of its own forward" in broken


def test_what_is_wrong_at_kinks_alone_is_not_called_half_or_twice() -> None:
    def slope(z: Array) -> Array:
        return np.where(z == 0, 2.0, z > 0)

    broken = failing(verify(subjects.derivative(lambda z: np.maximum(z, 0), slope, EQUAL), examples=40))
    assert not any("as large" in words or "times" in words for words in broken.values())


def test_a_mistake_of_a_smooth_function_is_not_said_to_be_one_of_equal_entries() -> None:
    report = verify(subjects.pair(lambda x: (np.tanh(x), x), lambda d, x: d * (1 - np.tanh(x)), EQUAL), examples=40)
    assert "is right where entries are equal" in failing(report)
    assert "equal largest" not in failing(report)["is right where entries are equal"]


def windows(x: Array) -> Array:
    """The maximum of each square of four, one apart."""
    return np.maximum(np.maximum(x[:-1, :-1], x[:-1, 1:]), np.maximum(x[1:, :-1], x[1:, 1:])), x


def to_each_largest(dout: Array, x: Array) -> Array:
    dx = np.zeros_like(x)
    for i, j in np.ndindex(dout.shape):
        square = x[i : i + 2, j : j + 2]
        dx[i : i + 2, j : j + 2] += (square == square.max()) * dout[i, j]
    return dx


def test_a_maximum_over_overlapping_squares_is_accused_by_name() -> None:
    sizes = {"n": (4, 5), "m": (4, 5)}
    report = verify(subjects.pair(windows, to_each_largest, arrays("(n,m)", sizes=sizes)), examples=40)
    (words,) = failing(report).values()
    assert words.startswith("each of several equal largest entries gets the whole gradient")


def springs(x: Array) -> Array:
    """The energy of a chain of springs, which has no derivative if two neighbours coincide."""
    return 0.5 * ((np.sqrt(((x[1:] - x[:-1]) ** 2).sum(1)) - 1) ** 2).sum(), x


def pulls(dout: Array, x: Array) -> Array:
    between = x[1:] - x[:-1]
    r = np.sqrt((between**2).sum(1, keepdims=True))
    with np.errstate(all="ignore"):
        pull = (r - 1) / r * between
    dx = np.zeros_like(x)
    dx[1:] += pull
    dx[:-1] -= pull
    return dout * dx


def test_nan_where_there_is_no_derivative_is_told_and_not_accused() -> None:
    report = verify(subjects.pair(springs, pulls, arrays("(4,2)")), examples=40)
    assert report.ok, str(report)
    assert "no derivative, as at a vector of length 0" in " ".join(str(report).split())


def test_nan_at_equal_largest_entries_is_accused() -> None:
    def backward(d: Array, x: Array) -> Array:
        with np.errstate(all="ignore"):
            return d[:, None] * largest(x) / (largest(x).sum(1, keepdims=True) == 1)

    report = verify(subjects.pair(lambda x: (x.max(1), x), backward, arrays("(n,d)")), examples=40)
    assert "is right where entries are equal" in failing(report)
