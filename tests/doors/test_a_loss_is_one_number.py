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


def square(params: Any) -> Any:
    return (params["w"] ** 2).sum()


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
@pytest.mark.parametrize("door", ["gradient", "value_and_gradient"])
def test_a_tensor_with_one_entry_is_one_number(door: str, shape: tuple[int, ...]) -> None:
    drawn = st.integers(-9, 9).map(lambda k: ({"w": torch.arange(3.0, dtype=torch.float64) + k / 4},))

    def loss(params: Any) -> Any:
        return square(params).reshape(shape)

    def both(params: Any) -> Any:
        return loss(params), {"w": 2 * params["w"]}

    if door == "gradient":
        subject = subjects.gradient(loss, lambda params: {"w": 2 * params["w"]}, drawn)
    else:
        subject = subjects.value_and_gradient(both, drawn)
    assert verify(subject, examples=4).ok
