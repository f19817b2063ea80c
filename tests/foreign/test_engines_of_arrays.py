"""Autograd engines whose nodes hold arrays: matrix products, and rows that are broadcast."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_gradients_alone import judged

TENSOR = """
import numpy as np
class Tensor:
    def __init__(self, data, _children=()):
        self.data = np.asarray(data, dtype=float)
        self.grad = np.zeros_like(self.data)
        self._backward = lambda: None
        self._prev = set(_children)
    def __add__(self, other):
        other = other if isinstance(other, Tensor) else Tensor(other)
        out = Tensor(self.data + other.data, (self, other))
        def _backward():
            self.grad += unbroadcast(out.grad, self.data.shape)
            other.grad += unbroadcast(out.grad, other.data.shape)
        out._backward = _backward
        return out
    def __mul__(self, other):
        other = other if isinstance(other, Tensor) else Tensor(other)
        out = Tensor(self.data * other.data, (self, other))
        def _backward():
            self.grad += unbroadcast(other.data * out.grad, self.data.shape)
            other.grad += unbroadcast(self.data * out.grad, other.data.shape)
        out._backward = _backward
        return out
    def __matmul__(self, other):
        out = Tensor(self.data @ other.data, (self, other))
        def _backward():
            self.grad += out.grad @ other.data.T
            other.grad += self.data.T @ out.grad
        out._backward = _backward
        return out
    def tanh(self):
        out = Tensor(np.tanh(self.data), (self,))
        def _backward():
            self.grad += (1 - out.data**2) * out.grad
        out._backward = _backward
        return out
    def sum(self):
        out = Tensor(self.data.sum(), (self,))
        def _backward():
            self.grad += np.ones_like(self.data) * out.grad
        out._backward = _backward
        return out
    def mean(self):
        out = Tensor(self.data.mean(), (self,))
        def _backward():
            self.grad += np.ones_like(self.data) * out.grad / self.data.size
        out._backward = _backward
        return out
    def backward(self):
        topo, visited = [], set()
        def build(v):
            if v not in visited:
                visited.add(v)
                for c in v._prev:
                    build(c)
                topo.append(v)
        build(self)
        self.grad = np.ones_like(self.data)
        for v in reversed(topo):
            v._backward()

def unbroadcast(g, shape):
    while g.ndim > len(shape):
        g = g.sum(0)
    for i, n in enumerate(shape):
        if n == 1:
            g = g.sum(i, keepdims=True)
    return g
"""

PLAIN = TENSOR.replace("    while g.ndim > len(shape):\n        g = g.sum(0)\n", "")
"""an engine that does not broadcast"""

WRONG = {
    "a transpose": ("out.grad @ other.data.T", "(other.data @ out.grad.T).T * 2"),
    "a mean": ("* out.grad / self.data.size", "* out.grad / len(np.atleast_1d(self.data))"),
    "a row in *": (
        "unbroadcast(self.data * out.grad, other.data.shape)",
        "unbroadcast(self.data * out.grad, other.data.shape) / (1 + (other.data.ndim == 1))",
    ),
}


@pytest.mark.parametrize("text", [TENSOR, PLAIN], ids=["rows", "no rows"])
def test_a_right_engine_is_lawful(text: str, tmp_path: Path) -> None:
    subject, results = judged(tmp_path, text)
    assert [(r.law, r.got, r.expected) for r in results if r.verdict not in ("PASS", "SKIP")] == []
    assert "(a @ b) * c" in subject.found
    assert ("(a + b) * c" in subject.found) == (text is TENSOR)


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_engine_is_broken(kind: str, tmp_path: Path) -> None:
    right, wrong = WRONG[kind]
    assert TENSOR.count(right) == 1
    _, results = judged(tmp_path, TENSOR.replace(right, wrong))
    assert "is the derivative of its own forward" in [r.law for r in results if r.verdict == "FAIL"]
