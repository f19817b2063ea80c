"""Functions of complex numbers: autograd's convention holds, and a forgotten conjugate is broken and named."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
import torch
from hypothesis import strategies as st

from mlp_core.base.errors import ArgumentError
from mlp_core.testing import subjects, verify
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.subjects import arrays

PAIRS = arrays("(n,2),(n,2)", lib="torch").map(lambda two: tuple(map(torch.view_as_complex, two)))
ONE = arrays("(n,2)", lib="torch").map(lambda one: (torch.view_as_complex(one[0]),))


class Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, a: Any, b: Any) -> Any:
        ctx.save_for_backward(a, b)
        return a * b

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        a, b = ctx.saved_tensors
        return grad * b.conj(), grad * a.conj()


class NoConjugate(Product):
    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        a, b = ctx.saved_tensors
        return grad * b, grad * a


class Conjugated(Product):
    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        return tuple(g.conj() for g in Product.backward(ctx, grad))


class Energy(torch.autograd.Function):
    """|z|^2, a real number of complex ones."""

    @staticmethod
    def forward(ctx: Any, z: Any) -> Any:
        ctx.save_for_backward(z)
        return z.real**2 + z.imag**2

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (z,) = ctx.saved_tensors
        return 2 * grad * z


class HalfEnergy(Energy):
    """The derivative by z as complex analysis writes it, d|z|^2/dz = conj z."""

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (z,) = ctx.saved_tensors
        return grad * z.conj()


class Turned(torch.autograd.Function):
    """exp(i t): complex numbers of real ones."""

    @staticmethod
    def forward(ctx: Any, t: Any) -> Any:
        out = torch.polar(torch.ones_like(t), t)
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (out,) = ctx.saved_tensors
        return (grad * (1j * out).conj()).real


class Scaled(torch.autograd.Function):
    """2i z, in place."""

    @staticmethod
    def forward(ctx: Any, z: Any) -> Any:
        ctx.mark_dirty(z)
        return z.mul_(2j)

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        return grad * -2j


RIGHT: dict[str, tuple[Any, Any]] = {
    "a product": (Product, PAIRS), "a real output": (Energy, ONE),
    "a complex output of real numbers": (Turned, arrays("(n)", lib="torch")), "in place": (Scaled, ONE),
    "torch alone": (lambda z: torch.fft.ifft(torch.fft.fft(z) * 2) * z, ONE),
    "real in the end": (lambda x: (z := torch.fft.rfft(x)).real ** 2 + z.imag, arrays("(4)", lib="torch")),
}  # fmt: skip


@pytest.mark.parametrize(("f", "inputs"), RIGHT.values(), ids=RIGHT)
def test_right_ones_are_lawful(f: Any, inputs: Any) -> None:
    report = verify(subjects.function(f, inputs), examples=8)
    assert report.ok, [r.text() for r in report.results if r.verdict not in ("PASS", "SKIP")]


@pytest.mark.parametrize(
    ("f", "inputs", "words"),
    [(NoConjugate, PAIRS, "a conjugate is missing"), (Conjugated, PAIRS, "has the other sign"), (HalfEnergy, ONE, "")],
)
def test_a_forgotten_conjugate_is_broken_and_named(f: Any, inputs: Any, words: str) -> None:
    with patch.object(engine, "SHRINKS", 3):
        report = verify(subjects.function(f, inputs), examples=8)
    broken = [r for r in report.results if r.verdict == "FAIL"]
    assert broken
    assert any(words in (r.diagnosis or "") for r in broken), [r.text() for r in broken]
    with pytest.raises(AssertionError):
        exec(broken[0].snippet, {"__name__": "pasted"})  # noqa: S102  (what it is for)


def test_a_reference_is_taken_by_parts_too() -> None:
    report = verify(subjects.function(Product, PAIRS, reference=torch.mul), examples=8)
    assert report.ok
    assert {r.verdict for r in report.results if "reference" in r.law} == {"PASS"}


def test_arguments_that_are_complex_now_and_then_are_refused() -> None:
    sometimes = st.integers(0, 1).map(lambda k: (torch.ones(2, dtype=(torch.float64, torch.complex128)[k]),))
    form = subjects.function(torch.square, sometimes)
    with pytest.raises(ArgumentError, match="complex in every example or in none"):
        sample(form.inputs, 20)
