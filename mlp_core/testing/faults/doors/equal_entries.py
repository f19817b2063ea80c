"""Wrong backward passes of a maximum, which differ from correct ones only if entries are equal."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlp_core.testing import subjects
from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.doors.families import Family, planted

CATALOGUE = Catalogue()
caught_by = planted(CATALOGUE)

Array = Any

EQUAL = "is right where entries are equal"


def forward(x: Array) -> Any:
    """The maximum of each row."""
    return x.max(axis=1), x


def backward(dout: Array, x: Array) -> Array:
    """The gradient of the first of the largest entries."""
    dx = np.zeros_like(x)
    dx[np.arange(len(x)), x.argmax(axis=1)] = dout
    return dx


MAXIMUM = Family(forward, backward, subjects.arrays("(n,d)"))


@caught_by(MAXIMUM, EQUAL, origin="public layers by hand: dx = dout * (x == out), where pixels are equal")
def gives_each_of_the_largest_the_whole(dout: Array, x: Array) -> Array:
    """each of several equal largest entries gets the whole gradient: give it to one of them, or share it"""
    return dout[:, None] * (x == x.max(axis=1, keepdims=True))


@caught_by(MAXIMUM, EQUAL, origin="site: a > b for both sides of a maximum, which leaves out a == b")
def gives_none_of_the_largest_a_share(dout: Array, x: Array) -> Array:
    """none of several equal largest entries gets a gradient: give it to one of them, or share it"""
    largest = x == x.max(axis=1, keepdims=True)
    return dout[:, None] * (largest & (largest.sum(axis=1, keepdims=True) == 1))
