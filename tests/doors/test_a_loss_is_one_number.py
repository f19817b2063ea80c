"""A loss must return one number: a gradient of several numbers is no gradient of a loss."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import strategies as st

from mlp_core.testing import subjects, verify


def vector_of_tensors(params: Any, x: Any) -> Any:
    return (x @ params[0]) ** 2


def vector_of_arrays(w: Any, x: Any) -> Any:
    return (x @ w) ** 2


TENSORS = st.integers(0, 99).map(lambda k: ([torch.arange(3.0, dtype=torch.float64) + k], torch.eye(3).double()))
VECTORS = [
    (vector_of_tensors, lambda params, x: [2 * x.T @ (x @ params[0])], TENSORS),
    (vector_of_arrays, lambda w, x: 2 * x.T @ (x @ w), subjects.arrays("(3),(4,3)")),
]


@pytest.mark.parametrize(("loss", "gradient", "inputs"), VECTORS)
def test_a_loss_that_returns_several_numbers_is_told_so(loss: Any, gradient: Any, inputs: Any) -> None:
    failed = [r for r in verify(subjects.gradient(loss, gradient, inputs), examples=4).results if r.verdict == "FAIL"]
    assert failed
    for result in failed:
        assert "where      what loss returns" in result.text()
        assert "expected   one number" in result.text()
