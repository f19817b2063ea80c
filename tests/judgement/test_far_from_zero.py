"""An elementwise function may bend at 3, at 6 or at 10. A derivative that is wrong beyond is found without inputs that
were made for it. Where a forward in numpy has lost its digits, a derivative that has not lost them does not fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from judging import said
from torch.autograd.function import once_differentiable

from mlp_core.testing import subjects, verify

Array = np.ndarray[Any, Any]
Elementwise = Callable[[Array], Array]


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def hardswish(z: Array) -> Array:
    return z * np.clip(z + 3, 0, 6) / 6


CASES: dict[str, tuple[Elementwise, Elementwise, Elementwise]] = {  # f, its derivative, and one that is wrong far out
    "relu6": (lambda z: np.clip(z, 0, 6), lambda z: ((z > 0) & (z < 6)) * 1.0, lambda z: (z > 0) * 1.0),
    "hardswish": (
        hardswish, lambda z: np.where(z < -3, 0, np.where(z > 3, 1, (2 * z + 3) / 6)), lambda z: (2 * z + 3) / 6,
    ),
    "beyond 10": (
        lambda z: np.tanh(z / 8), lambda z: (1 - np.tanh(z / 8) ** 2) / 8,
        lambda z: np.where(np.abs(z) > 10, 0, (1 - np.tanh(z / 8) ** 2) / 8),
    ),
    "below -5": (np.arctan, lambda z: 1 / (1 + z * z), lambda z: np.where(z < -5, 0.01, 1 / (1 + z * z))),
}  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", CASES)
def test_a_derivative_that_is_wrong_far_out_is_broken(name: str, seed: int) -> None:
    f, right, wrong = CASES[name]
    report = verify(subjects.derivative(f, right), examples=20, seed=seed)
    assert report.ok, said(report)
    report = verify(subjects.derivative(f, wrong), examples=20, seed=seed)
    assert [r for r in report.results if r.verdict == "FAIL"], said(report)


def test_a_number_stays_a_number() -> None:
    import math

    tanh = subjects.derivative(lambda z: math.tanh(z), lambda z: 1 - math.tanh(z) ** 2)
    assert verify(tanh, examples=10).ok


FAR = {name: CASES[name] for name in ("relu6", "hardswish", "beyond 10")}


def as_a_pair(f: Elementwise, df: Elementwise) -> Any:
    return subjects.pair(lambda x: (f(x), x), lambda dout, x: dout * df(x), subjects.arrays("(n,d)"))


def as_a_layer(f: Elementwise, df: Elementwise) -> Any:
    class Layer:
        def forward(self, x: Array) -> Array:
            self.x = x
            return f(x)

        def backward(self, dout: Array) -> Array:
            return dout * df(self.x)

    return subjects.layer(Layer, subjects.arrays("(n,d)"))


def as_a_function(f: Elementwise, df: Elementwise) -> Any:
    class Function(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
            ctx.save_for_backward(x)
            return torch.from_numpy(np.asarray(f(x.numpy())))

        @staticmethod
        @once_differentiable
        def backward(ctx: Any, grad: torch.Tensor) -> torch.Tensor:
            (x,) = ctx.saved_tensors
            return grad * torch.from_numpy(np.asarray(df(x.numpy()), dtype=np.float64))

    return subjects.function(Function, subjects.arrays("(n)", lib="torch"))


def as_a_jacobian(f: Elementwise, df: Elementwise) -> Any:
    return subjects.jacobian(f, lambda x: np.diag(df(x)), subjects.arrays("(5)"))


@pytest.mark.parametrize("form", [as_a_pair, as_a_layer, as_a_function, as_a_jacobian])
@pytest.mark.parametrize("name", FAR)
def test_every_form_is_tried_far_out(name: str, form: Callable[..., Any]) -> None:
    f, right, wrong = FAR[name]
    report = verify(form(f, right), examples=20)
    assert report.ok, said(report)
    report = verify(form(f, wrong), examples=20)
    assert [r for r in report.results if r.verdict == "FAIL"], said(report)


@pytest.mark.parametrize("seed", range(3))
def test_a_twin_that_differs_far_out_is_broken(seed: int) -> None:
    def clipped(x: Array) -> Array:
        return np.clip(x, -10, 10)

    inputs = subjects.arrays("(n)")
    right = subjects.twin(lambda x: np.minimum(np.maximum(x, -10), 10), clipped, inputs)
    report = verify(right, examples=20, seed=seed)
    assert report.ok, said(report)
    report = verify(subjects.twin(lambda x: x, clipped, inputs), examples=20, seed=seed)
    assert [r for r in report.results if r.verdict == "FAIL"], said(report)


@pytest.mark.parametrize("top", [5, 700])
def test_what_has_no_number_far_out_is_judged_nearer(top: int) -> None:
    def forward(x: Array) -> tuple[Array, Array]:
        if np.abs(x).max() > 5:
            raise OverflowError
        return np.exp(x * top / 5), x

    def backward(dout: Array, x: Array) -> Array:
        return dout * top / 5 * np.exp(x * top / 5)

    report = verify(subjects.pair(forward, backward, subjects.arrays("(n)")), examples=20)
    assert report.ok, said(report)


def test_a_loss_that_is_clipped_far_out_is_right_where_it_is_meant() -> None:
    def softmax_loss(z: Array, y: Array) -> tuple[float, Array]:
        e = np.exp(z - z.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        rows = np.arange(len(y))
        loss = -np.log(np.maximum(p[rows, y], 1e-3)).mean()
        p[rows, y] -= 1
        return loss, p / len(y)

    report = verify(subjects.value_and_gradient(softmax_loss, subjects.arrays("(n,c),(n)<c")), examples=40)
    assert report.ok, said(report)


def test_inputs_of_one_s_own_are_not_moved() -> None:
    inputs = subjects.arrays("(n)").map(lambda one: (np.tanh(one[0]),))

    def forward(p: Array) -> tuple[Array, Array]:
        assert np.abs(p).max() < 1.9
        return np.arcsin(p / 2), p

    report = verify(subjects.pair(forward, lambda dout, p: dout / np.sqrt(4 - p * p), inputs), examples=20)
    assert report.ok, said(report)


@pytest.mark.parametrize("size", [10, 30, 60])
@pytest.mark.parametrize("seed", range(2))
def test_values_that_are_a_staircase_refute_no_slope_that_they_hide(size: int, seed: int) -> None:
    inputs = st.integers(0, 2**31).map(lambda s: (size * np.random.default_rng(s).normal(size=2),))
    softplus = subjects.derivative(lambda z: np.log(1 + np.exp(z)), sigmoid, inputs)
    report = verify(softplus, examples=40, seed=seed)
    assert not [r for r in report.results if r.verdict == "FAIL"], said(report)


@pytest.mark.parametrize("claimed", [1e-9, -1e-6, 0.5])
def test_a_flat_function_refutes_all_others(claimed: float) -> None:
    relu = subjects.derivative(lambda z: np.maximum(z, 0), lambda z: np.where(z > 0, 1, claimed))
    report = verify(relu, examples=20)
    assert [r for r in report.results if r.verdict == "FAIL"], said(report)
