"""The lines at fault in a failure: those of the subject's own functions that write the wrong value."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlp_core.testing.subjects
from mlp_core.testing.diagnosis.lines.cases import Case, Output
from mlp_core.testing.diagnosis.lines.memory import GIVEN, Lost, view_of
from mlp_core.testing.diagnosis.lines.reads import Read
from mlp_core.testing.diagnosis.lines.recorder import Recorder, Repair, Run, own_files
from mlp_core.testing.diagnosis.lines.walk import Marked, Right, follow, same, writing

TRIED, SECONDS = 60, 3.0
"""the largest number of runs in which one number is corrected, and the largest time for them in seconds"""


WRAPPING = str(Path(mlp_core.testing.subjects.__file__).parent)
"""the folder of the code that calls the subject"""


@dataclass
class Followed:
    """One recorded run, its outputs, and the output that is followed."""

    case: Case
    recorder: Recorder
    outputs: list[Output]

    @classmethod
    def of(cls, case: Case, repair: Repair | None = None) -> Followed | None:
        recorder = Recorder(own_files(*case.own), repair)
        outputs = case.run(recorder)
        return None if recorder.lost else cls(case, recorder, outputs)

    def wrong(self) -> list[Output]:
        return [one for one in self.outputs if one.wrong() is not None]

    def right(self, target: Output) -> Right:
        """Whether a value that is read on the way to an output is correct."""

        def known(one: Read, depth: int) -> bool:
            several = self.case.known(target, depth)
            assert one.numbers is not None
            return any(same(one.numbers, t.detach().double().numpy(), self.case.near) for t in several)

        return known

    def marked(self, target: Output) -> Marked | None:
        """The lines that write the wrong entry of an output, and the lines that its value depends on."""
        index = target.wrong()
        first = writing(self.recorder.memory, target.thing, index or (), target.since) if index is not None else set()
        if index is not None and view_of(target.thing) is None:  # numbers without an array
            first = set(self.recorder.returning[-1:])
        if not first:
            return None
        first = self.case.begin(self.recorder, target, first) | self._placing(target)
        marked = follow(self.recorder, first, self.right(target), target.since)
        return self._put_right(marked, target) if marked.feeding else marked

    def _placing(self, target: Output) -> set[int]:
        """If the numbers equal those of another output, the runs that put that output in the place of this one."""
        view = view_of(target.thing)
        others = [one.expected.detach().double().numpy() for one in self.outputs if one is not target]
        if view is None or not any(same(view, other, target.near) for other in others):
            return set()
        memory = self.recorder.memory
        there = {
            run for number, (_, parts) in memory.holders.items() for key, value in parts.items()
            if value is target.thing and (run := memory.places.get((number, key), GIVEN)) != GIVEN
        }  # fmt: skip
        return there or set(self.recorder.returning[-1:])

    def _put_right(self, marked: Marked, target: Output) -> Marked:
        """If correcting one intermediate number makes the output correct, and no other output wrong, the line that
        writes this number is at fault, and no line after it.
        """
        begun = time.process_time()
        tried, before = 0, {one.name for one in self.wrong()}
        for run in sorted(marked.feeding, key=lambda run: run.number):
            for place, array in enumerate(run.wrote):
                for step in self.case.steps(target):
                    numbers = step.detach().double().numpy()
                    if numbers.shape != array.view.shape or array.view.dtype.kind != "f" or tried >= TRIED:
                        continue
                    if time.process_time() - begun > SECONDS:
                        return marked
                    tried += 1
                    again = Followed.of(self.case, Repair(run.number, place, numbers))
                    if again is None or not {one.name for one in again.wrong()} <= before - {target.name}:
                        continue
                    first = writing(self.recorder.memory, array.thing, (0,) * array.view.ndim, target.since)
                    own = {k for k in first if k <= run.number} or {run.number}
                    return follow(self.recorder, own, self.right(target), target.since, depth=1)
        return marked


def found(cases: Sequence[Case], where: str) -> dict[str, Any] | None:
    """The lines at fault as JSON, from the first case that shows them. where: the wrong output, in words that contain
    its name. Raises Lost if the subject runs too many lines to be followed.
    """
    for case in cases:
        one = Followed.of(case)
        if one is None:
            raise Lost  # the other examples run the same lines, and each takes seconds
        if not (wrong := one.wrong()):
            continue
        named = [o for o in wrong if o.name and o.name in where] or wrong
        marked = one.marked(named[0])
        if marked is not None:
            return shown(marked)
    return None


def _unwrapped(marked: Marked) -> Marked:
    """The same without lines of this package that only call the subject's code and copy its results. If those write the
    value, the last line of the subject's own that led to it does.
    """
    writing, feeding = (
        [run for run in runs if not run.file.startswith(WRAPPING)] for runs in (marked.writing, marked.feeding)
    )
    if marked.writing and not writing and feeding:
        last = max(feeding, key=lambda run: (bool(run.wrote), run.number))
        return Marked([last], [run for run in feeding if run is not last])
    return Marked(writing, feeding)


def shown(marked: Marked) -> dict[str, Any] | None:
    """The function with the strongest mark, its lines with their marks, and the places of other marks."""
    marked = _unwrapped(marked)
    writers = marked.writing
    if not writers:
        return None
    return told(writers[-1], marked.lines())


def told(run: Run, lines: dict[tuple[str, int, int], str]) -> dict[str, Any]:
    first, last, name = run.source.function(run.statement.first)
    if not name:  # a script: its lines from the first marked one to the last
        outside = [line for file, *both in lines if file == run.file and _at_top(run, both[0]) for line in both]
        first, last = min([first, *outside]), max([last, *outside])
    marks, others = list[list[Any]](), dict[str, list[int]]()
    for (file, begin, end), mark in sorted(lines.items()):
        if file == run.file and first <= begin <= last and (name or _at_top(run, begin)):
            marks += [[line, mark] for line in range(begin, end + 1)]
        else:
            others.setdefault(place_of(file), []).append(begin)
    return {
        "file": place_of(run.file), "function": name, "first": first, "source": run.source.lines[first - 1 : last],
        "marks": marks, "elsewhere": [[file, numbers] for file, numbers in others.items()],
    }  # fmt: skip


def _at_top(run: Run, line: int) -> bool:
    return not run.source.function(line)[2]


def place_of(file: str) -> str:
    """The name of a file; for a cell of a notebook, its number."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    cell = shell.compile.format_code_name(file) if shell is not None else None
    return str(cell[1]) if cell is not None else Path(file).name
