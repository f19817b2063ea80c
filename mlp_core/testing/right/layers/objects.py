"""Correct layers as objects that keep something between two passes: sums of gradients, velocities, states, averages."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlp_core.testing import subjects

Array = Any


class Adds:
    """Gradients are added to arrays, which an optimizer sets to zero."""

    def __init__(self) -> None:
        self.params = {"W": np.full((3, 2), 0.5), "b": np.zeros(2)}
        self.grads = {name: np.zeros_like(value) for name, value in self.params.items()}

    def forward(self, x: Array) -> Array:
        self.x = x
        return x @ self.params["W"] + self.params["b"]

    def backward(self, dout: Array) -> Array:
        self.grads["W"] += self.x.T @ dout
        self.grads["b"] += dout.sum(axis=0)
        return dout @ self.params["W"].T


class AddsToNone:
    """The first gradient is stored, the others are added to it."""

    def __init__(self) -> None:
        self.w, self.dw = np.full(3, 0.5), None

    def forward(self, x: Array) -> Array:
        self.x = x
        return x * self.w

    def backward(self, dout: Array) -> Array:
        found = (dout * self.x).sum(axis=0)
        self.dw = found if self.dw is None else self.dw + found
        return dout * self.w


class StepsWithMomentum:
    """backward takes a step whose velocity it keeps."""

    def __init__(self) -> None:
        self.w, self.v = np.full((3, 2), 0.5), 0.0

    def forward(self, x: Array) -> Array:
        self.x = x
        return x @ self.w

    def backward(self, dout: Array, lr: float) -> Array:
        below = dout @ self.w.T
        self.v = 0.9 * self.v + self.x.T @ dout
        self.w = self.w - lr * self.v
        return below


class GoesOnFromItsState:
    """Its state goes on from call to call, and is a constant for the gradient: truncated backpropagation."""

    def __init__(self) -> None:
        self.w, self.u, self.h = np.full((3, 2), 0.5), np.eye(2), 0.0

    def forward(self, x: Array) -> Array:
        self.x, self.before = x, self.h * np.ones((len(x), 2))
        self.h = np.tanh(x @ self.w + self.before @ self.u)
        return self.h

    def backward(self, dout: Array) -> Array:
        dz = dout * (1 - self.h**2)
        self.grads = {"w": self.x.T @ dz, "u": self.before.T @ dz}
        return dz @ self.w.T


class CollectsUntilReset:
    """One time step per call; the inputs are collected until reset() is called."""

    def __init__(self) -> None:
        self.w = np.full(3, 0.5)
        self.reset()

    def reset(self) -> None:
        self.xs: list[Array] = []
        self.below = 0.0

    def forward(self, x: Array) -> Array:
        self.xs.append(x)
        return x * self.w

    def backward(self, dout: Array) -> Array:
        self.dw = sum((dout * x).sum(axis=0) for x in self.xs)
        return dout * self.w


class Averages:
    """Batch normalisation with running averages, which the forward does not use while it trains."""

    def __init__(self) -> None:
        self.gamma, self.mean = np.full(3, 0.5), np.zeros(3)

    def forward(self, x: Array) -> Array:
        m, v = x.mean(axis=0), x.var(axis=0) + 0.1
        self.mean = 0.9 * self.mean + 0.1 * m
        self.x_hat, self.s = (x - m) / np.sqrt(v), np.sqrt(v)
        return self.gamma * self.x_hat

    def backward(self, dout: Array) -> Array:
        self.dgamma = (dout * self.x_hat).sum(axis=0)
        d = dout * self.gamma
        return (d - d.mean(axis=0) - self.x_hat * (d * self.x_hat).mean(axis=0)) / self.s


class StartsFromItsData:
    """The first batch gives the shift and the scale, which are constants afterwards and for the gradient: activation
    normalisation.
    """

    scale: Array = None

    def forward(self, x: Array) -> Array:
        if self.scale is None:
            self.shift, self.scale = x.mean(axis=0), 1 / (x.std(axis=0) + 0.1)
        return (x - self.shift) * self.scale

    def backward(self, dout: Array) -> Array:
        return dout * self.scale


class BuildsItsWeightWhenCalled:
    """The weight is made in the first forward, because only then its size is known."""

    w: Array = None

    def forward(self, x: Array) -> Array:
        self.w = np.full((x.shape[1], 2), 0.3) if self.w is None else self.w
        self.x = x
        return x @ self.w

    def backward(self, dout: Array) -> Array:
        self.dw = self.x.T @ dout
        return dout @ self.w.T


class WritesIntoBuffers:
    """The output is written into a buffer, of which there is one for every shape."""

    def __init__(self) -> None:
        self.w, self.buffers = np.full((3, 2), 0.5), dict[Any, Array]()

    def forward(self, x: Array) -> Array:
        self.x = x
        return np.matmul(x, self.w, out=self.buffers.setdefault(x.shape, np.empty((len(x), 2))))

    def backward(self, dout: Array) -> Array:
        self.dw = self.x.T @ dout
        return dout @ self.w.T


class CountsItsCalls:
    """Forward and backward have a factor that falls with every call."""

    def __init__(self) -> None:
        self.w, self.t = np.full(3, 0.5), 0

    def forward(self, x: Array) -> Array:
        self.t += 1
        self.x = x
        return x * self.w / (1 + self.t)

    def backward(self, dout: Array) -> Array:
        self.dw = (dout * self.x).sum(axis=0) / (1 + self.t)
        return dout * self.w / (1 + self.t)


class DropsOut:
    """Inverted dropout with a new mask in every forward."""

    def forward(self, x: Array) -> Array:
        self.mask = (np.random.rand(*x.shape) > 0.5) / 0.5  # noqa: NPY002
        return x * self.mask

    def backward(self, dout: Array) -> Array:
        return dout * self.mask


class ComputesInSinglePrecision:
    """Everything is computed in float32, whatever comes in."""

    def __init__(self) -> None:
        self.w = np.full((3, 2), 0.5, dtype=np.float32)

    def forward(self, x: Array) -> Array:
        self.x = x.astype(np.float32)
        return self.x @ self.w.astype(np.float32)

    def backward(self, dout: Array) -> Array:
        dout = dout.astype(np.float32)
        self.dw = self.x.T @ dout
        return dout @ self.w.T.astype(np.float32)


EVERY = (
    Adds, AddsToNone, StepsWithMomentum, GoesOnFromItsState, CollectsUntilReset, Averages, StartsFromItsData,
    BuildsItsWeightWhenCalled, WritesIntoBuffers, CountsItsCalls, DropsOut, ComputesInSinglePrecision,
)  # fmt: skip


def made() -> dict[str, Any]:
    """Each as a subject."""
    return {cls.__name__: subjects.layer(cls, subjects.arrays("(n,3)")) for cls in EVERY}
