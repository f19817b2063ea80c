"""Examples in which one array is larger, or much smaller: a function may bend at 3, at 10 or at 20, or near 0. And
examples in which one entry is a negative zero, as a product of 0 and a negative number is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from torch import Tensor

from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.foreign_arrays import like, tensor_of
from mlp_core.testing.examples.shapes import Drawn

TIMES = 8.0, 16.0
"""the factors of one array, whose numbers are from -2 to 2 before"""

SMALLER = 2.0**-20
"""the factor of one array that is smaller: a norm is then below what is usually added to it or compared with it"""

EVERY = 4
"""one example of this many is larger, one has a negative zero, and one of twice as many is smaller"""


def farther(
    inputs: st.SearchStrategy[Arguments], outputs: Callable[[list[Any]], list[Tensor]], *, least: int = 0
) -> st.SearchStrategy[Arguments]:  # fmt: skip
    """The same examples, some with a larger or smaller array or with a negative zero, if they were drawn by a
    signature, and if the outputs there are finite, and `least` numbers at least. One array alone is larger: a product
    of two is far beyond what an exponential takes.
    """

    def defined(example: Arguments) -> bool:
        try:
            found = outputs(example.fresh())
        except Exception:  # foreign code with numbers that it may not take
            return False
        return sum(o.numel() for o in found) >= least and all(bool(o.isfinite().all()) for o in found)

    def moved(example: Arguments) -> Arguments:
        other = _other(example)
        if other is None:
            return example
        with globals_kept():
            return other if defined(other) else example

    return inputs.map(moved)


def _other(example: Arguments) -> Arguments | None:
    """Another example made of this one; None if it stays as it is."""
    which, turn = divmod(example.texture, EVERY)
    paths = example.paths() if isinstance(example.args, Drawn) and turn else []
    if not paths:
        return None
    path, odd = paths[which // 2 % len(paths)], which % 2
    value = tensor_of(example.at(path))
    if turn == 1:
        other = TIMES[odd] * value
    elif turn == 2 and odd:
        other = SMALLER * value
    elif turn == 3 and bool((value <= 0).any()):
        other = value.flatten()
        other[which // 2 % len(other)] = -0.0
    else:
        return None
    return replace(example, args=Drawn(example.moved({path: like(other.view(value.shape), example.at(path))})))
