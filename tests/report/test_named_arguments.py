"""A failure of a foreign function names its arguments, and the upstream gradients with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from mlp_core.testing import subjects, verify
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.engine.result import Result
from mlp_core.testing.report.brief import brief


def forward(x: Any, w: Any, b: Any, scale: float = 2.0) -> Any:
    return scale * (x @ w + b), (x, w)


def backward(dout: Any, cache: Any) -> Any:
    x, w = cache
    return 2 * dout @ w.T, 2 * x.T @ dout, dout.mean(0)


def failure(subject: Any) -> Result:
    return next(r for r in verify(subject, examples=3).results if r.verdict == "FAIL")


def test_shapes_and_numbers_of_a_failure_have_the_names_of_the_arguments() -> None:
    one = failure(subjects.pair(forward, backward, subjects.arrays("(2,1),(1,1),(1)")))
    assert one.counterexample == "arguments x (2, 1), w (1, 1), b (1,)"
    words = one.numbers
    assert [words.startswith("x [["), ", w [[" in words, ", b [" in words, ", dout [[" in words] == [True] * 4
    assert "numbers    x [[" in brief([one], "", "", 100).plain


def test_every_upstream_gradient_is_named_and_one_without_a_name_by_its_output() -> None:
    def two(x: Any) -> Any:
        return x, 2 * x, None

    def pulled(dy: Any, dz: Any, cache: Any) -> Any:
        return dy + dz

    numbers = failure(subjects.pair(two, pulled, subjects.arrays("(1)"))).numbers
    assert [" dy [" in numbers, " dz [" in numbers] == [True, True]

    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return 2 * x

        @staticmethod
        def backward(ctx: Any, *grads: Any) -> Any:
            return grads[0]

    numbers = failure(subjects.function(Twice, subjects.arrays("(1)", lib="torch"))).numbers
    assert ", upstream gradient [" in numbers


def test_parameters_in_a_dict_are_rounded_like_arrays() -> None:
    inputs = subjects.arrays("(1),(2)").map(lambda a: ({"w": a[0]}, a[1]))
    subject = subjects.gradient(lambda p, x: (p["w"] * x).sum(), lambda p, x: {"w": np.array([x.max()])}, inputs)
    numbers = failure(subject).numbers
    assert numbers.startswith("p {'w': [")
    assert "array" not in numbers


@pytest.mark.parametrize("bound", [0.0, 1e-9])
def test_no_precision_is_told_beside_nan(bound: float) -> None:
    nan, half = torch.tensor([float("nan")]), torch.tensor([0.5])
    for got, expected, said in ((nan, half, "0.5"), (half, nan, "nan")):
        with pytest.raises(Broken) as error:
            compare(["x"], [got], [expected], [bound])
        assert error.value.expected == said
