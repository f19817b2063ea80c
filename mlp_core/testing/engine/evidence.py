"""What one example of a law shows: evidence, or where the law is broken."""

from __future__ import annotations

import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

import mlp_core

NOT_THEIRS = tuple(str(Path(module.__file__ or "").parent) for module in (mlp_core, torch, traceback))
"""folders of code that is not the subject's: ours, torch's, Python's"""


@dataclass
class Evidence:
    """What one example showed: how near the error came to its bound, how many entries were compared."""

    error: float = 0.0
    """the largest absolute error among the entries compared"""
    ratio: float = 0.0
    """the largest error divided by its bound; 0 where both are exact"""
    entries: int = 0
    skipped: int = 0
    by_bound: int = 0
    """tensors whose relative error did not decide, but the bound"""
    tensors: int = 0
    counted: bool = True
    """False for an example on which the law says nothing"""
    seen: frozenset[str] = frozenset()
    """which of the law's cases this example showed"""
    disputed: int = 0
    """entries that are skipped because two oracles contradict each other"""
    note: str = ""
    """what is to be told of this example, although it breaks nothing"""

    def join(self, more: Evidence, *, silent: int = 0) -> None:
        """Take up what another comparison showed, but for `silent` of its entries, about which nothing is said."""
        self.entries += more.entries - silent
        self.error, self.ratio = max(self.error, more.error), max(self.ratio, more.ratio)


class Broken(AssertionError):
    """A law does not hold on an example: where, got, expected, and the lines that show it again. measured: what is
    wrong, in words and numbers of what was measured, for a failure that no known mistake explains."""

    example: Any = None
    """the example the lines are about, where the law made it out of the one it was given"""

    others: tuple[Any, ...] = ()
    """other examples on which the law was broken, the first ones found"""

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
    """The subject asked for what a thing like the one it was handed may have, and this one has not: nothing is known of
    the subject then."""


def place_of(error: BaseException) -> str:
    """The line that raised an error, in the subject's own file where one of its lines was running."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(NOT_THEIRS)]
    return "".join(f"{_shown(f.filename)}, line {f.lineno}: {f.line}" for f in (own or frames)[-1:])


def _shown(file: str) -> str:
    """A file by its name; of a cell that IPython runs, which is no file, by its number: In[3]."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    cell = shell.compile.format_code_name(file) if shell is not None else None
    return cell[1] if cell is not None else Path(file).name


class Rejected(BaseException):
    """An example on which a law says nothing; passes through everything that catches what a subject raises."""
