"""Examples in which samples have one number each: the first column of arrays whose rows are samples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mlp_core.testing.examples.arguments import Arguments, places_of
from mlp_core.testing.examples.foreign_arrays import copied


def one_column(example: Arguments, shape: tuple[int, ...], *, flat: bool = False) -> Arguments:
    """The example with the first column alone of every array of this shape. flat: as a vector.

    >>> one_column(Arguments((np.zeros((4, 3)), np.zeros(3))), (4, 3)).describe()
    'arguments (4, 1), (3,)'
    """
    cut = (slice(None), *(0 if flat else slice(0, 1) for _ in shape[1:]))
    others = {p: copied(example.at(p)[cut]) for p in places_of(example.args)
              if tuple(np.shape(example.at(p))) == shape}  # fmt: skip
    return replace(example, args=tuple(example.moved(others)))
