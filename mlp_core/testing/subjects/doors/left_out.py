"""The outputs of a function without a gradient under autograd: whether they depend on the arguments nevertheless.

An output that does not change with the arguments has a derivative of zero, so that nothing is missing. Of one that does
change no derivative can be tested.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mlp_core.testing.engine.guards import foreign
from mlp_core.testing.examples.arguments import Arguments, Path
from mlp_core.testing.examples.foreign_arrays import like, tensor_of
from mlp_core.testing.subjects.doors.results import numbers_of

MOVED = 2.0**-20
"""how far the arguments are moved, relative to their size, once and twice: a mask or an index may change at the example
itself, but hardly between two points that near"""

GOLDEN = 0.6180339887498949
"""its multiples have different fractions"""

MARKED = "is marked as not differentiable, and has no gradient to test"

DETACHED = (
    "was not tested: it depends on the arguments, but autograd computes no gradient of it; do not detach it, or pass a "
    "function that returns only the other outputs"
)

INSIDE = "was not tested: it is inside another value; return every output by itself, in one tuple"


def left_out(
    returned: Callable[[list[Any]], list[Any]], example: Arguments, paths: list[Path], *, marks: bool
) -> tuple[str, str]:  # fmt: skip
    """The output that could not be tested, in words, and the one without a gradient by design; empty texts if there is
    none. returned: the outputs for arguments. paths: the arguments that get a gradient. marks: whether outputs without
    a gradient are marked, as those of an autograd.Function are.
    """
    outs = returned(example.fresh())
    marked = [k for k, o in enumerate(outs) if marks and isinstance(o, Tensor) and not o.requires_grad]
    told = f"output {marked[0]} {MARKED}" if marked else ""
    left = _without([o if k not in marked else None for k, o in enumerate(outs)])
    if not left:
        return "", told
    first, again, farther = (
        _without(returned(example.moved({path: _nearby(example.at(path), steps) for path in paths})))
        for steps in (1, 1, 2)
    )
    for (k, within), value in first.items():
        same, other = (one.get((k, within), value).nan_to_num() for one in (again, farther))
        value = value.nan_to_num()
        if (k, within) in left and torch.equal(same, value) and not torch.equal(other, value):  # otherwise it is random
            inside = within and not isinstance(outs[k], (float, np.ndarray))
            return f"output {k}{within} {INSIDE if inside else DETACHED}", told
    return "", told


def _without(outs: list[Any]) -> dict[tuple[int, str], Tensor]:
    """The numbers without a gradient, each with its output and the place inside it."""
    plain = [o for o in enumerate(outs) if not (isinstance(o[1], Tensor) and o[1].requires_grad)]
    return {(k, place): tensor for k, o in plain for place, tensor in numbers_of(o)}


def _nearby(value: Any, steps: int) -> Any:
    """A point near an argument, a little farther in each of its entries, so that equal ones differ. No entry changes
    its sign, not even a tiny one, and zeros become positive in both points.
    """
    numbers = tensor_of(value)
    sizes = torch.where(numbers == 0, 1.0, numbers.abs().double())
    each = torch.arange(1, numbers.numel() + 1, dtype=torch.float64).mul(GOLDEN).frac().reshape(numbers.shape)
    return like(numbers + steps * MOVED * (1 + each) * sizes, value)


def values_of(apply: Callable[..., Any], leaves: list[Any]) -> list[Any]:
    """All outputs of a call with autograd."""
    with torch.enable_grad(), foreign():
        found = apply(*(a.clone() if isinstance(a, Tensor) and a.requires_grad else a for a in leaves))
    return list(found) if isinstance(found, (tuple, list)) else [found]
