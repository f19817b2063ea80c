"""A function of several numbers, and its derivatives by each of them: f(x, y) and df(x, y) -> dx, dy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlp_core.testing.engine.source import import_of, name_of
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.foreign_arrays import copied, count_of, is_array, is_number
from mlp_core.testing.subjects.doors.alive import alive
from mlp_core.testing.subjects.doors.form import Form, Run
from mlp_core.testing.subjects.doors.given import required, strategy_of
from mlp_core.testing.subjects.doors.guessed import within
from mlp_core.testing.subjects.doors.tried import tried

LENGTH = 5
"""of the arrays that are tried: more than a function has arguments"""


@dataclass(frozen=True)
class ByEach:
    """f(*args), and df(*args) with the derivative by each argument, as a tuple, a list or the rows of an array."""

    f: Callable[..., Any]
    df: Callable[..., Any]

    def __call__(self, args: list[Any]) -> Run:
        slopes = self.df(*args)
        return Run([self.f(*args)], lambda above: tuple(above[0] * slope for slope in slopes))

    def source(self, example: Arguments) -> list[str]:
        return [
            *import_of(self.f), *import_of(self.df), "def run(args):", f"    slopes = {name_of(self.df)}(*args)",
            f"    return [{name_of(self.f)}(*args)], lambda above: tuple(above[0] * slope for slope in slopes)",
        ]  # fmt: skip


def of_numbers(f: Callable[..., Any], df: Callable[..., Any]) -> Form | None:
    """The form of a function of several numbers with all of its derivatives; None if it is none. It is tested with
    arrays of numbers if it runs with them, entry by entry, and with single numbers otherwise.
    """
    names = required(f)
    if not 2 <= len(names) < LENGTH or required(df) != names:
        return None

    def fits(args: list[Any]) -> bool:
        own = np.shape(args[0])
        value, slopes = f(*map(copied, args)), df(*map(copied, args))
        if not is_number(value) or np.shape(value) != own or not alive(slopes):
            return False
        several = list(slopes) if isinstance(slopes, (tuple, list)) or (is_array(slopes) and np.ndim(slopes)) else []
        apart = own == () or all(by_entries(f, args, k, value) for k in range(len(args)))
        return len(several) == len(names) and all(np.shape(s) == own and count_of(s) for s in several) and apart

    for shape in ((LENGTH,), ()):
        found = tried(names, fits, call=f, first=[[[shape]] * len(names)], only=True)
        if found is not None:
            run, strategy = ByEach(f, df), strategy_of(within(f, found, df))
            return Form(name_of(df), "pair", strategy, run, run.source, names=names, found=found.words(names))
    return None


def by_entries(f: Callable[..., Any], args: Sequence[Any], k: int, value: Any) -> bool:
    """Whether each value depends on one entry of an argument: with another first entry, all other values stay."""
    moved = [copied(a) for a in args]
    moved[k].reshape(-1)[0] += 0.25
    return np.array_equal(np.ravel(np.asarray(f(*moved)))[1:], np.ravel(np.asarray(value))[1:])
