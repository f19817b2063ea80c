"""Scalar autograd engines as a course writes them: every operator, right and wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_gradients_alone import judged

CLOSURES = """
import math
class Value:
    def __init__(self, data, _children=(), _op=''):
        self.data = data
        self.grad = 0
        self._backward = lambda: None
        self._prev = set(_children)
        self._op = _op
    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other), '+')
        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out
    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other), '*')
        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out
    def __pow__(self, other):
        assert isinstance(other, (int, float))
        out = Value(self.data**other, (self,), f'**{other}')
        def _backward():
            self.grad += (other * self.data**(other-1)) * out.grad
        out._backward = _backward
        return out
    def relu(self):
        out = Value(0 if self.data < 0 else self.data, (self,), 'ReLU')
        def _backward():
            self.grad += (out.data > 0) * out.grad
        out._backward = _backward
        return out
    def exp(self):
        out = Value(math.exp(self.data), (self,), 'exp')
        def _backward():
            self.grad += out.data * out.grad
        out._backward = _backward
        return out
    def log(self):
        out = Value(math.log(self.data), (self,), 'log')
        def _backward():
            self.grad += out.grad / self.data
        out._backward = _backward
        return out
    def softplus(self):
        out = Value(math.log1p(math.exp(self.data)), (self,), 'softplus')
        def _backward():
            self.grad += out.grad / (1 + math.exp(-self.data))
        out._backward = _backward
        return out
    def backward(self):
        topo = []
        visited = set()
        def build_topo(v):
            if v not in visited:
                visited.add(v)
                for child in v._prev:
                    build_topo(child)
                topo.append(v)
        build_topo(self)
        self.grad = 1
        for v in reversed(topo):
            v._backward()
    def __neg__(self):
        return self * -1
    def __radd__(self, other):
        return self + other
    def __sub__(self, other):
        return self + (-other)
    def __rsub__(self, other):
        return other + (-self)
    def __rmul__(self, other):
        return self * other
    def __truediv__(self, other):
        return self * other**-1
    def __rtruediv__(self, other):
        return other * self**-1
    def __repr__(self):
        return f"Value(data={self.data}, grad={self.grad})"
"""

LOCAL = """
import numpy as np
class Scalar:
    def __init__(self, value, parents=()):
        self.value = float(value)
        self.parents = parents
        self.gradient = 0.0
    def __add__(self, other):
        return Scalar(self.value + other.value, ((self, 1.0), (other, 1.0)))
    def __sub__(self, other):
        return Scalar(self.value - other.value, ((self, 1.0), (other, -1.0)))
    def __mul__(self, other):
        return Scalar(self.value * other.value, ((self, other.value), (other, self.value)))
    def sigmoid(self):
        s = 1 / (1 + np.exp(-self.value))
        return Scalar(s, ((self, s * (1 - s)),))
    def backward(self, upstream=1.0):
        self.gradient += upstream
        for parent, slope in self.parents:
            parent.backward(upstream * slope)
"""

WRONG = {
    "set, not added, in +": (
        CLOSURES, "self.grad += out.grad\n            other", "self.grad = out.grad\n            other",
    ),
    "set, not added, in *": (CLOSURES, "other.grad += self.data * out.grad", "other.grad = self.data * out.grad"),
    "set, not added, in exp": (CLOSURES, "self.grad += out.data * out.grad", "self.grad = out.data * out.grad"),
    "set, not added, in a method of its own": (CLOSURES, "self.grad += out.grad / (1 +", "self.grad = out.grad / (1 +"),
    "the power": (CLOSURES, "self.data**(other-1)", "self.data**other"),
    "no upstream gradient": (CLOSURES, "(out.data > 0) * out.grad", "(out.data > 0) * 1.0"),
    "the value of -": (CLOSURES, "return self + (-other)", "return self + other"),
    "the order of a reflected -": (CLOSURES, "return other + (-self)", "return self - other"),
    "the order of a reflected /": (CLOSURES, "return other * self**-1", "return self * other**-1"),
    "a constant in the value": (CLOSURES, "Value(math.log(self.data),", "Value(math.log(self.data) + 1e-3,"),
    "no order of the nodes": (CLOSURES, "reversed(topo)", "topo"),
    "a node twice in the order": (
        CLOSURES, "visited.add(v)\n", "visited.add(v)\n                topo.append(v)\n",
    ),
    "a slope of its own": (LOCAL, "s * (1 - s)", "1 - s * s"),
    "the sign of the subtrahend": (LOCAL, "(other, -1.0)", "(other, 1.0)"),
    "accumulation": (LOCAL, "self.gradient += upstream", "self.gradient = upstream"),
}  # fmt: skip


@pytest.mark.parametrize("text", [CLOSURES, LOCAL], ids=["closures", "local derivatives"])
def test_a_right_engine_is_lawful(text: str, tmp_path: Path) -> None:
    subject, results = judged(tmp_path, text)
    assert [(r.law, r.got, r.expected) for r in results if r.verdict not in ("PASS", "SKIP")] == []
    assert subject.found.startswith("compared with autograd: a + b, a * b")


QUICK = "the value of -", "a constant in the value", "accumulation"
"""the kinds that every run of the tests plants"""

BY_ADDRESS = "set, not added, in +", "set, not added, in *"
"""The order of the nodes depends on the addresses of objects, because the engine keeps children in a set. So do the
wrong gradients of these kinds, and few examples may show none."""


@pytest.mark.parametrize("kind", [pytest.param(k, marks=[pytest.mark.slow] * (k not in QUICK)) for k in WRONG])
def test_a_wrong_engine_is_broken(kind: str, tmp_path: Path) -> None:
    text, right, wrong = WRONG[kind]
    assert text.count(right) == 1
    _, results = judged(tmp_path, text.replace(right, wrong), examples=40 if kind in BY_ADDRESS else 6)
    assert "is the derivative of its own forward" in [r.law for r in results if r.verdict == "FAIL"]


def test_the_failure_names_the_operator(tmp_path: Path) -> None:
    _, results = judged(tmp_path, CLOSURES.replace("self.data**(other-1)", "self.data**other"))
    (own,) = (r for r in results if r.law == "is the derivative of its own forward")
    assert own.where.startswith(("gradient of a / b", "gradient of a ** 3"))


def test_methods_that_torch_does_not_have_are_compared_with_their_own_values(tmp_path: Path) -> None:
    subject, _ = judged(tmp_path, CLOSURES)
    assert "; with difference quotients of their own values: a.softplus()" in subject.found
