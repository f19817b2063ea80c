"""Wrong backward passes of a linear layer: the upstream gradient, the cache, and changed arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlp_core.testing import subjects
from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.doors.families import CONDUCT, LINEAR, OWN, STRIDES, Family, planted

CATALOGUE = Catalogue()
caught_by = planted(CATALOGUE)

Array = Any


def forward(x: Array, w: Array, b: Array) -> Any:
    return x @ w + b, (x, w)


def backward(dout: Array, cache: Any) -> tuple[Array, ...]:
    """dx = dout w^T, dw = x^T dout, db = sum over the samples."""
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


LINE = Family(forward, backward, subjects.arrays("(n,d),(d,h),(h)"))


@caught_by(LINE, LINEAR, OWN, origin="site: clipping inside the backward pass instead of clipping the final gradient")
def clips_what_comes_from_above(dout: Array, cache: Any) -> tuple[Array, ...]:
    """the upstream gradient is clipped to [-1, 1] before it is used"""
    return backward(np.clip(dout, -1, 1), cache)


@caught_by(LINE, LINEAR, OWN, origin="site: the weight decay added inside a layer's backward pass")
def adds_the_decay(dout: Array, cache: Any) -> tuple[Array, ...]:
    """a weight decay is added to the gradient of the weight, whatever the upstream gradient is"""
    dx, dw, db = backward(dout, cache)
    return dx, dw + 0.01 * cache[1], db


@caught_by(LINE, OWN, origin="site: dw = x^T dout / n, in a layer whose forward does not average")
def averages_the_weight(dout: Array, cache: Any) -> tuple[Array, ...]:
    """the gradient of the weight is the mean over the samples instead of their sum"""
    dx, dw, db = backward(dout, cache)
    return dx, dw / len(dout), db


@caught_by(LINE, OWN, origin="site: db, sum(axis=0)")
def sums_the_bias_over_units(dout: Array, cache: Any) -> tuple[Array, ...]:
    """the gradient of the bias is summed over the units too: it is one number instead of one per unit"""
    dx, dw, db = backward(dout, cache)
    return dx, dw, db * 0 + db.sum()


@caught_by(LINE, OWN, origin="site: the last layer, which uses its own factor 1 instead of the upstream gradient")
def takes_ones_from_above(dout: Array, cache: Any) -> tuple[Array, ...]:
    """the upstream gradient is ignored: ones are used instead"""
    return backward(np.ones_like(dout), cache)


@caught_by(LINE, OWN, origin="site: dx = w^T dout, the sign of a residual y - t")
def turns_the_sign(dout: Array, cache: Any) -> tuple[Array, ...]:
    """the gradient of the input has the wrong sign"""
    dx, dw, db = backward(dout, cache)
    return -dx, dw, db


@caught_by(LINE, STRIDES, origin="a kernel that uses dout.data_ptr() with the strides of a dense array")
def reads_memory_as_it_lies(dout: Array, cache: Any) -> tuple[Array, ...]:
    """the upstream gradient is read in memory order, its strides are ignored"""
    base = dout if dout.base is None else dout.base
    return backward(base.ravel(order="K")[: dout.size].reshape(dout.shape), cache)


@caught_by(LINE, CONDUCT, origin="public reports: dnext_c += ..., in the caller's array")
def adds_to_what_comes_from_above(dout: Array, cache: Any) -> tuple[Array, ...]:
    """the upstream gradient is changed in place"""
    found = backward(dout, cache)
    dout += 1
    return found


@caught_by(LINE, CONDUCT, origin="site: a cache that is overwritten to save memory")
def uses_up_what_was_kept(dout: Array, cache: Any) -> tuple[Array, ...]:
    """backward overwrites the cache of the forward, so that a second call gives other numbers"""
    x, w = cache
    found = backward(dout, (x, w.copy()))
    w *= 0.5
    return found


@caught_by(LINE, CONDUCT, origin="site: dx *= mask, with dx the array that forward received")
def writes_into_its_argument(dout: Array, cache: Any) -> tuple[Array, ...]:
    """the gradient of the input is written into the input itself"""
    x, w = cache
    kept = x.copy()
    x[...] = dout @ w.T
    return x, kept.T @ dout, dout.sum(axis=0)
