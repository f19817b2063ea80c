"""Records every run of a line of the subject's own code: what it read and what it wrote. It runs only after a
failure."""

from __future__ import annotations

import ast
import inspect
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import Any

import numpy as np

from mlp_core.testing.diagnosis.lines.memory import GIVEN, Array, Lost, Memory, addresses_of, view_of
from mlp_core.testing.diagnosis.lines.reads import Read, read, region
from mlp_core.testing.diagnosis.lines.statements import Source, Statement, source_of
from mlp_core.testing.engine.evidence import NOT_THEIRS

LIBRARIES = (
    *NOT_THEIRS,
    *(sysconfig.get_path(kind) for kind in ("stdlib", "purelib", "platlib")),
    "<frozen",
    "<string",
)

RUNS = 6000
"""the largest number of line runs that are followed"""


def own_files(*things: Any) -> Callable[[str], bool]:
    """Whether a file belongs to the subject: the file of one of the objects, or a file outside of all libraries."""
    plain = (inspect.unwrap(thing) if callable(thing) else thing for thing in things)
    codes = (getattr(getattr(thing, "__func__", thing), "__code__", None) for thing in plain)
    own = {code.co_filename for code in codes if code is not None}
    return lambda file: file in own or not file.startswith(LIBRARIES)


@dataclass(eq=False)
class Run:
    """One run of a statement."""

    number: int
    file: str
    source: Source
    statement: Statement
    reads: list[Read] = field(default_factory=list)
    wrote: list[Array] = field(default_factory=list)
    """the arrays that it created or changed, in order"""
    after: list[tuple[int, np.ndarray[Any, Any]]] = field(default_factory=list)
    """for each of these: its id, and its numbers at that time"""


@dataclass(eq=False)
class Level:
    """A frame of the subject's code."""

    frame: FrameType
    source: Source
    outer: Level | None
    names: dict[str, int] = field(default_factory=dict)
    """the line runs that bound its local names"""
    values: dict[str, Any] = field(default_factory=dict)
    run: Run | None = None


@dataclass
class Repair:
    """A correction: in the run with that number, the array at that place in its output receives these numbers."""

    run: int
    place: int
    numbers: np.ndarray[Any, Any]


class Recorder:
    """A context in which the lines of the subject's own files are recorded, in this thread. lost: whether there were
    too many.
    """

    def __init__(self, own: Callable[[str], bool], repair: Repair | None = None) -> None:
        self.own, self.repair = own, repair
        self.memory, self.runs, self.lost = Memory(), list[Run](), False
        self.levels: dict[int, Level] = {}
        self.returning = list[int]()
        """runs in which a function of the subject returned a value to other code"""
        self.modules: dict[int, dict[str, int]] = {}
        """the runs that bound the names of a module, which is run statement by statement"""
        self._theirs: dict[str, bool] = {}

    def __enter__(self) -> Recorder:
        self._before = sys.gettrace()
        sys.settrace(self._called)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        sys.settrace(self._before)
        if not self.lost:
            self._guarded(self.memory.update, GIVEN)

    def _guarded(self, act: Callable[..., Any], *args: Any) -> None:
        """Call a function, and stop recording if it fails: an error in here must not reach the subject."""
        try:
            act(*args)
        except Exception:
            self.lost = True
            sys.settrace(self._before)

    def _called(self, frame: FrameType, event: str, arg: Any) -> Any:
        file = frame.f_code.co_filename
        if file not in self._theirs:
            self._theirs[file] = self.own(file)
        if self.lost or not self._theirs[file]:
            return None
        self._guarded(self._enter, frame)
        return None if self.lost or id(frame) not in self.levels else self._event

    def _enter(self, frame: FrameType) -> None:
        source = source_of(frame.f_code.co_filename, frame.f_code.co_firstlineno)
        if source is None or id(frame) in self.levels:
            return
        outer, above = None, frame.f_back
        while above is not None and outer is None:
            outer, above = self.levels.get(id(above)), above.f_back
        caller = outer.run.number if outer is not None and outer.run is not None else GIVEN
        self.memory.update(GIVEN)
        at_top = frame.f_locals is frame.f_globals
        level = Level(frame, source, outer, self.modules.setdefault(id(frame.f_globals), {}) if at_top else {})
        for name, value in frame.f_locals.items():
            if name not in level.names and id(value) not in self.memory.arrays and id(value) not in self.memory.holders:
                level.names[name] = caller
        self.memory.look(frame.f_locals.values(), caller)
        level.values = dict(frame.f_locals)
        self.levels[id(frame)] = level

    def _event(self, frame: FrameType, event: str, arg: Any) -> Any:
        if self.lost:
            return None
        if event in ("line", "return"):
            self._guarded(self._went_on, frame, event, arg)
        return self._event

    def _went_on(self, frame: FrameType, event: str, arg: Any) -> None:
        level = self.levels.get(id(frame))
        if level is None:
            return
        statement = level.source.at(frame.f_lineno)
        run = level.run
        if event == "line" and run is not None and statement is run.statement and not statement.is_head:
            same_line = frame.f_lineno == run.statement.first and run.statement.first == run.statement.last
            if not same_line:
                return  # a statement of several lines continues
        if run is not None:
            self._finish(level, run)
            if event == "return":
                run.wrote += self.memory.look([arg], run.number)
            self._mend(run)
            run.after = [(id(array.thing), array.view.copy()) for array in run.wrote]
        if event == "line":
            self._begin(level, statement)
            return
        if run is not None:
            if level.outer is None and arg is not None:
                self.returning.append(run.number)
            if level.outer is not None and level.outer.run is not None:
                made = Read("", None, frozenset({run.number, *self.memory.writers(arg)}))
                level.outer.run.reads.append(made)
        if not frame.f_code.co_flags & 0x20:  # a generator resumes later
            del self.levels[id(frame)]
            self.memory.holders.setdefault(id(frame), (frame, {}))  # kept alive, so that its id is not reused

    def _begin(self, level: Level, statement: Statement | None) -> None:
        if statement is None:
            level.run = None
            return
        if len(self.runs) >= RUNS:
            raise Lost
        run = Run(len(self.runs), level.frame.f_code.co_filename, level.source, statement)
        self.runs.append(run)
        level.run = run
        run.reads = [read(chain, level.frame, self.memory, level.names) for chain in statement.reads]

    def _finish(self, level: Level, run: Run) -> None:
        memory = self.memory
        run.wrote += memory.update(run.number)
        for name, value in level.frame.f_locals.items():
            if name in run.statement.binds or level.values.get(name, self) is not value:
                level.names[name] = run.number
                run.wrote += memory.look([value], run.number)
        level.values = dict(level.frame.f_locals)
        for chain in run.statement.receivers:
            part = region(chain, level.frame) if self._in_place(chain, run.statement, level.frame) else None
            view = None if part is None else view_of(part)
            if view is not None:  # it may have the same numbers as before
                memory.write(addresses_of(view), run.number)

    def _mend(self, run: Run) -> None:
        if self.repair is not None and self.repair.run == run.number and self.repair.place < len(run.wrote):
            run.wrote[self.repair.place].view[...] = self.repair.numbers
            self.memory.update(run.number)

    @staticmethod
    def _in_place(chain: ast.expr, statement: Statement, frame: FrameType) -> bool:
        """Whether a statement writes into an array, and does not put it in the place of another."""
        if isinstance(statement.node, ast.AugAssign) or not isinstance(getattr(chain, "ctx", None), ast.Store):
            return True
        return isinstance(chain, ast.Subscript) and region(chain.value, frame) is not None
