"""The subject of a file with the arguments that the file uses: one column, if the gradient is right for these alone.

`2 * (p - y) / len(y)` is the gradient of `np.mean((p - y) ** 2)` for vectors and for one column. For k columns it is k
times too large. A file that shows one column gets a verdict about one column, and a note about several.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from mlp_core.testing.engine.evidence import Broken, Raised
from mlp_core.testing.engine.source import LOADED
from mlp_core.testing.examples.arguments import Arguments, places_of
from mlp_core.testing.examples.one_column import one_column
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.foreign.columns import shown
from mlp_core.testing.foreign.load import statements_of
from mlp_core.testing.foreign.unguarded import slopes_at
from mlp_core.testing.subjects.doors.asked import SHAPES
from mlp_core.testing.subjects.doors.form import Form

DRAWN = 24
"""the number of examples among which one with several columns is looked for"""

NEAR = 1e-5
"""how near the gradient must be to a quotient, or to a multiple of it"""

TOLD = (
    "tested with {}, as the file uses it; for k columns the gradient is k times too {}: len(y) counts rows, np.mean "
    "counts entries"
)


def as_used(subject: Any, things: Sequence[Any]) -> Any:
    """The subject, or its form for one column if the file shows one, and with several columns the gradient is wrong by
    their number. Shapes that the user gave are kept.
    """
    place, _, _ = next((getattr(one, LOADED) for one in things if hasattr(one, LOADED)), "").rpartition(":")
    if not isinstance(subject, Form) or not place or SHAPES.get() is not None:
        return subject
    names = [str(getattr(one, LOADED)).rpartition(":")[2] for one in things if hasattr(one, LOADED)]
    kind = shown([s.node for s in statements_of(Path(place))[0]], names)
    shape, wrong = _wrong_by_columns(subject) if kind else ((), "")
    if not wrong:
        return subject
    cut = subject.inputs.map(lambda example: _cut(example, len(shape), flat=kind == "vector"))
    told = TOLD.format("vectors" if kind == "vector" else "one column", wrong)
    return replace(subject, inputs=cut, found="; ".join(filter(None, [subject.found, told])))


def _cut(example: Arguments, ndim: int, *, flat: bool) -> Arguments:
    """The example with one column of every array of so many axes."""
    for shape in {tuple(np.shape(example.at(p))) for p in places_of(example.args)}:
        if len(shape) == ndim:
            example = one_column(example, shape, flat=flat)
    return example


def _wrong_by_columns(form: Form) -> tuple[tuple[int, ...], str]:
    """A shape with several columns, and whether the gradient is too "large" or too "small" by their number there, and
    right for one column; empty if not.
    """
    for example in sample(form.inputs, DRAWN):
        shapes = {tuple(np.shape(a)) for a in example.args}
        shape = next(iter(shapes))
        if len(shapes) != 1 or len(shape) < 2 or shape[0] < 2 or (k := prod(shape[1:])) < 2:
            continue
        try:
            own, slope = slopes_at(form, example)
            right = [slopes_at(form, one_column(example, shape, flat=flat)) for flat in (False, True)]
        except (Raised, Broken, RuntimeError, ValueError, TypeError, IndexError):
            return (), ""
        if not all(abs(a - b) <= NEAR * abs(b) for a, b in right):
            return (), ""
        large, small = abs(own - k * slope) <= NEAR * abs(own), abs(own * k - slope) <= NEAR * abs(slope)
        return shape, "large" if large else "small" if small else ""
    return (), ""
