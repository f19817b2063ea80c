"""A missing transposition is named, for data in rows and in columns; a right gradient and another mistake are not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mlp_core.testing import subjects
from mlp_core.testing.diagnosis.doors import diagnose
from mlp_core.testing.subjects import arrays


def rows(x: Any, h: Any, Wx: Any, Wh: Any) -> Any:
    out = np.tanh(x @ Wx + h @ Wh)
    return out, (x, h, Wx, Wh, out)


def columns(x: Any, h: Any, Wx: Any, Wh: Any) -> Any:
    out = np.tanh(Wx @ x + Wh @ h)
    return out, (x, h, Wx, Wh, out)


def of_rows(back: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def backward(dout: Any, cache: Any) -> Any:
        x, h, Wx, Wh, out = cache
        d = (1 - out**2) * dout
        return d @ Wx.T, back(d, Wh), x.T @ d, h.T @ d

    return backward


def of_columns(back: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def backward(dout: Any, cache: Any) -> Any:
        x, h, Wx, Wh, out = cache
        d = (1 - out**2) * dout
        return Wx.T @ d, back(d, Wh), d @ x.T, d @ h.T

    return backward


ROWS, COLUMNS = arrays("(n,3),(n,4),(3,4),(4,4)"), arrays("(3,n),(4,n),(4,3),(4,4)")

CASES: dict[str, tuple[Any, Any, Any]] = {
    "rows": (rows, of_rows(lambda d, W: d @ W), ROWS),
    "columns": (columns, of_columns(lambda d, W: W @ d), COLUMNS),
}


@pytest.mark.parametrize("case", CASES)
def test_a_missing_transposition_is_named(case: str) -> None:
    assert diagnose(subjects.pair(*CASES[case]), []) == (
        "the gradient of h is multiplied by Wh where Wh.T belongs, or the other way round"
    )


@pytest.mark.parametrize(("forward", "backward", "inputs"), [
    (rows, of_rows(lambda d, W: d @ W.T), ROWS), (rows, of_rows(lambda d, W: np.tanh(d @ W.T)), ROWS),
    (columns, of_columns(lambda d, W: W.T @ d + 1), COLUMNS),
])  # fmt: skip
def test_other_gradients_are_not(forward: Any, backward: Any, inputs: Any) -> None:
    assert "belongs" not in (diagnose(subjects.pair(forward, backward, inputs), []) or "")


def shifted(x: Any, W: Any, b: Any) -> Any:
    return x @ W + b, (x, W)


def of_shifted(dout: Any, cache: Any) -> Any:
    x, W = cache
    return dout @ W.T, x.T @ dout, np.array(7 * dout.mean())  # wrong: dout.sum()


def test_a_parameter_that_is_a_single_number_is_no_column_to_solve_for() -> None:
    """The matrix is square, and the wrong gradient that of a number: the mistake is not named, and nothing raises."""
    assert diagnose(subjects.pair(shifted, of_shifted, arrays("(n,3),(3,3),()")), []) is None
