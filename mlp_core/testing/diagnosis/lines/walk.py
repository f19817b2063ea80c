"""Follows a wrong number back through the lines that its value depends on."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mlp_core.testing.diagnosis.lines.memory import GIVEN, Memory
from mlp_core.testing.diagnosis.lines.reads import Read
from mlp_core.testing.diagnosis.lines.recorder import Recorder, Run
from mlp_core.testing.diagnosis.lines.statements import Statement

Numbers = np.ndarray[Any, Any]

Right = Callable[[Read, int], bool]
"""whether a value that was read is known to be correct; the number counts the lines from there to the line at fault"""

WRITES, FEEDS = "writes", "feeds"
"""marks of lines: a line that writes a wrong number, and a line whose result went into it and may be wrong"""


@dataclass
class Marked:
    """Runs of lines, by mark."""

    writing: list[Run] = field(default_factory=list)
    feeding: list[Run] = field(default_factory=list)

    def lines(self) -> dict[tuple[str, int, int], str]:
        """The mark of each statement: file, first line, last line."""
        found: dict[tuple[str, int, int], str] = {}
        for mark, runs in ((FEEDS, self.feeding), (WRITES, self.writing)):
            for run in runs:
                found[run.file, run.statement.first, run.statement.last] = mark
        return found


def same(got: Numbers, right: Numbers, near: float) -> bool:
    """Whether numbers equal the correct ones up to rounding. Uninformative numbers, such as zeros, do not count."""
    if got.dtype.kind != "f" or got.size != right.size or not got.size:
        return False
    size = np.abs(right).max()
    if not np.isfinite(size) or np.isin(np.abs(right), (0.0, 0.5, 1.0, 2.0)).all():
        return False
    forms = [right] if got.ndim < 2 else [right, right.T]
    return any(bool((np.abs(got.ravel() - form.ravel()) <= near * size).all()) for form in forms)


def writing(memory: Memory, thing: object, index: tuple[int, ...], since: int = 0) -> set[int]:
    """The line runs that wrote an entry, from the run `since` on."""
    array = memory.arrays.get(id(thing))
    if array is None:
        return set()
    told = memory.cells.get(int(array.addresses[index]) if array.addresses.size else 0, [])
    while GIVEN in told:  # other code wrote the value: all earlier runs are irrelevant
        told = told[told.index(GIVEN) + 1 :]
    told = [run for run in told if run >= since]
    if array.made >= since and array.made > max(told, default=GIVEN):
        return {array.made}
    return {*told, *([array.made] if array.made >= since else [])}


def follow(recorder: Recorder, first: set[int], right: Right, since: int = 0, depth: int = 0) -> Marked:
    """The runs that write, and all that their values depend on, except correct values. depth: the depth of the first
    ones.
    """
    runs, marked = recorder.runs, Marked([recorder.runs[k] for k in sorted(first)])
    seen, ahead = set(first), [(k, depth) for k in sorted(first)]
    while ahead:
        number, depth = ahead.pop(0)
        for one in runs[number].reads:
            known = one.numbers is not None and right(one, depth)
            for writer in (one.picked if known else one.writers) - seen:
                seen.add(writer)
                run = runs[writer]
                if writer < since or (one.numbers is None and run.statement.is_head):
                    continue  # the counter of a loop
                ahead += [] if known else [(writer, depth + 1)]
                marked.feeding.append(run)
    rounds = [head for run in marked.writing for head in _rounds(run.statement)]
    heads = _heads(runs, [*marked.writing, *marked.feeding])
    marked.feeding += [run for head, run in heads.items() if marked.feeding or head in rounds]
    return marked


def _rounds(statement: Statement) -> list[Statement]:
    """The loops around a statement that adds to the same object in every iteration."""
    loops = [head for head in statement.around if isinstance(head.node, ast.For | ast.While)]
    roots = {n.id for r in statement.receivers for n in ast.walk(r) if isinstance(n, ast.Name)}
    aug = statement.receivers and (isinstance(statement.node, ast.AugAssign | ast.Expr))
    return [head for head in loops if aug and not roots & head.binds]


def _heads(runs: Sequence[Run], chosen: Sequence[Run]) -> dict[Statement, Run]:
    """The heads that decide whether a line runs that writes the same place; one run of each."""
    found: dict[Statement, Run] = {}
    stored = {(run.file, name) for run in chosen for name in run.statement.stores}
    functions = {(run.file, run.source.function(run.statement.first)) for run in chosen}
    for run in runs:
        s = run.statement
        if not s.is_head or s in found or not _decides(s.node):
            continue
        inside = (run.file, run.source.function(s.first)) in functions
        if inside and any((run.file, name) in stored for inner in run.source.inside(s) for name in inner.stores):
            found[s] = run
    return found


def _decides(head: ast.stmt) -> bool:
    """Whether a head decides whether, how often or in which order lines run. A loop over all elements does not."""
    if isinstance(head, ast.For):
        parts = list(ast.walk(head.iter))
        calls = {part.func.id for part in parts if isinstance(part, ast.Call) and isinstance(part.func, ast.Name)}
        return bool(calls & {"range", "reversed", "zip", "enumerate"}) or any(isinstance(p, ast.Slice) for p in parts)
    return isinstance(head, ast.If | ast.While | ast.Match)
