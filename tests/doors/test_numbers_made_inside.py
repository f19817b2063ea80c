"""Torch makes numbers of its default dtype inside a hand-written gradient: they have the dtype of the arguments."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.testing import subjects, verify
from mlp_core.testing.subjects import arrays

FEW = 12


class Smoothed(torch.autograd.Function):
    """Cross-entropy with label smoothing: 0.9 times a one-hot tensor of whole numbers has the default dtype."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, y: Tensor) -> Tensor:
        ctx.save_for_backward(logits, y)
        log_p = logits.log_softmax(1)
        return (-0.9 * log_p[torch.arange(len(y)), y] - 0.1 * log_p.mean(1)).sum()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        logits, y = ctx.saved_tensors
        hot = torch.nn.functional.one_hot(y, logits.shape[1])
        return grad * (logits.softmax(1) - 0.9 * hot - 0.1 / logits.shape[1]), None


class Single(Smoothed):
    """The same, computed in float32 whatever the dtype: wrong in float64."""

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        logits, y = ctx.saved_tensors
        hot = torch.nn.functional.one_hot(y, logits.shape[1]).float()
        return (grad * (logits.float().softmax(1) - 0.9 * hot - 0.1 / logits.shape[1])).to(logits.dtype), None


def looked_up_forward(table: Tensor, i: Tensor) -> tuple[Tensor, Any]:
    return table[i], (table.shape, i)


def looked_up_backward(dout: Tensor, cache: Any) -> Tensor:
    shape, i = cache
    table = torch.zeros(shape)  # of the default dtype
    for row, g in zip(i, dout, strict=True):
        table[row] += g
    return table


def test_a_function_is_lawful() -> None:
    report = verify(subjects.function(Smoothed, arrays("(n,c),(n)<c", lib="torch")), examples=FEW)
    assert report.ok, [r.text() for r in report.results if r.verdict != "PASS"]


def test_one_that_computes_in_float32_is_broken() -> None:
    report = verify(subjects.function(Single, arrays("(n,c),(n)<c", lib="torch")), examples=FEW)
    assert any(r.verdict == "FAIL" for r in report.results)


def test_a_pair_is_lawful() -> None:
    inputs = arrays("(4,d),(n)<4", lib="torch")
    report = verify(subjects.pair(looked_up_forward, looked_up_backward, inputs), examples=FEW)
    assert report.ok, [r.text() for r in report.results if r.verdict != "PASS"]


@pytest.mark.parametrize("factor", [1.0, 1 + 1e-6])
def test_a_gradient_of_a_loss(factor: float) -> None:
    def drawn(seed: int) -> Any:
        numbers = torch.randn(2, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        return [numbers[0]], numbers[1]

    def loss(params: list[Tensor], x: Tensor) -> Tensor:
        return ((params[0] * x) ** 2 * 0.1).sum()

    def gradient(params: list[Tensor], x: Tensor) -> list[Tensor]:
        found = torch.zeros(len(x))
        for k in range(len(x)):
            found[k] = factor * 0.2 * params[0][k] * x[k] ** 2
        return [found]

    report = verify(subjects.gradient(loss, gradient, st.integers(0, 2**31).map(drawn)), examples=FEW)
    assert report.ok is (factor == 1.0), [r.text() for r in report.results if r.verdict != "PASS"]


def doubled(x: Tensor) -> Tensor:
    torch.set_default_dtype(torch.float64)
    return x * 2


def kept(x: Tensor) -> tuple[Tensor, None]:
    return x * 2, None


def doubled_too(dout: Tensor, cache: None) -> Tensor:
    torch.set_default_dtype(torch.float64)
    return dout * 2


@pytest.mark.parametrize("door", ["function", "pair"])
def test_one_that_leaves_another_default_dtype_is_broken(door: str) -> None:
    inputs = arrays("(n)", lib="torch")
    made = subjects.function(doubled, inputs) if door == "function" else subjects.pair(kept, doubled_too, inputs)
    failed = [r for r in verify(made, examples=FEW).results if r.verdict == "FAIL"]
    assert [r.law for r in failed] == ["leaves arguments and cache alone"]
    assert failed[0].where == "default dtype"
    assert torch.get_default_dtype() == torch.float32
