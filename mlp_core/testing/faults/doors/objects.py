"""Wrong layers as objects, which are right the first time they run."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlp_core.testing import subjects
from mlp_core.testing.faults.catalogue import Catalogue

CATALOGUE = Catalogue()

AGAIN = "is the derivative when its object runs again"

Array = Any


class Tanh:
    """tanh(x w + b), with the gradients of w and b in attributes."""

    def __init__(self) -> None:
        self.w, self.b = np.full((3, 2), 0.5), np.zeros(2)

    def forward(self, x: Array) -> Array:
        self.x, self.y = x, np.tanh(x @ self.w + self.b)
        return self.y

    def backward(self, dout: Array) -> Array:
        dz = dout * (1 - self.y**2)
        self.dw, self.db = self.x.T @ dz, dz.sum(axis=0)
        return dz @ self.w.T


def of(thing: Any) -> Any:
    return subjects.layer(thing, subjects.arrays("(n,3)"))


def caught_by(*laws: str, origin: str) -> Any:
    return CATALOGUE.caught_by(*laws, right=Tanh, origin=origin, subject=of, examples=60)


@caught_by(AGAIN, origin="site: if self.x is None: self.x = x")
class KeepsItsFirstInput(Tanh):
    """the input of the first forward is kept for ever: the gradient of the weight belongs to the first batch"""

    x: Array = None

    def forward(self, x: Array) -> Array:
        first = x if self.x is None else self.x
        out = super().forward(x)
        self.x = first
        return out


@caught_by(AGAIN, origin="site: a transposed weight that is computed once, beside one that training changes")
class KeepsItsFirstWeight(Tanh):
    """the weight of the first pass is kept for ever: the gradient of the input ignores all updates"""

    wT: Array = None

    def backward(self, dout: Array) -> Array:
        self.wT = self.w.T.copy() if self.wT is None else self.wT
        super().backward(dout)
        return (dout * (1 - self.y**2)) @ self.wT


@caught_by(AGAIN, origin="site: a derivative that is computed once, to save time")
class KeepsItsFirstDerivative(Tanh):
    """the derivative of the activation is computed in the first pass, and never again"""

    kept: Array = None

    def backward(self, dout: Array) -> Array:
        self.kept = 1 - self.y**2 if self.kept is None else self.kept
        dz = dout * self.kept
        self.dw, self.db = self.x.T @ dz, dz.sum(axis=0)
        return dz @ self.w.T


@caught_by(AGAIN, origin="site: self.inputs.append(x) in forward, self.inputs[0] in backward")
class ReadsTheFirstOfItsInputs(Tanh):
    """inputs are collected in a list, and backward reads the first of them: it belongs to an earlier pass"""

    def __init__(self) -> None:
        super().__init__()
        self.inputs: list[Array] = []

    def forward(self, x: Array) -> Array:
        self.inputs.append(x)
        return super().forward(x)

    def backward(self, dout: Array) -> Array:
        self.x = self.inputs[0]
        return super().backward(dout)


@caught_by(AGAIN, origin="site: if self.n is None: self.n = len(x)")
class KeepsItsFirstBatchSize(Tanh):
    """the batch size of the first pass is kept for ever: in a smaller last batch, the mean has the wrong divisor"""

    n = 0

    def forward(self, x: Array) -> Array:
        self.n = self.n or len(x)
        return super().forward(x) / len(x)

    def backward(self, dout: Array) -> Array:
        return super().backward(dout / self.n)


class Relu:
    """max(x, 0), with the mask of the last forward."""

    def forward(self, x: Array) -> Array:
        self.mask = x > 0
        return x * self.mask

    def backward(self, dout: Array) -> Array:
        return dout * self.mask


@CATALOGUE.caught_by(AGAIN, right=Relu, origin="site: caches keyed by the shape of the input", subject=of, examples=60)
class KeepsAMaskForEveryShape(Relu):
    """the mask of the first input of each shape is kept for ever: other signs get the wrong entries"""

    def __init__(self) -> None:
        self.masks: dict[Any, Array] = {}

    def forward(self, x: Array) -> Array:
        self.mask = self.masks.setdefault(x.shape, x > 0)
        return x * (x > 0)


@caught_by(AGAIN, origin="site: if not np.allclose(x, self.last)")
class ComparesByAllclose(Tanh):
    """a new input is stored only if allclose finds it different from the last one: numbers that are small or near get
    the gradient of others
    """

    last: Array = np.zeros((0, 0))

    def forward(self, x: Array) -> Array:
        out = super().forward(x)
        if self.last.shape != x.shape or not np.allclose(self.last, x):
            self.last = x
        self.x = self.last
        return out


@caught_by(AGAIN, origin="site: a cache keyed by x.sum()")
class FindsItsInputByItsSum(Tanh):
    """the input is kept under its sum: the same numbers in another order get the gradient of the first"""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[Any, Array] = {}

    def forward(self, x: Array) -> Array:
        out = super().forward(x)
        self.x = self.kept.setdefault((x.shape, round(float(x.sum()), 9)), x)
        return out
