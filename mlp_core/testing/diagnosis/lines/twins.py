"""Follows twins: compares every array and number that a function returns or leaves in an argument with the reference's.
The values that the reference writes on its way are known."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.diagnosis.lines.cases import Case, Output, numbers_in, telling
from mlp_core.testing.diagnosis.lines.recorder import Recorder, own_files
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.foreign_arrays import tensor_of
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.subjects.doors.results import coarsest, numbers_of, things_of
from mlp_core.testing.subjects.doors.twin import TwinSubject

NEAR, NEAR_SINGLE = 1e-9, 1e-4
CASES, DRAWN, LARGEST, MOST = 3, 6, 200, 60
"""the number of examples that are followed, of new ones that are drawn, of entries in one, and of the reference's
intermediate arrays"""


def cases(subject: TwinSubject, examples: Sequence[Any]) -> list[Case]:
    drawn = [e for e in (*examples, *sample(subject.inputs, DRAWN)) if isinstance(e, Arguments)]
    several = [(e, [value for _, value in numbers_of(list(e.args))]) for e in drawn]
    several = [(e, values) for e, values in several if sum(map(torch.numel, values)) <= LARGEST]
    several.sort(key=lambda one: telling(one[1]), reverse=True)
    found = (_case(subject, e) for e, _ in several)
    return [case for case in found if case is not None][:CASES]


def _case(subject: TwinSubject, example: Arguments) -> Case | None:
    """An example on which the numbers are wrong; None if they are correct."""
    right, way = _right(subject, example)

    def run(recorder: Any) -> list[Output]:
        with recorder:
            found = subject.run(example.fresh())
        near = NEAR if coarsest(list(found)) == torch.finfo(torch.float64).eps / 2 else NEAR_SINGLE
        things = {place: thing for place, thing in _things(found) if numbers_in(thing) is not None}
        return [Output(place, things[place], e, near) for place, e in right.items() if place in things]

    try:
        if all(one.wrong() is None for one in run(nullcontext())):
            return None
    except Broken:
        return None
    return Case(run, (subject.mine,), lambda output, depth: way)


def _things(found: tuple[Any, list[Any]]) -> list[tuple[str, Any]]:
    return [*things_of(found[0], "result"), *things_of(found[1], "argument")]


def _right(subject: TwinSubject, example: Arguments) -> tuple[dict[str, Tensor], list[Tensor]]:
    """The reference's numbers by their place, and the arrays that its lines write."""
    recorder = Recorder(own_files(subject.reference))
    with recorder:
        found = subject.right(example.fresh())
    kept = {place: tensor_of(thing) for place, thing in _things(found) if numbers_in(thing) is not None}
    written = [numbers for run in recorder.runs for _, numbers in run.after if numbers.dtype.kind == "f"]
    return kept, [] if recorder.lost else [torch.from_numpy(numbers) for numbers in written[:MOST]]
