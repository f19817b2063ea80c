"""Follows gradients in all other forms, and compares each with the derivative of the forward or with autograd."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mlp_core.testing.diagnosis.door_relations import Seen
from mlp_core.testing.diagnosis.doors import WITNESSES, generic
from mlp_core.testing.diagnosis.functions import slopes
from mlp_core.testing.diagnosis.lines.cases import Case, Output, telling
from mlp_core.testing.diagnosis.relations import NEAR
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.foreign_arrays import tensor_of
from mlp_core.testing.examples.inputs import Inputs
from mlp_core.testing.subjects.doors.derivative import Elementwise
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.pulled import Pulled, pulled, wide
from mlp_core.testing.subjects.doors.value_and_gradient import Derived
from mlp_core.testing.subjects.functions import FunctionSubject

LARGEST = 200
"""the largest number of entries in an example's arrays"""


def of_forms(subject: Form, examples: Sequence[Any]) -> list[Case]:
    own = [wide(e) for e in examples if isinstance(e, Arguments)]
    several = [generic(e, seed) for e in reversed(own) for seed in range(WITNESSES)][: 3 * WITNESSES] + own
    several = [e for e in several if sum(tensor_of(e.at(p)).numel() for p in e.paths()) <= LARGEST]
    several.sort(key=lambda e: telling([tensor_of(e.at(p)) for p in e.paths()]), reverse=True)
    found = (_of_form(subject, e) for e in several[: 2 * WITNESSES])
    cases = [case for case in found if case is not None][:WITNESSES]
    if not cases and subject.again is not None:  # a new object is right
        both = ((earlier, e) for e in several[:WITNESSES] for earlier in reversed(subject.again.earlier(e)))
        again = (_of_form(subject.used(earlier), e) for earlier, e in both)
        cases = [case for case in again if case is not None]
    return cases


def _of_form(subject: Form, example: Arguments) -> Case | None:
    """An example on which the gradients are wrong; None if they are correct."""
    try:
        seen = Seen.on(subject, example, pulled(subject, example))
    except Broken:
        return None
    if seen is None or not seen.wrong():
        return None
    if isinstance(subject.run, Derived | Elementwise) and len(seen.got.gradients) == 1:
        return _of_slopes(subject, subject.run, seen)
    right = seen.right(seen.got.cut())

    def run(recorder: Any) -> list[Output]:
        with recorder:
            got: Pulled = pulled(subject, example)
        return [Output(f"gradient of {g.name}", g.value, e, NEAR) for g, e in zip(got.gradients, right, strict=True)]

    return Case(run, (), near=NEAR)


def _of_slopes(subject: Form, both: Derived | Elementwise, seen: Seen) -> Case:
    """A function and its derivative: what the derivative returns is followed, not its product with other numbers."""
    (matrix,), (one,) = seen.jacobian, seen.got.gradients
    right = (matrix.diagonal() if isinstance(both, Elementwise) else matrix.T).flatten()  # outputs by entries

    def run(recorder: Any) -> list[Output]:
        args = seen.example.fresh()
        with subject.guarded(args), recorder:
            several = both.slopes(args)
        each = right.split([np.size(found) for found in several])
        pairs = zip(several, each, strict=True)
        return [Output(f"gradient of {one.name}", found, e.reshape(np.shape(found)), NEAR) for found, e in pairs]

    return Case(run, (both.df if isinstance(both, Elementwise) else both.jac,), near=NEAR)


def of_functions(subject: FunctionSubject, examples: Sequence[Any]) -> list[Case]:
    several = [e for e in examples if isinstance(e, Inputs) and sum(p.numel() for p in e.params) <= LARGEST]
    several.sort(key=lambda e: telling(list(e.params)), reverse=True)
    return [_of_function(subject, e) for e in several[:WITNESSES]]


def _of_function(subject: FunctionSubject, inputs: Inputs) -> Case:
    right = slopes(subject, inputs)

    def run(recorder: Any) -> list[Output]:
        with recorder:
            got = subject.by_hand(inputs)
        return [Output(n, g, e, NEAR) for n, g, e in zip(inputs.names(), got, right, strict=True)]

    return Case(run, (subject.gradient,), near=NEAR)
