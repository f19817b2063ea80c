"""Ten right and wrong ones and more of each door, as people write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import strategies as st

from mlp_core.base.errors import ArgumentError
from mlp_core.testing import subjects, verify
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.subjects import arrays

ROWS, TWO = arrays("(n,d)"), arrays("(n,d),(d)")


def verdict(subject: Any, examples: int = 12) -> bool:
    with patch.object(engine, "SHRINKS", 3):
        return verify(subject, examples=examples).ok


def f(out: Callable[..., Any], *kept: int) -> Callable[..., Any]:
    return lambda *args: (out(*args), args)


PAIRS: list[tuple[str, bool, Any, Any, Any]] = [
    ("keeps nothing", True, lambda x: np.maximum(x, 0), lambda dout, x: dout * (x > 0), ROWS),
    ("takes its output again", True, lambda x: np.tanh(x), lambda dout, out: dout * (1 - out**2), ROWS),
    ("cache first", True, lambda x: (x**3, x), lambda cache, dout: 3 * dout * cache**2, ROWS),
    ("a dict of gradients", True, lambda x, w: (x * w, (x, w)),
     lambda dout, cache: {"dw": (dout * cache[0]).sum(0), "dx": dout * cache[1]}, TWO),
    ("two outputs", True, lambda x: (x * 2, x**2, x), lambda da, db, x: da * 2 + db * 2 * x, ROWS),
    ("a scalar output", True, lambda x: ((x**2).sum(), x), lambda dout, x: 2 * dout * x, ROWS),
    ("torch tensors", True, lambda x: (x**2, x), lambda grad, x: 2 * grad * x, arrays("(n,d)", lib="torch")),
    ("a list from backward", True, lambda x, w: (x * w, (x, w)),
     lambda dout, c: [dout * c[1], (dout * c[0]).sum(0)], TWO),
    ("None for labels", True, lambda z, y: (z[np.arange(len(y)), y], (z.shape, y)),
     lambda dout, c: (np.eye(c[0][1])[c[1]] * dout[:, None], None), arrays("(n,c),(n)<c")),
    ("random numbers", True, lambda x: (x * (m := np.random.rand(*x.shape) < 0.5), m), lambda d, m: d * m, ROWS),  # noqa: NPY002
    ("the second output left out", False, lambda x: (x * 2, x**2, x), lambda da, db, x: da * 2, ROWS),
    ("a gradient too few", False, lambda x, w: (x * w, (x, w)), lambda dout, c: dout * c[1], TWO),
    ("the bias not summed", False, lambda x, b: (x + b, None), lambda dout, cache: (dout, dout), TWO),
    ("a transpose", False, lambda x, w: (x @ w, (x, w)), lambda d, c: (d @ c[1], c[0].T @ d), arrays("(n,d),(d,d)")),
    ("raises", False, lambda x: (x, x), lambda dout, x: dout[99], ROWS),
    ("all zero", False, lambda x: (x * 2, x), lambda dout, x: 0 * dout, ROWS),
]  # fmt: skip


@pytest.mark.parametrize(("right", "forward", "backward", "inputs"), [pytest.param(*p[1:], id=p[0]) for p in PAIRS])
def test_pairs(right: bool, forward: Any, backward: Any, inputs: Any) -> None:
    assert verdict(subjects.pair(forward, backward, inputs)) == right


DERIVATIVES: list[tuple[str, bool, Any, Any]] = [
    ("relu", True, lambda z: np.maximum(z, 0), lambda z: np.where(z > 0, 1.0, 0.0)),
    ("relu, 1 at 0", True, lambda z: np.maximum(z, 0), lambda z: np.where(z >= 0, 1.0, 0.0)),
    ("sigmoid by its output", True, lambda z: 1 / (1 + np.exp(-z)), lambda a: a * (1 - a)),
    ("log of positive numbers", True, np.log, lambda z: 1 / z),
    ("torch alone", True, lambda z: torch.sigmoid(z), lambda z: torch.sigmoid(z) * (1 - torch.sigmoid(z))),
    ("both", True, lambda z: z * np.tanh(z), lambda z, a: np.tanh(z) + z * (1 - np.tanh(z) ** 2) + 0 * a),
    ("sigmoid, twice", False, lambda z: 1 / (1 + np.exp(-z)), lambda z: z * (1 + z)),
    ("softmax's diagonal", False, lambda z: np.exp(z) / np.exp(z).sum(), lambda z: np.exp(z) * 0 + 0.25),
    ("leaky, its slope", False, lambda z: np.where(z > 0, z, 0.1 * z), lambda z: np.where(z > 0, 1.0, 0.01)),
    ("a shape", False, lambda z: z**2, lambda z: 2 * z.sum()),
]


@pytest.mark.parametrize(("right", "function", "derivative"), [pytest.param(*d[1:], id=d[0]) for d in DERIVATIVES])
def test_derivatives(right: bool, function: Any, derivative: Any) -> None:
    assert verdict(subjects.derivative(function, derivative)) == right


VALUES: list[tuple[str, bool, Any, Any]] = [
    ("one", True, lambda w, X: ((X @ w).sum(), X.sum(0)), arrays("(d),(n,d)")),
    ("two", True, lambda a, b: ((a * b).sum(), (b, a)), arrays("(n),(n)")),
    ("three returned", True, lambda a, b: ((a * b).sum(), b, a), arrays("(n),(n)")),
    ("a dict", True, lambda p: ((p["w"] ** 2).sum(), {"w": 2 * p["w"]}), arrays("(n)").map(lambda a: ({"w": a[0]},))),
    ("a list", True, lambda p: ((p[0] ** 2).sum(), [2 * p[0]]), arrays("(n)").map(lambda a: ([a[0]],))),
    ("the penalty halved", False, lambda w: ((w**2).sum(), w), arrays("(n)")),
    ("the dict's shape", False, lambda p: ((p["w"] ** 2).sum(), {"w": 2 * p["w"].sum()}),
     arrays("(n)").map(lambda a: ({"w": a[0]},))),
    ("a key missing", False, lambda p: (sum((v**2).sum() for v in p.values()), {"w": 2 * p["w"]}),
     arrays("(n),(n)").map(lambda a: ({"w": a[0], "b": a[1]},))),
    ("no gradient", False, lambda w: (w**2).sum(), arrays("(n)")),
    ("no number", False, lambda w: (w**2, 2 * w), arrays("(3)")),
]  # fmt: skip


@pytest.mark.parametrize(("right", "function", "inputs"), [pytest.param(*v[1:], id=v[0]) for v in VALUES])
def test_values_with_gradients(right: bool, function: Any, inputs: Any) -> None:
    assert verdict(subjects.value_and_gradient(function, inputs)) == right


JACOBIANS: list[tuple[str, bool, Any, Any, Any]] = [
    ("a gradient", True, lambda x: x @ x, lambda x: 2 * x, arrays("(n)")),
    ("a row", True, lambda x: x @ x, lambda x: 2 * x[None], arrays("(n)")),
    ("a matrix", True, lambda x, A: A @ x, lambda x, A: A, arrays("(n),(m,n)")),
    ("a matrix transposed", False, lambda x, A: A @ x, lambda x, A: A.T, arrays("(n),(n,n)")),
    ("an entry", False, lambda x: np.array([x[0] ** 2, x[1]]), lambda x: np.diag([x[0], 1.0]), arrays("(2)")),
]


@pytest.mark.parametrize(("right", "function", "jac", "inputs"), [pytest.param(*j[1:], id=j[0]) for j in JACOBIANS])
def test_jacobians(right: bool, function: Any, jac: Any, inputs: Any) -> None:
    assert verdict(subjects.jacobian(function, jac, inputs)) == right


def test_arrays_says_what_is_no_signature() -> None:
    for wrong in ("n,d", "(n,d", "(n)<", "(n)>1", "(-1)", ""):
        with pytest.raises(ArgumentError, match="signature"):
            arrays(wrong)
    with pytest.raises(ArgumentError, match="lib"):
        arrays("(n)", lib="cupy")


def test_arrays_have_equal_sizes_where_letters_are_equal_and_draw_every_size() -> None:
    drawn = sample(arrays("(n,d),(d,2),(n)<d", flag=st.just(True)), 40)
    for x, w, labels, flag in drawn:
        assert x.shape[1] == w.shape[0]
        assert w.shape[1] == 2
        assert labels.shape == x.shape[:1]
        assert flag
        assert ((labels >= 0) & (labels < x.shape[1])).all()
    assert {x.shape[0] for x, *_ in drawn} == {1, 2, 3, 4, 5}


def test_what_is_waived_is_skipped_and_an_unknown_waiver_is_an_error() -> None:
    forward, backward = (lambda x: (np.round(x), None)), (lambda dout, cache: dout)
    assert not verdict(subjects.pair(forward, backward, ROWS))
    assert verdict(subjects.pair(forward, backward, ROWS, waives=["straight-through"]))
    with pytest.raises(ArgumentError, match="law to be waived"):
        verify(subjects.pair(forward, backward, ROWS, waives=["everything"]))


WORKSPACE: dict[Any, Any] = {}


def in_a_workspace(x: Any) -> Any:
    kept = WORKSPACE.setdefault(x.shape, np.empty_like(x))
    return np.sin(x), np.cos(x, out=kept)


class Scale:
    kept: list[Any] = []  # noqa: RUF012  (on the class: what is asked)

    def __init__(self) -> None:
        self.W = np.ones(3)

    def forward(self, x: Any) -> Any:
        self.kept.append(x)
        return x * self.W

    def backward(self, dout: Any) -> Any:
        self.dW = (dout * self.kept[-1]).sum(0)
        return dout * self.W


class Stack(Scale):
    def backward(self, dout: Any) -> Any:
        self.dW = (dout * self.kept.pop()).sum(0)
        return dout * self.W


APART: list[tuple[str, bool, Any]] = [
    ("a workspace for all calls", False, subjects.pair(in_a_workspace, lambda dout, cache: dout * cache, ROWS)),
    ("a cache on the class", False, subjects.layer(Scale, arrays("(n,3)"))),
    ("a stack on the class", True, subjects.layer(Stack, arrays("(n,3)"))),
    ("outside of both, by design", True,
     subjects.pair(lambda x: WORKSPACE.update(x=x) or np.sin(x), lambda dout: dout * np.cos(WORKSPACE["x"]), ROWS)),
]  # fmt: skip


@pytest.mark.parametrize(("right", "subject"), [pytest.param(*a[1:], id=a[0]) for a in APART])
def test_calls_between(right: bool, subject: Any) -> None:
    assert verdict(subject) == right


def test_an_entry_that_is_reached_once_keeps_no_share() -> None:
    forward = lambda x, a: (np.where(x > 0, x, a * x), (x, a))  # noqa: E731
    backward = lambda dout, c: (np.where(c[0] > 0, dout, 0), (dout * c[0] * (c[0] < 0)).sum(0))  # noqa: E731
    with patch.object(engine, "SHRINKS", 3):
        report = verify(subjects.pair(forward, backward, TWO), examples=12)
    named = [str(result.diagnosis) for result in report.results if result.verdict == "FAIL"]
    assert named
    assert not any("several contributions" in words for words in named)
