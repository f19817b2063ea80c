"""Backward passes that are wrong only for large or small numbers, for a negative zero, and for a zero from above."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlp_core.testing import subjects
from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.doors.families import LINEAR, OWN, Family, planted

CATALOGUE = Catalogue()
caught_by = planted(CATALOGUE)

Array = Any


def softplus(x: Array) -> Any:
    return np.logaddexp(0, x), x


def softplus_backward(dout: Array, x: Array) -> Array:
    """dout sigmoid(x)."""
    return dout / (1 + np.exp(-x))


SOFTPLUS = Family(softplus, softplus_backward, subjects.arrays("(n,d)"))


@caught_by(SOFTPLUS, OWN, origin="site: a threshold of 20, from which on softplus is linear")
def is_flat_from_twenty_on(dout: Array, x: Array) -> Array:
    """above 20, where softplus is nearly linear, the gradient is 0 instead of the upstream gradient"""
    return np.where(x > 20, 0.0, softplus_backward(dout, x))


@caught_by(SOFTPLUS, LINEAR, origin="site: clipping by value inside of a layer, with a limit that is seldom reached")
def clips_large_numbers_from_above(dout: Array, x: Array) -> Array:
    """the upstream gradient is clipped to [-50, 50], which only a large loss reaches"""
    return softplus_backward(np.clip(dout, -50, 50), x)


@caught_by(SOFTPLUS, LINEAR, origin="site: dx = dy * y / dy, to save a multiplication")
def divides_by_what_comes_from_above(dout: Array, x: Array) -> Array:
    """the gradient is divided by the upstream gradient and multiplied by it again: NaN where that is 0"""
    with np.errstate(invalid="ignore"):
        return softplus_backward(dout * dout, x) / dout


def directions(x: Array) -> Any:
    norm = np.sqrt((x**2).sum(axis=1, keepdims=True))
    return x / norm, (x / norm, norm)


def directions_backward(dout: Array, cache: Any) -> Array:
    """(dout - e (e . dout)) / norm, for the direction e."""
    e, norm = cache
    return (dout - e * (dout * e).sum(axis=1, keepdims=True)) / norm


DIRECTIONS = Family(directions, directions_backward, subjects.arrays("(n,3)"))


@caught_by(DIRECTIONS, OWN, origin="site: a limit for the norm in the backward pass, and none in the forward pass")
def limits_the_norm(dout: Array, cache: Any) -> Array:
    """the norm is at least 0.001 in the backward pass, but not in the forward pass"""
    e, norm = cache
    return directions_backward(dout, (e, np.maximum(norm, 1e-3)))


def exponential(x: Array) -> Any:
    return np.exp(x), x


def exponential_backward(dout: Array, x: Array) -> Array:
    return dout * np.exp(x)


EXPONENTIAL = Family(exponential, exponential_backward, subjects.arrays("(n,d)"))


@caught_by(EXPONENTIAL, OWN, origin="site: the sign bit instead of x < 0")
def reads_the_sign_bit(dout: Array, x: Array) -> Array:
    """a negative zero, as a ReLU by a product gives it, is treated as a missing number"""
    return np.where((x == 0) & np.signbit(x), 0.0, exponential_backward(dout, x))
