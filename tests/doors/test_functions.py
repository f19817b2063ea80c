"""Everything torch.autograd.Function offers, right and wrong, and operators of torch.library."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from mlp_core.testing import subjects, verify
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.subjects import arrays

ONE, TWO = arrays("(n)", lib="torch"), arrays("(n),(n)", lib="torch")


class SetUp(Function):
    """setup_context apart from forward, and a rule for vmap made by torch."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return x**3

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return 3 * grad * ctx.saved_tensors[0] ** 2


class Refuses(Function):
    """No second derivative, and it says so."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.kept = x.exp()
        return ctx.kept.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return grad * ctx.kept


class InPlace(Function):
    """Changes its argument, and says so."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        x.mul_(2)
        ctx.mark_dirty(x)
        return x

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return 2 * grad


class Marks(Function):
    """A second output that has no derivative."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Any:
        sign = x.sign()
        ctx.mark_non_differentiable(sign)
        ctx.save_for_backward(sign)
        return x.abs(), sign

    @staticmethod
    def backward(ctx: Any, grad: Tensor, _: Tensor) -> Tensor:
        return grad * ctx.saved_tensors[0]


class NoMaterial(Function):
    """None from above for what is not used, and asked."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Any:
        ctx.set_materialize_grads(False)
        return x * 2, x * 3

    @staticmethod
    def backward(ctx: Any, one: Tensor | None, other: Tensor | None) -> Any:
        shares = [g * c for g, c in ((one, 2), (other, 3)) if g is not None]
        return sum(shares) if shares else None


class Hidden(Function):
    """Changes its argument, and does not say so."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        out = x * 2
        x.mul_(2)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return 2 * grad


class Flat(Function):
    """Reads what comes from above as a dense array."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return 2 * x

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return 2 * grad.as_strided(grad.shape, torch.empty(grad.shape).stride())


class Swapped(Function):
    """The order of the gradients."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        ctx.save_for_backward(a, b)
        return a * b

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        a, b = ctx.saved_tensors
        return grad * a, grad * b


class DoubleOnly(Function):
    """Works in float64 alone."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x @ torch.eye(len(x), dtype=torch.float64)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return grad


class Summed(Function):
    """A rule for vmap made by torch, and an argument that all may share."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, w: Tensor) -> Tensor:
        return x * w.sum()

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        x, w = ctx.saved_tensors
        return grad * w.sum(), (grad * x).sum() * torch.ones_like(w)


class Fills(Function):
    """Writes into a tensor that is laid out as what comes from above: not possible where its strides are 0."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return 2 * x

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return torch.empty_strided(grad.shape, grad.stride(), dtype=grad.dtype).copy_(2 * grad)


RIGHT = [(Summed, TWO), (SetUp, ONE), (Refuses, ONE), (InPlace, ONE), (Marks, ONE), (NoMaterial, ONE)]
WRONG = [(Hidden, ONE), (Fills, ONE), (Flat, arrays("(n,d)", lib="torch")), (Swapped, TWO), (DoubleOnly, ONE)]


@pytest.mark.parametrize(("function", "inputs"), RIGHT, ids=lambda one: getattr(one, "__name__", ""))
def test_what_is_right_is_lawful(function: Any, inputs: Any) -> None:
    report = verify(subjects.function(function, inputs), examples=8)
    assert report.ok, [r.text() for r in report.results if r.verdict not in ("PASS", "SKIP")]


@pytest.mark.parametrize(("function", "inputs"), WRONG, ids=lambda one: getattr(one, "__name__", ""))
def test_what_is_wrong_is_broken(function: Any, inputs: Any) -> None:
    with patch.object(engine, "SHRINKS", 2):
        assert not verify(subjects.function(function, inputs), examples=8).ok


@pytest.mark.parametrize("factor", [2.0, 2.5])
def test_an_operator_of_torch_library(factor: float) -> None:
    name = f"mlp_core_tests::double_{int(factor * 10)}"
    operator = torch.library.custom_op(name, lambda x: x * 2, mutates_args=(), schema="(Tensor x) -> Tensor")
    operator.register_autograd(lambda ctx, grad: grad * factor)
    with patch.object(engine, "SHRINKS", 2):
        assert verify(subjects.function(operator, ONE), examples=8).ok == (factor == 2)


def test_a_reference_decides() -> None:
    by = subjects.function(SetUp, ONE, lambda x: x**3), subjects.function(SetUp, ONE, lambda x: x**3 + 1e-6 * x)
    with patch.object(engine, "SHRINKS", 2):
        assert [verify(one, examples=8).ok for one in by] == [True, False]
