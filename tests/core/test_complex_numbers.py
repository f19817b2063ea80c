"""Complex numbers: their relative error is that of complex vectors; differences of a real function are not theirs."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from refusals import refusal
from torch import Tensor

from mlp_core.equality import same_bits
from mlp_core.gradcheck import central_difference, relative_error
from mlp_core.testing.bounds import quotients

NAN, INF = math.nan, math.inf


def is_near(q: float, exact: float) -> bool:
    """Whether a relative error is the exact one, except for the rounding of the norms."""
    return q == exact or abs(q - exact) <= quotients.relative_error(0.0, 1.0)


@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])
@pytest.mark.parametrize(("approx", "exact", "q"), [
    ([3 + 4j], [3 + 4j], 0.0), ([1j], [-1j], 1.0), ([1 + 1j], [1 - 1j], math.sqrt(0.5)), ([0j], [5j], 1.0),
    ([0j, 0j], [0j, 0j], 0.0), ([1j], [3j], 0.5), ([complex(0, NAN)], [0j], INF), ([1j], [complex(NAN, 1)], INF),
    ([complex(0, INF)], [complex(0, INF)], 0.0), ([complex(0, INF)], [1j], INF), ([], [], 0.0),
])  # fmt: skip
def test_the_relative_error_counts_imaginary_parts(
    approx: list[complex], exact: list[complex], q: float, dtype: torch.dtype
) -> None:
    error = relative_error(torch.tensor(approx, dtype=dtype), torch.tensor(exact, dtype=dtype))
    assert is_near(error, q)


@pytest.mark.parametrize("scale", [1e-300, 1e-30, 1e30, 1e300])
def test_no_norm_of_complex_numbers_overflows(scale: float) -> None:
    a, b = (torch.tensor([v], dtype=torch.complex128) * scale for v in (1 + 1j, 1 - 1j))
    assert is_near(relative_error(a, b), math.sqrt(0.5))


def test_a_real_and_a_complex_vector_are_compared_as_complex_ones() -> None:
    real, turned = torch.tensor([3.0]), torch.tensor([3 + 4j])
    assert relative_error(real, turned) == relative_error(turned, real)
    assert is_near(relative_error(real, turned), 4 / 8)


@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])
@pytest.mark.parametrize("batched", [False, True])
def test_a_complex_point_has_no_central_difference(dtype: torch.dtype, batched: bool) -> None:
    theta = torch.tensor([1 + 1j], dtype=dtype)
    message = refusal(central_difference, lambda t: (t.abs() ** 2).sum(-1), theta, batched=batched)
    assert message == f"theta: got dtype {dtype}, expected real numbers, with imaginary parts apart"


def squares(t: Tensor) -> Tensor:
    return (t**2).sum(-1)


@pytest.mark.parametrize(("f", "batched"), [
    (lambda t: squares(t) + 0j, False), (lambda t: squares(t) * 1j, False),
    (lambda t: complex(squares(t).item()), False), (lambda t: complex(0, squares(t).item()), False),
    (lambda t: squares(t) + 0j, True), (lambda t: squares(t) * 1j, True),
], ids=["real", "imaginary", "a number", "an imaginary number", "several, real", "several"])  # fmt: skip
def test_a_complex_function_has_none(f: Any, batched: bool) -> None:
    message = refusal(central_difference, f, torch.ones(3), batched=batched)
    assert message == "f: got a complex value, expected a function with real values"


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int64])
def test_real_numbers_have_them_as_before(dtype: torch.dtype) -> None:
    theta = torch.tensor([1, -2], dtype=dtype)
    assert torch.equal(central_difference(squares, theta), torch.tensor([2.0, -4.0], dtype=torch.float64))


def test_equality_to_the_bit_is_of_both_parts() -> None:
    a, b = torch.tensor([complex(NAN, 1), 1 + 2j]), torch.tensor([complex(NAN, 1), 1 + 3j])
    assert same_bits(a, a.clone())
    assert not same_bits(a, b)
