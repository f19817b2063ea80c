"""Records the events that the process of a hand-in sends. They are JSON, so that nothing is unpickled, and text is
escaped, so that it cannot move a cursor."""

from __future__ import annotations

import json
import re
import signal
from dataclasses import dataclass, field, fields, replace
from typing import Any

from mlp_core.testing.engine.result import Result
from mlp_core.testing.engine.shortage import NO_DEVICE
from mlp_core.testing.foreign.family import MOST, TOO_MANY
from mlp_core.testing.report.escape import escaped

LOADS = "can be loaded", "The definition and the code that it uses from its file can be run."

FOUND = "has something to verify", "There is a definition in the file that can be verified."

TIME, MEMORY = "make every call return", "use less memory"
DEVICE = "use the CPU if torch.cuda.is_available() is False"
INSTALL = (
    "install the package that contains this module in the environment of mlp_core, put the module into the folder of "
    "the file, or do not import it"
)
RELATIVE = (
    "this is a relative import: put {} into the folder {} the file, or copy the code that you use from it into the file"
)
AT_LOADING = (
    ("EOFError: input()", "", "replace input() by a value"),
    ("SystemExit", "parse_args", "the file gets no command-line options: replace them by values, as in parse_args([])"),
    ("SystemExit", "", 'remove this line, or move it below `if __name__ == "__main__":`'),
    ("NameError", "", "define it above this line: the file is run by itself, from top to bottom"),
    ("it reads ", "", "or use a few numbers instead"),
    ("ModuleNotFoundError", "", INSTALL),
)
"""the beginning of an error at loading, what its words contain, and what would help"""
FASTER, ALONE, ON = "make calls faster", "make sure that the file loads on its own", "run it again"
NAMES, PLAINLY = "define or name one of them", "do not change the process in which it runs"
"""advice on what would help"""

NOT_BACK = "not run: an earlier call did not return"

SHORT_OF = {"SIGKILL": ("used too much memory", MEMORY), "SIGXCPU": ("took too long", TIME)}
"""per signal with which the system ends a process: the probable reason, and what would help"""


@dataclass
class HandIn:
    """The results of one subject in a file."""

    name: str
    course: bool = False
    """whether it is a function of the course"""
    results: list[Result] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    reading: str = ""
    """how two parameters were assigned if their names leave it open"""
    refused: str = ""
    """the reason why it is not recognised after all; it is then not judged"""
    paste: str = ""
    """lines of Python that would have it recognised"""


@dataclass
class Told:
    """The description of a law that a process sends before it checks the law."""

    name: str
    statement: str
    group: str = ""
    judges: bool = False

    def result(self, hand_in: HandIn, **options: Any) -> Result:
        return Result(self.name, self.statement, hand_in.name, self.group, judges=self.judges, **options)


def _loadable(words: str) -> str:
    """The advice about a file that cannot be loaded, by the error and the line in its words.

    >>> _loadable("ModuleNotFoundError: No module named 'week1.layers' (net.py, line 1: from .layers import *)")[:61]
    'this is a relative import: put layers.py into the folder of t'
    """
    found = re.search(r": from (\.+)([\w.]*) import (\w*)", words)
    if words.startswith(("ImportError", "ModuleNotFoundError")) and found is not None:
        dots, module, name = found.groups()
        return RELATIVE.format(f"{(module or name).replace('.', '/')}.py", "of" if dots == "." else "above that of")
    if any(said in words for said in NO_DEVICE):
        return DEVICE
    helps = (help_ for begin, part, help_ in AT_LOADING if words.startswith(begin) and part in words)
    return next(helps, ALONE)


def refused(name: str, why: str) -> HandIn:
    """A hand-in without anything to verify."""
    hand_in = HandIn(name, refused=escaped(why))
    hand_in.results = [untested(hand_in, Told(*FOUND), hand_in.refused, NAMES)]
    return hand_in


class Listener:
    """Records the events of one process, in order."""

    def __init__(self, hand_in: HandIn) -> None:
        self.hand_in = hand_in
        self.laws: list[Told] = []
        self.running = 0

    def take(self, message: bytes) -> bool:
        """Record an event; returns whether it was the last. An event that cannot be read ends the hand-in."""
        try:
            return self._take(escaped(json.loads(message)))
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
            self.short("the output of its process cannot be read", PLAINLY)
            return True

    def _take(self, event: dict[str, Any]) -> bool:
        hand_in = self.hand_in
        match event:
            case {"refused": why, "paste": paste}:
                hand_in.refused, hand_in.paste = why, paste
                hand_in.results = [untested(hand_in, Told(*FOUND), why, NAMES)]
                return True
            case {"failed": words}:
                hand_in.results = [untested(hand_in, Told(*LOADS), words, _loadable(words))]
                return True
            case {"laws": laws, "course": course, "reading": reading}:
                self.laws, hand_in.course, hand_in.reading = [Told(*law) for law in laws], course, reading
            case {"running": running}:
                self.running = range(len(self.laws))[running]
            case {"late": [words, place, memory]}:
                self.short(f"the code {words}: {place}", MEMORY if memory else TIME)
                return True
            case {"stopped": seconds}:
                over = f"the limit of {seconds:.0f} s for all calls was reached"
                hand_in.results.append(
                    untested(hand_in, self.laws[len(hand_in.results)], f"{over} before this law", FASTER)
                )  # fmt: skip
                self.rest(f"not run: {over}")
                return True
            case {"result": row}:
                hand_in.results.append(replace(result_of(row), subject=hand_in.name))
            case {"notes": notes}:
                hand_in.notes = notes
                return True
        return False

    def ended(self, status: str) -> None:
        """The process ended. If it was loading, or lacked time or memory, nothing is known; otherwise the running law
        fails.
        """
        hand_in, words = self.hand_in, f"its process ended ({status})"
        probably, helps = SHORT_OF.get(status.removeprefix("by signal "), ("", ""))
        if status == f"exit status {TOO_MANY}":
            self.short(f"the code started more than {MOST} processes and was stopped", PLAINLY)
        elif not self.laws:
            hand_in.results.append(untested(hand_in, Told(*LOADS), words, ALONE))
        elif probably:
            self.short(f"{words}, probably because it {probably}", helps)
        else:
            hand_in.results.append(
                self.laws[self.running].result(
                    hand_in, verdict="FAIL", reason="broken", where="the call itself", got=words,
                    expected="a call that returns without an exception",
                )
            )  # fmt: skip
            self.rest(NOT_BACK)

    def short(self, words: str, helps: str) -> None:
        """Time or memory ran out: the running law is untested, and the later ones were not run."""
        law = self.laws[self.running] if self.laws else Told(*LOADS)
        self.hand_in.results.append(untested(self.hand_in, law, words, helps))
        self.rest(NOT_BACK)

    def interrupted(self) -> None:
        """The run was interrupted: finished laws are kept."""
        if len(self.hand_in.results) < len(self.laws):
            self.running = len(self.hand_in.results)
            self.hand_in.results.append(untested(self.hand_in, self.laws[self.running], "it was interrupted", ON))
            self.rest("not run: interrupted")

    def rest(self, why: str) -> None:
        """The laws that were not run."""
        for law in self.laws[len(self.hand_in.results) :]:
            self.hand_in.results.append(law.result(self.hand_in, verdict="SKIP", reason=why))


def untested(hand_in: HandIn, law: Told, words: str, helps: str) -> Result:
    """A result that says that a law could not be tested, the reason, and what would help."""
    return law.result(hand_in, verdict="UNTESTED", got=words, reason=f"{words}; {helps}")


def row(result: Result) -> dict[str, Any]:
    """A result as JSON; `result_of` converts it back."""
    values = {f.name: getattr(result, f.name) for f in fields(result)}
    return {**values, "seen": sorted(values["seen"])}


def result_of(row: dict[str, Any]) -> Result:
    """The result that `row` gave."""
    return Result(**{**row, "seen": set(row["seen"])})


def status_of(code: int | None) -> str:
    """How a process ended, in words."""
    if code is not None and code < 0:
        return f"by signal {signal.Signals(-code).name}"
    return f"exit status {code}"
