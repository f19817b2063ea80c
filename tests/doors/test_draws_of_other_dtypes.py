"""Functions that draw random numbers in the dtype of their argument. From one seed, torch draws other numbers in
float32 than in float64.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import strategies as st

from mlp_core.testing import subjects, verify
from mlp_core.testing.subjects import arrays
from mlp_core.testing.subjects.doors.drawn import DrawnInSingle

DRAWS = {
    "rand_like": lambda x: (torch.rand_like(x) < 0.5) * 2.0,
    "dropout": lambda x: torch.nn.functional.dropout(torch.ones_like(x), 0.3),
    "rand with a dtype": lambda x: torch.rand(x.shape, dtype=x.dtype),
    "uniform_": lambda x: torch.empty_like(x).uniform_(-1, 1),
}


def masked(draw: Any, error: float) -> Any:
    class Masked(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.mask = draw(x)
            return x * ctx.mask

        @staticmethod
        def backward(ctx: Any, grad: Any) -> Any:
            return grad * ctx.mask + error * grad

    return Masked


@pytest.mark.parametrize("name", DRAWS)
def test_a_right_function_is_lawful_and_a_wrong_one_is_broken(name: str) -> None:
    inputs = arrays("(n)", lib="torch")
    right = verify(subjects.function(masked(DRAWS[name], 0.0), inputs), examples=4)
    assert right.ok, [r.text() for r in right.results if r.verdict not in ("PASS", "SKIP")]
    assert not verify(subjects.function(masked(DRAWS[name], 0.1), inputs), examples=4).ok


class OnlyInSingle(torch.autograd.Function):
    """Its gradient is wrong in float32."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.mask = torch.rand_like(x)
        return x * ctx.mask

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        return grad * ctx.mask * (1.01 if grad.dtype == torch.float32 else 1)


def test_a_mistake_in_float32_is_still_found() -> None:
    report = verify(subjects.function(OnlyInSingle, arrays("(n)", lib="torch")), examples=4)
    assert [r.law for r in report.results if r.verdict == "FAIL"] == ["gives the same gradients in float32"]


def test_numbers_that_are_not_asked_for_in_float64_are_unchanged() -> None:
    def draws() -> list[Any]:
        torch.default_generator.manual_seed(3)
        of = torch.Generator().manual_seed(4)
        return [torch.rand(3), torch.randint(0, 9, (3,)), torch.randperm(5), torch.rand(3, generator=of)]

    with torch.random.fork_rng():
        plain = draws()
        with DrawnInSingle():
            found = draws()
    assert all(torch.equal(a, b) and a.dtype == b.dtype for a, b in zip(plain, found, strict=True))


def noise() -> Any:
    return torch.rand(3, generator=torch.Generator().manual_seed(3))


def loss(params: Any, x: Any) -> Any:
    return (params[0] * noise() * x).sum()


def test_a_loss_and_its_gradient_draw_the_same_numbers() -> None:
    def numbers(seed: int) -> Any:
        a, x = torch.randn(2, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        return [a], x

    inputs = st.integers(0, 2**31).map(numbers)
    assert verify(subjects.gradient(loss, lambda params, x: [noise() * x], inputs), examples=5).ok
    assert not verify(subjects.gradient(loss, lambda params, x: [noise()], inputs), examples=5).ok
