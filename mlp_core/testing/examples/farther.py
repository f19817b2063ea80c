"""Examples in which one array is larger: a function may bend at 3, at 6 or at 10."""

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

TIMES = 8.0
"""the factor of one array, whose numbers are from -2 to 2 before"""

EVERY = 4
"""one example of this many is larger"""


def farther(
    inputs: st.SearchStrategy[Arguments], outputs: Callable[[list[Any]], list[Tensor]], *, least: int = 0
) -> st.SearchStrategy[Arguments]:  # fmt: skip
    """The same examples, some with a larger array, if they were drawn by a signature, and if the outputs there are
    finite, and `least` numbers at least. One array alone is larger: a product of two is far beyond what an exponential
    takes.
    """

    def defined(example: Arguments) -> bool:
        try:
            found = outputs(example.fresh())
        except Exception:  # foreign code with numbers that it may not take
            return False
        return sum(o.numel() for o in found) >= least and all(bool(o.isfinite().all()) for o in found)

    def moved(example: Arguments) -> Arguments:
        larger = _larger(example)
        if larger is None:
            return example
        with globals_kept():
            return larger if defined(larger) else example

    return inputs.map(moved)


def _larger(example: Arguments) -> Arguments | None:
    which, turn = divmod(example.texture, EVERY)
    paths = example.paths() if isinstance(example.args, Drawn) and turn == 1 else []
    if not paths:
        return None
    path = paths[which % len(paths)]
    value = example.at(path)
    return replace(example, args=Drawn(example.moved({path: like(TIMES * tensor_of(value), value)})))
