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
from mlp_core.testing.examples.foreign_arrays import copied, count_of, is_number, is_real, tensor_of
from mlp_core.testing.subjects.doors.assigned import Found, built
from mlp_core.testing.subjects.doors.by_each import by_entries
from mlp_core.testing.subjects.doors.form import Form, Run
from mlp_core.testing.subjects.doors.given import required, strategy_of
from mlp_core.testing.subjects.doors.guessed import reordered, within
from mlp_core.testing.subjects.doors.tried import tried
from mlp_core.testing.subjects.doors.value_and_gradient import jacobian
from mlp_core.testing.subjects.doors.whose import distance


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
        return alike and by_entries(f, args, at, out)

    def jacobian_fits(k: int, args: list[Any]) -> bool:
        out, slope = f(*map(copied, args)), df(*map(copied, args))
        wide = is_number(out) and count_of(out) > 1 and is_real(args[k]) and np.ndim(args[k]) == 1
        return wide and np.shape(slope) == (*np.shape(out), *np.shape(args[k]))

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
        by = [(k, tried(names, partial(jacobian_fits, k), lib=lib)) for k in range(len(names))]
        if fitting := [(k, found) for k, found in by if found is not None]:
            return jacobian_by(f, df, names, *min(fitting, key=lambda one: _nearness(f, df, *one)))
        for behind in (True, False):
            if (found := tried(names, partial(basis_fits, behind), lib=lib)) is not None:
                run = Slopes(f, df, behind)
                return Form(
                    name_of(df), "pair", strategy_of(within(f, found, df)), run, run.source, names=names, asked=(0,),
                    found=found.words(names),
                )  # fmt: skip
    return None


def _nearness(f: Callable[..., Any], df: Callable[..., Any], k: int, found: Found) -> float:
    """How far a Jacobian by one argument is from the difference quotient: f(t, y) has one by y."""

    def pulled(*args: Any) -> tuple[list[Any], Callable[[list[Any]], list[Any]]]:
        out, slope = f(*map(copied, args)), tensor_of(df(*map(copied, args)))
        return [out], lambda above: [tensor_of(above[0]).flatten() @ slope.reshape(count_of(out), -1)]

    with np.errstate(all="ignore"):
        return distance(built(found.options, found.lib), (k,), pulled)


def jacobian_by(
    f: Callable[..., Any], df: Callable[..., Any], names: tuple[str, ...], k: int, found: Found
) -> Form:  # fmt: skip
    """The form of a Jacobian by one argument, which comes first in it."""
    order = [k, *(n for n in range(len(names)) if n != k)]
    back, strategy = [order.index(n) for n in range(len(names))], within(f, found, df)
    both = (f, df) if k == 0 else (reordered(f, back), reordered(df, back))
    form = jacobian(*both, strategy.map(lambda args: tuple(args[n] for n in order)) if k else strategy)
    return replace(form, names=tuple(names[n] for n in order), found=found.words(names))


def _apart(f: Callable[..., Any], args: Sequence[Any], out: Any, behind: bool) -> bool:
    """Whether each entry of the first argument has values of its own: those of a single entry are among those of all.
    """
    alone = f(copied(args[0])[:1], *map(copied, args[1:]))
    return np.array_equal(np.asarray(alone), np.asarray(out[:1] if behind else out[:, :1]))
