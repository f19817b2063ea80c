"""A gradient that is divided by the number of rows, although its loss is divided by the number of entries, or vice
versa: `2 * (p - y) / len(y)` beside `np.mean((p - y) ** 2)`. With one column, both numbers are the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod

import numpy as np
from torch import Tensor

from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.one_column import one_column
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.pulled import Pulled

BY_ROWS = (
    "the gradient of {} is divided by len(y), the number of rows, and the loss by the number of entries, as np.mean "
    "does: right for vectors and for one column, k times too large for k columns; divide by y.size"
)
BY_ENTRIES = (
    "the gradient of {} is divided by the number of entries, and the loss by len(y), the number of rows: right for "
    "vectors and for one column, k times too small for k columns; divide by len(y)"
)

ENTRIES = (
    "the gradient of {} is divided by the number of entries, and the loss by the number of rows: k times too small for "
    "k columns; divide by the number of rows, as len does"
)


def of_columns(
    subject: Form, example: Arguments, got: Pulled, expected: list[Tensor], right: Callable[[Arguments], bool]
) -> Iterator[tuple[str, list[Tensor]]]:  # fmt: skip
    """The two relations, for a loss of an array whose rows are samples. right: whether the gradients are right on an
    example.
    """
    shapes = {tuple(e.shape) for e in expected}
    if subject.elementwise or len(shapes) != 1 or any(prod(np.shape(o)) != 1 for o in got.outs):
        return
    (shape,) = shapes
    k = prod(shape[1:])
    if len(shape) < 2 or k < 2 or not shape[0]:
        return
    if any(np.shape(a) == shape[:1] and np.asarray(a).dtype.kind in "iu" for a in example.args):  # one label per row
        yield ENTRIES, [e / k for e in expected]
        return
    try:
        if not right(one_column(example, shape)):
            return
    except Broken:
        return
    yield BY_ROWS, [e * k for e in expected]
    yield BY_ENTRIES, [e / k for e in expected]
