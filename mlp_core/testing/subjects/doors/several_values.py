"""A function with several values and its derivative: a Jacobian, or the values of a basis and their slopes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import prod
from typing import Any

import numpy as np

from mlp_core.testing.engine.source import import_of, name_of
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.foreign_arrays import copied, count_of, is_number, is_real
from mlp_core.testing.subjects.doors.form import Form, Run
from mlp_core.testing.subjects.doors.given import required, strategy_of
from mlp_core.testing.subjects.doors.guessed import within
from mlp_core.testing.subjects.doors.tried import tried
from mlp_core.testing.subjects.doors.value_and_gradient import jacobian


@dataclass(frozen=True)
class Slopes:
    """f(t) with `width` values for each entry of t, before or behind its axes, and df(t) with their derivatives."""

    f: Callable[..., Any]
    df: Callable[..., Any]
    behind: bool

    def __call__(self, args: list[Any]) -> Run:
        slopes = self.df(*args)
        axis = -1 if self.behind else 0
        return Run([self.f(*args)], lambda above: (above[0] * slopes).sum(axis))

    def source(self, example: Arguments) -> list[str]:
        axis = -1 if self.behind else 0
        return [
            *import_of(self.f), *import_of(self.df), "def run(args):", f"    slopes = {name_of(self.df)}(*args)",
            f"    return [{name_of(self.f)}(*args)], lambda above: (above[0] * slopes).sum({axis})",
        ]  # fmt: skip


@dataclass(frozen=True)
class Each:
    """f(*args) with one value for each entry of one argument, and df(*args) with their derivatives."""

    f: Callable[..., Any]
    df: Callable[..., Any]

    def __call__(self, args: list[Any]) -> Run:
        slopes = self.df(*args)
        return Run([self.f(*args)], lambda above: above[0] * slopes)

    def source(self, example: Arguments) -> list[str]:
        return [
            *import_of(self.f), *import_of(self.df), "def run(args):", f"    slopes = {name_of(self.df)}(*args)",
            f"    return [{name_of(self.f)}(*args)], lambda above: above[0] * slopes",
        ]  # fmt: skip


def of_several_values(f: Callable[..., Any], df: Callable[..., Any], at: int = 0) -> Form | None:
    """The form of a function with several values and its derivative; None if nothing fits. The derivative is by the
    argument `at`, with one entry for each value, such as the loss of each sample. Or it is by the first argument: a
    Jacobian, whose axes are those of the values and then those of the argument, or it has the shape of the values, if
    each entry of the argument has values of its own.
    """
    names = required(f)
    if not names or required(df) != names:
        return None

    def each_fits(args: list[Any]) -> bool:
        out, slope = f(*map(copied, args)), df(*map(copied, args))
        own = np.shape(args[at])
        alike = is_real(args[at]) and own == np.shape(out) == np.shape(slope) and prod(own) > 1
        return alike and _alone(f, args, at, out)

    def jacobian_fits(args: list[Any]) -> bool:
        out, slope = f(*map(copied, args)), df(*map(copied, args))
        wide = is_number(out) and count_of(out) > 1 and np.ndim(args[0]) == 1
        return wide and np.shape(slope) == (*np.shape(out), *np.shape(args[0]))

    def basis_fits(behind: bool, args: list[Any]) -> bool:
        out, slope = f(*map(copied, args)), df(*map(copied, args))
        own, shape = np.shape(args[0]), np.shape(out)
        wide = len(shape) == len(own) + 1 and (shape[:-1] if behind else shape[1:]) == own and prod(own) > 1
        return wide and np.shape(slope) == shape and _apart(f, args, out, behind)

    for lib in ("numpy", "torch"):
        if (found := tried(names, each_fits, lib=lib)) is not None:
            return Form(
                name_of(df), "pair", strategy_of(within(f, found, df)), (each := Each(f, df)), each.source, names=names,
                asked=(at,), elementwise=at == 0, found=found.words(names),
            )  # fmt: skip
        if (found := tried(names, jacobian_fits, lib=lib)) is not None:
            return replace(jacobian(f, df, within(f, found, df)), names=names, found=found.words(names))
        for behind in (True, False):
            if (found := tried(names, partial(basis_fits, behind), lib=lib)) is not None:
                run = Slopes(f, df, behind)
                return Form(
                    name_of(df), "pair", strategy_of(within(f, found, df)), run, run.source, names=names, asked=(0,),
                    found=found.words(names),
                )  # fmt: skip
    return None


def _alone(f: Callable[..., Any], args: Sequence[Any], at: int, out: Any) -> bool:
    """Whether each value depends on its own entry of the argument alone: with another first entry, all others stay."""
    moved = [copied(a) for a in args]
    moved[at].reshape(-1)[0] += 0.25
    return np.array_equal(np.ravel(np.asarray(f(*moved)))[1:], np.ravel(np.asarray(out))[1:])


def _apart(f: Callable[..., Any], args: Sequence[Any], out: Any, behind: bool) -> bool:
    """Whether each entry of the first argument has values of its own: those of a single entry are among those of all.
    """
    alone = f(copied(args[0])[:1], *map(copied, args[1:]))
    return np.array_equal(np.asarray(alone), np.asarray(out[:1] if behind else out[:, :1]))
