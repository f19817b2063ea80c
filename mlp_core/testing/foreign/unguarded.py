"""The subject of a loaded definition, with or without the tiny constants in its logarithms and quotients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mlp_core.testing.engine.evidence import Broken, Raised
from mlp_core.testing.engine.source import LOADED
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.foreign_arrays import like, tensor_of
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.foreign.guards import unguarded
from mlp_core.testing.foreign.load import loaded, statements_of
from mlp_core.testing.foreign.top_level import Found
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.pulled import pulled, wide

STEP = 2.0**-13
"""the step of a quotient that only compares the two"""

NEAR = 1e-3
"""how far the gradient is at most from the loss without guards; from the loss with them it may be far: log(p + 1e-7) is
another function where p is 1e-9"""

NEARER = 100.0
"""how much nearer it is to the loss without them"""

TOLD = "read without the tiny constants in its logarithms and quotients, such as 1e-7 in log(p + 1e-7)"


def subject_of(found: Found, things: Sequence[Any], sizes: tuple[int, int]) -> Any:
    """The subject as it is written, or without guards if its gradient is that of the code without them."""
    subject = found.make(*things, sizes)
    place = next((getattr(one, LOADED) for one in things if hasattr(one, LOADED)), "").rpartition(":")[0]
    if not isinstance(subject, Form) or not place:
        return subject
    statements, _ = statements_of(Path(place))
    if unguarded([s.node for s in statements])[1] == 0:
        return subject
    try:
        again, bare_things = loaded(f"{place}:{found.name}", bare=True)
    except RuntimeError:  # what the file registers, such as an operator of torch, is registered once
        return subject
    bare = again.make(*bare_things, sizes)
    if isinstance(bare, Form) and (off := _off(bare)) < NEAR and off * NEARER < _off(subject):
        return replace(bare, found="; ".join(one for one in (bare.found, TOLD) if one))
    return subject


def _off(form: Form) -> float:
    """The greatest difference of a gradient from a quotient of the values along one line, relative to both."""
    try:
        return max(_off_at(form, example) for example in sample(form.inputs, 4)[1:])
    except (Raised, Broken, RuntimeError, ValueError, TypeError, IndexError):
        return float("inf")  # a law reports it


def _off_at(form: Form, example: Arguments) -> float:
    own, slope = slopes_at(form, example)
    return abs(own - slope) / (abs(own) + abs(slope) + 1e-300)


def slopes_at(form: Form, example: Arguments) -> tuple[float, float]:
    """The slope along one line that the gradients give, and a quotient of the values."""
    whole = wide(example)
    got = pulled(form, whole)
    numbers = np.random.default_rng(0)
    lines = {g.path: torch.from_numpy(numbers.standard_normal(np.shape(whole.at(g.path)))) for g in got.gradients}

    def at(step: float) -> float:
        moved = {p: like(tensor_of(whole.at(p)) + step * line, whole.at(p)) for p, line in lines.items()}
        outs = form.values(whole.moved(moved))
        return sum(float((c * o).sum()) for c, o in zip(got.cut(), outs, strict=True))

    slope = (8 * (at(STEP) - at(-STEP)) - (at(2 * STEP) - at(-2 * STEP))) / (12 * STEP)
    own = sum(float((g * line).sum()) for g, line in zip(got.tensors(), lines.values(), strict=True))
    return own, slope
