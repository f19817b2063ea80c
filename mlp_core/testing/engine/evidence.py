"""The result of a law on one example: evidence, or a failure."""

from __future__ import annotations

import sys
import traceback
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

NOT_THEIRS = tuple(
    str(Path(spec.origin).parent)
    for spec in map(find_spec, ("mlp_core", "torch", "traceback")) if spec is not None and spec.origin is not None
)  # fmt: skip
"""folders of code that is not the subject's: this package's, torch's and Python's"""


@dataclass
class Evidence:
    """The result of one example: the error relative to its bound, and the number of compared entries."""

    error: float = 0.0
    """the largest absolute error among the entries compared"""
    ratio: float = 0.0
    """the largest error divided by its bound; 0 if both are exact"""
    entries: int = 0
    skipped: int = 0
    by_bound: int = 0
    """tensors for which the rounding bound decided, not the relative error"""
    tensors: int = 0
    counted: bool = True
    """False for an example that the law cannot check"""
    seen: frozenset[str] = frozenset()
    """which of the law's cases this example showed"""
    disputed: int = 0
    """entries that are skipped because two oracles contradict each other"""
    note: str = ""
    """a remark about this example, which is not a failure"""
    untested: str = ""
    """a part of the subject that cannot be tested, and what would help; without a failure, the law is then untested"""

    def join(self, more: Evidence, *, silent: int = 0) -> None:
        """Add the result of another comparison, without `silent` entries that were skipped."""
        self.entries += more.entries - silent
        self.error, self.ratio = max(self.error, more.error), max(self.ratio, more.ratio)


class Broken(AssertionError):
    """A law fails on an example: where, got, expected, and lines that reproduce it. measured: a description of the
    failure with measured numbers, for a failure that no known mistake explains."""

    example: Any = None
    """the example that the failure describes, if the law derived it from the given one"""

    numbers: str = ""
    """further numbers of the example that the law knows, in words"""

    others: tuple[Any, ...] = ()
    """other examples on which the law failed, the first ones found"""

    def __init__(
        self, where: str, got: object, expected: object, *, closing: str = "", note: str = "", measured: str = ""
    ) -> None:  # fmt: skip
        super().__init__(f"{where}: got {got}, expected {expected}")
        self.where, self.got, self.expected, self.closing, self.note = where, str(got), str(expected), closing, note
        self.measured = measured


class Raised(Broken):
    """The subject raised an exception of its own."""

    def __init__(self, error: Exception) -> None:
        super().__init__("the call itself", f"{type(error).__name__}: {error}", "no exception", note=place_of(error))


class Beyond(AttributeError):
    """The subject used an attribute that such an argument may have, but this one does not have. Nothing is known about
    the subject then."""


def place_of(error: BaseException) -> str:
    """The line that raised an error: the last line in the subject's own file, if there is one. A line of an installed
    package is named only if no other line is the subject's.
    """
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(NOT_THEIRS)]
    written = [frame for frame in own if not {"site-packages", "dist-packages"} & set(Path(frame.filename).parts)]
    return "".join(f"{_shown(f.filename)}, line {f.lineno}: {f.line}" for f in (written or own or frames)[-1:])


def _shown(file: str) -> str:
    """The name of a file. A cell of IPython has no file, and is shown by its number: In[3]."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    cell = shell.compile.format_code_name(file) if shell is not None else None
    return cell[1] if cell is not None else Path(file).name


class Rejected(BaseException):
    """An example that a law cannot check, and a remark about why. Code that catches the exceptions of a subject does
    not catch this one.
    """

    def __init__(self, cause: object = "", *, note: str = "") -> None:
        super().__init__(cause)
        self.note = note
