"""Runs in the process of a hand-in: loads it, checks its laws, and sends every event as JSON."""

from __future__ import annotations

import inspect
import os
import sys
import time
from collections.abc import Callable, Sequence
from json import dumps
from pathlib import Path
from typing import Any

import torch

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.engine.database import Memory
from mlp_core.testing.engine.evidence import Raised, place_of
from mlp_core.testing.engine.groups import BATCH, SIZE
from mlp_core.testing.engine.law import Law
from mlp_core.testing.engine.result import Result
from mlp_core.testing.foreign.data_files import brought, missing
from mlp_core.testing.foreign.joint import as_joint
from mlp_core.testing.foreign.limits import Large, Limits, Slow, Stopped, contain, few_processes, guarded
from mlp_core.testing.foreign.load import loaded
from mlp_core.testing.foreign.told import row
from mlp_core.testing.foreign.top_level import Found
from mlp_core.testing.foreign.unguarded import subject_of
from mlp_core.testing.foreign.used import as_used
from mlp_core.testing.report.names import split
from mlp_core.testing.subjects.course import CourseSubject
from mlp_core.testing.subjects.doors.asked import shapes_asked

PRINTED = 300
"""the number of characters printed by a hand-in that are kept"""


UNREADABLE = b"?"
"""is sent if an event cannot be written as JSON"""


class Printed:
    """Replaces a stream: it counts what is written, and keeps the beginning."""

    def __init__(self) -> None:
        self.lines, self.text = 0, ""

    def write(self, text: str) -> int:
        self.lines += text.count("\n")
        self.text += text[: max(0, PRINTED - len(self.text))]
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False

    def notes(self) -> list[str]:
        """The printed lines, in words."""
        first = self.text.strip().split("\n")[0]
        return [f"it prints: {self.lines} lines in all, first {first[:80]!r}"] if self.text else []


class Folder:
    """The working folder of a hand-in, with a file in it. Changes to both are recorded."""

    def __init__(self, path: Path, brought: Sequence[Path] = ()) -> None:
        self.path, self.own, self.removed = path, path / "kept.txt", False
        self.brought = {one.relative_to(path).parts[0] for one in brought}
        if not self.own.exists():
            self.own.write_text("not yours to remove")

    def keep(self) -> None:
        """Create the folder again if it was removed, because code cannot work in a missing folder."""
        if not self.own.exists():
            self.removed = True
            self.path.mkdir(exist_ok=True)
            os.chdir(self.path)
            self.own.write_text("not yours to remove")

    def notes(self) -> list[str]:
        """The changes to the folder, in words."""
        brought = {self.own.name, *self.brought}
        written = sorted(path.name for path in self.path.iterdir() if path.name not in brought)
        removed = ["it removes files of its working folder"] if self.removed else []
        return removed + ([f"it writes files: {', '.join(written[:5])}"] if written else [])


def run(send: Callable[[bytes], None], name: str, scratch: Path, limits: Limits, options: dict[str, Any]) -> None:
    """Verify "file:name" and send the events: the laws, the law that runs, each result, and notes at the end."""
    printed, folder = _silenced(), Folder(scratch, brought(name, scratch))
    contain(limits, scratch)
    few_processes()
    torch.set_num_threads(1)
    sys.argv = [str(split(name)[0])]  # a script gets no options, those of this command least of all

    own = os.getpid()

    def tell(**event: Any) -> None:
        if os.getpid() != own:
            os._exit(0)  # a fork of this process made by the hand-in: only one sends events
        try:
            message = dumps(event).encode()
        except Exception:  # the hand-in has patched something this needs
            message = UNREADABLE
        send(message)

    deadline = time.monotonic() + limits.total
    try:
        found, things = guarded(loaded, lambda: limits.call)(name)
        _behind(Path(name).parent)

        def left() -> float:
            return max(1.0, min(limits.call, deadline - time.monotonic()))

        things = [guarded(thing, left, folder.keep) if inspect.isroutine(thing) else thing for thing in things]
        first, step = options["share"]
        try:
            with shapes_asked(options.get("shapes")):
                laws = laws_of(found, things, options["largest"], options["laws"])[first::step]
        except ArgumentError as error:
            tell(refused=" ".join(error.line.split()), paste=error.paste)
            return
    except Exception as error:
        raised = Raised(error)
        got = missing(error) or raised.got
        tell(failed=f"{got} ({raised.note})" if raised.note else got)
        return
    except Stopped as late:
        tell(failed=f"{late} ({place_of(late)})")
        return
    course = bool(laws) and isinstance(laws[0].subject, CourseSubject)
    reading = laws[0].subject.reading if course else getattr(laws[0].subject, "found", "") if laws else ""
    tell(laws=[[law.name, law.statement, law.group, law.judges] for law in laws], course=course, reading=reading)
    memory = Memory()
    for index, law in enumerate(laws):
        if time.monotonic() > deadline:
            tell(stopped=limits.total)
            return
        tell(running=index)
        try:
            assert law.runs is not None
            result = law.runs(
                law, examples=options["examples"], seed=options["seed"], memory=memory,
                progress=_in_time(limits.large) if law.group == SIZE else None,
            )  # fmt: skip
        except (Stopped, Slow) as late:
            if law.group != SIZE:  # these would only show that it is slow
                tell(index=index, late=[str(late), place_of(late), isinstance(late, Large)])
                return
            slow = f"too slow for networks of hundreds of units: {late}"
            result = Result(law.name, law.statement, name, law.group, "SKIP", slow, judges=law.judges)
        tell(index=index, result=row(result))
    tell(notes=[*printed.notes(), *folder.notes()])


def _behind(folder: Path) -> None:
    """Move the file's folder to the end of the import path: a hand-in's `random.py` must not replace Python's."""
    for path in {str(folder), str(folder.resolve())} & set(sys.path):
        sys.path.remove(path)
        sys.path.append(path)


def _in_time(seconds: float) -> Callable[[Result], None]:
    """A function to call after each example. It raises Slow if they together took more than `seconds` of work."""
    begun = time.process_time()

    def check(result: Result) -> None:
        if time.process_time() - begun > seconds:
            raise Slow(f"{result.examples} examples took {seconds:.0f} s")

    return check


def laws_of(found: Found, things: list[Any], largest: int, laws_for: Callable[[Any], list[Law]]) -> list[Law]:
    """The laws of a loaded subject, with the law that a slow subject may not finish at the end. A function of the
    course is checked on single samples, as the course requires, and separately on batches of up to `largest`.
    """
    subject = as_joint(as_used(subject_of(found, things, (1, largest)), things))
    laws: list[Law] = laws_for(subject)
    if isinstance(subject, CourseSubject):
        alone = [law for law in laws_for(found.make(*things, (1, 1))) if law.group != BATCH]
        laws = alone + [law for law in laws if law.group == BATCH]
    return sorted(laws, key=lambda law: law.group == SIZE)


def _silenced() -> Printed:
    """Redirect standard input, output and error to nowhere; output of Python code is counted."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    printed = Printed()
    sys.stdout = sys.stderr = printed
    return printed
