"""Doors for a function of a file and its derivative, or for one that returns both: arguments are found by trying."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.engine.source import name_of
from mlp_core.testing.examples.foreign_arrays import copied, count_of, is_array, is_number, is_real
from mlp_core.testing.subjects.doors import beside
from mlp_core.testing.subjects.doors.alive import DEAD, alive
from mlp_core.testing.subjects.doors.beside import predicted
from mlp_core.testing.subjects.doors.by_each import of_numbers
from mlp_core.testing.subjects.doors.derivative import derivative
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.given import required
from mlp_core.testing.subjects.doors.guessed import within
from mlp_core.testing.subjects.doors.in_order import first_of, in_order
from mlp_core.testing.subjects.doors.recognised import not_found, told
from mlp_core.testing.subjects.doors.reserved import reserved, without
from mlp_core.testing.subjects.doors.several_values import jacobian_by, of_several_values
from mlp_core.testing.subjects.doors.telling import telling
from mlp_core.testing.subjects.doors.tried import tried
from mlp_core.testing.subjects.doors.value_and_gradient import value_and_gradient


def of_derivative(
    f: Callable[..., Any], df: Callable[..., Any], apart: Sequence[str] = (), *, several: bool = False,
    at: int | None = None, one_value: bool = False, wrt: tuple[int, ...] | None = None, more: bool = False,
) -> Form:  # fmt: skip
    """apart: the names into which f takes its first argument apart, if it does. several: whether df returns as many
    gradients. at: the argument to which the derivative belongs, if that is known. one_value: whether f must return one
    number. wrt: the arguments of several gradients, if they are not the first ones. more: whether f returns other
    values after the one to which the derivative belongs, if the code runs in no other reading."""
    again = partial(_of_derivative, apart=apart, several=several, at=at, one_value=one_value, wrt=wrt)
    try:
        return telling(again(f, df), again, f, df)
    except ArgumentError:
        if not more:
            raise
        only = first_of(f)
        return telling(again(only, df), again, only, df)


def _of_derivative(
    f: Callable[..., Any], df: Callable[..., Any], apart: Sequence[str] = (), *, several: bool = False,
    at: int | None = None, one_value: bool = False, wrt: tuple[int, ...] | None = None,
) -> Form:  # fmt: skip
    names = required(f)
    if wrt is not None and (form := beside.of_two(f, in_order(df, wrt), tuple(sorted(wrt)))) is not None:
        return form
    if several and (form := beside.of_list(f, df, apart=apart)) is not None:
        return form
    try:
        if len(names) == 1:
            return derivative(f, df)
    except ArgumentError:  # not elementwise: a function of a vector with its gradient
        if len(required(df)) != 1:
            raise

    at = predicted(names) if at is None else at

    def fits(args: list[Any], most: int = 9, alike: bool = False, each: bool = False) -> bool:
        value, slope = f(*args), df(*args)
        if each and not alive(slope):
            return False
        one = np.ndim(args[0]) <= most and count_of(value) == 1 and is_number(value)
        same = np.ndim(args[0]) != 1 or np.shape(slope) == np.shape(args[0])
        whole = not each or count_of(slope) == count_of(args[at])  # code may read only two rows of a matrix
        return one and is_array(slope) and count_of(slope) > 1 and (same or not alike) and whole

    found = tried(names, partial(fits, most=1, alike=True)) if len(names) == 1 else None
    alike = partial(fits, alike=at == 0)
    found = found or tried(names, partial(alike, each=True), call=f) or tried(names, alike, call=f)
    found = found or tried(names, fits, call=f)
    if found is None:
        listed = None if several else beside.of_list(f, df, apart=apart)  # else it was tried first
        form = beside.of_two(f, df) or listed or of_numbers(f, df)
        form = form or (None if one_value else of_several_values(f, df, at))
        if form is not None:
            return form
        name, other = name_of(f), name_of(df)
        raise not_found(f"{name}({', '.join(names)})", f'jacobian({name}, {other}, subjects.arrays("(n),(n)"))')
    return told(jacobian_by(f, df, names, at, found), found, names)


def of_value_and_gradient(
    f: Callable[..., Any], apart: Sequence[str] = (), wrt: tuple[int, ...] | None = None
) -> Form:  # fmt: skip
    """apart, wrt: as for `of_derivative`."""
    if wrt is not None:
        f, wrt = in_order(f, wrt, first=1), tuple(sorted(wrt))
    if (kept := reserved(f)) is not None:
        form = _of_value_and_gradient(without(f, kept[1]), apart, wrt)
        return replace(form, found=f"{form.found}; no label is {kept[1]}, the default of {kept[0]}")
    again = partial(_of_value_and_gradient, apart=apart, wrt=wrt)
    return telling(again(f), again, f)


def _of_value_and_gradient(
    f: Callable[..., Any], apart: Sequence[str] = (), wrt: tuple[int, ...] | None = None
) -> Form:  # fmt: skip
    names, unbounded, dead = required(f), list[float](), list[Any]()

    def fits(args: list[Any], finite: bool = True, moves: bool = True) -> bool:
        value, *gradients = f(*[copied(a) for a in args])
        if count_of(value) != 1 or not gradients:
            return False
        if moves and not alive(gradients):
            dead.append(value)
            return False
        if finite and not np.isfinite(value):
            unbounded.append(value)
            return False
        found = gradients[0] if len(gradients) == 1 else tuple(gradients)
        several = list(found) if isinstance(found, (tuple, list)) else [found]
        real = [np.shape(a) for a in (args if wrt is None else [args[k] for k in wrt]) if is_real(a)]
        if isinstance(found, dict):
            return bool(found) and all(is_array(g) for g in found.values())
        return all(map(is_array, several)) and [np.shape(g) for g in several] == real[: len(several)]

    found = tried(names, fits, call=f)
    if found is None and unbounded:  # it may be finite for positive numbers
        found = tried(names, partial(fits, finite=False), call=f)
    never = found is None and bool(dead)
    if never:
        found = tried(names, partial(fits, moves=False), call=f)
    if found is None and (form := beside.of_list(f, apart=apart)) is not None:
        return form
    if found is None:
        call = f'value_and_gradient({name_of(f)}, subjects.arrays("(d),(n,d),(n)"))'
        raise not_found(f"{name_of(f)}({', '.join(names)})", call)
    form = told(value_and_gradient(f, within(f, found), wrt=wrt), found, names)
    return replace(form, omitted=(DEAD, "")) if never else form
