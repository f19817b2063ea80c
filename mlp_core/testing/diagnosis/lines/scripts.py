"""Follows scripts: compares every hand-written gradient at the end with autograd's. All of autograd's gradients are
known."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from mlp_core.testing.diagnosis.lines.cases import Case, Output
from mlp_core.testing.subjects.doors.script import ScriptSubject, Seed

NEAR, CASES, SECONDS = 1e-9, 2, 1.0
"""the relative accuracy that counts, the number of seeds that are tried, and the seconds that a followed run may
take"""


def cases(subject: ScriptSubject, examples: Sequence[Any]) -> list[Case]:
    begun = time.process_time()
    subject.run(0)
    if time.process_time() - begun > SECONDS:
        return []
    shifts = dict.fromkeys(e.shift for e in examples if isinstance(e, Seed))
    return [_case(subject, shift) for shift in shifts][:CASES]


def _case(subject: ScriptSubject, shift: int) -> Case:
    """The script with a seed."""
    right = {one.by_hand: one.theirs.double().clone() for one in subject.beside(subject.at(shift))}

    def run(recorder: Any) -> list[Output]:
        with recorder:
            names = subject.run(shift)
        found = [one for one in subject.beside(names) if one.by_hand in right]
        return [Output(f"{one.by_hand}, compared", names[one.by_hand], right[one.by_hand], NEAR) for one in found]

    return Case(run, (), lambda output, depth: list(right.values()))
