"""A forward in numpy that loses its digits before its last product, as 1 + tanh(x) does far to the left: its gradient
is not refuted there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from mlp_core.testing import subjects, verify

C, CUBIC = np.sqrt(2 / np.pi), 0.044715


def gelu(x: Any) -> Any:
    return 0.5 * x * (1 + np.tanh(C * (x + CUBIC * x**3)))


def slope_of(x: Any, cubic: float) -> Any:
    t = np.tanh(C * (x + CUBIC * x**3))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t**2) * C * (1 + cubic * x**2)


def rows(low: float, high: float) -> Any:
    """Arrays of shape (3, 2) with entries in an interval."""
    cells = st.lists(st.floats(low, high), min_size=6, max_size=6)
    return cells.map(lambda numbers: (np.array(numbers).reshape(3, 2),))


@pytest.mark.parametrize("factor", [1, 1 + 1e-5])
def test_a_layer_at_its_left_end(factor: float) -> None:
    def forward(x: Any) -> Any:
        return gelu(x), x

    def backward(dout: Any, x: Any) -> Any:
        return factor * dout * slope_of(x, 3 * CUBIC)

    far = st.one_of(rows(-7.5, -6.5), rows(-3, 3), rows(-3, 3), rows(-3, 3))
    report = verify(subjects.pair(forward, backward, far), examples=60)
    failed = [r.text() for r in report.results if r.verdict == "FAIL"]
    assert bool(failed) is (factor != 1), failed


@pytest.mark.parametrize("cubic", [3 * CUBIC, CUBIC])
def test_an_activation(cubic: float) -> None:
    report = verify(subjects.derivative(gelu, lambda x: slope_of(x, cubic)), examples=60)
    assert report.ok is (cubic == 3 * CUBIC), [r.text() for r in report.results if r.verdict != "PASS"]
