"""The arguments whose gradients a layer returns, if there are fewer: with forward(A, X), backward returns the gradient
of X, and none of the adjacency matrix A."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from mlp_core.testing.examples.foreign_arrays import is_real, like, tensor_of

Pulled = Callable[..., tuple[list[Any], Callable[[list[Any]], list[Any]]]]
"""arguments -> the outputs, and a function from upstream gradients to the gradients that backward returns"""

STEP = 2.0**-13
"""the step of a difference quotient; it only shows to which argument a gradient belongs"""


def whose(args: Sequence[Any], gradients: Sequence[Any], pulled: Pulled) -> tuple[float, tuple[int, ...]]:
    """The indices of the arguments to which returned gradients belong: those with their shapes, in order, whose
    difference quotient is nearest; and how near it is.
    """
    real = [k for k, one in enumerate(args) if is_real(one)]
    shapes = [np.shape(one) for one in gradients]
    fit = [ks for ks in combinations(real, len(shapes)) if [np.shape(args[k]) for k in ks] == shapes]
    return min((distance(args, ks, pulled), ks) for ks in fit)


WAYS = 8
"""directions: in a single one, a wrong gradient may be near by chance"""


def distance(args: Sequence[Any], ks: Sequence[int], pulled: Pulled) -> float:
    """How far gradients are from the difference quotients in a few directions d: |g . d - (L(+h) - L(-h)) / 2h|."""
    return sum(_distance(args, ks, pulled, np.random.default_rng(seed)) for seed in range(WAYS))


def _distance(args: Sequence[Any], ks: Sequence[int], pulled: Pulled, rng: np.random.Generator) -> float:
    outs, pull = pulled(*args)
    above = [rng.standard_normal(np.shape(o)) for o in outs]
    ways = [rng.standard_normal(np.shape(args[k])) for k in ks]
    found = pull([like(tensor_of(a), o) for a, o in zip(above, outs, strict=True)])

    def total(sign: int) -> float:
        moved = list(args)
        for k, way in zip(ks, ways, strict=True):
            moved[k] = like(tensor_of(args[k]) + sign * STEP * tensor_of(way), args[k])
        return sum(float((tensor_of(o) * tensor_of(a)).sum()) for o, a in zip(pulled(*moved)[0], above, strict=True))

    slope = sum(float((tensor_of(g) * tensor_of(way)).sum()) for g, way in zip(found, ways, strict=True))
    return abs(slope - (total(1) - total(-1)) / (2 * STEP))
