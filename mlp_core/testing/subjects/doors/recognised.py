"""Doors for definitions in a file: their arguments are found by trying, and reported."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.engine.source import name_of
from mlp_core.testing.examples.foreign_arrays import copied, count_of, is_array, is_number, is_real, ones_like
from mlp_core.testing.subjects.doors import beside
from mlp_core.testing.subjects.doors.alive import DEAD, alive
from mlp_core.testing.subjects.doors.arrays import arrays
from mlp_core.testing.subjects.doors.asked import not_run
from mlp_core.testing.subjects.doors.assigned import SEQUENCES, Classes, Found, options_of
from mlp_core.testing.subjects.doors.beside import predicted
from mlp_core.testing.subjects.doors.derivative import derivative
from mlp_core.testing.subjects.doors.domains import narrowed
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.function import Applied, function
from mlp_core.testing.subjects.doors.given import (
    defaults_of,
    every,
    in_words,
    large_defaults,
    required,
    smaller_defaults,
)
from mlp_core.testing.subjects.doors.guessed import OTHER_SHAPE, differentiated, keyed, reordered, with_numbers, within
from mlp_core.testing.subjects.doors.in_order import first_of, in_order
from mlp_core.testing.subjects.doors.of_numbers import graded
from mlp_core.testing.subjects.doors.pair import Pair, Wiring, pair
from mlp_core.testing.subjects.doors.raised import NothingReturned, TooSmall
from mlp_core.testing.subjects.doors.reserved import reserved, without
from mlp_core.testing.subjects.doors.searched import forward_of
from mlp_core.testing.subjects.doors.seeds import seeded
from mlp_core.testing.subjects.doors.several_values import of_several_values
from mlp_core.testing.subjects.doors.telling import telling
from mlp_core.testing.subjects.doors.tried import Options, tried
from mlp_core.testing.subjects.doors.value_and_gradient import jacobian, value_and_gradient
from mlp_core.testing.subjects.doors.wider import FEW


def told(form: Form, found: Found, names: Sequence[str]) -> Form:
    """A form that names the shapes that were found, with its arguments drawn where it is defined."""
    return narrowed(replace(form, found=found.words(names)))


def not_found(what: str, call: str) -> ArgumentError:
    lines = (
        '--shapes "(n,d),(d,h)" with those of its arrays, or these two lines in the file, with the shapes of yours'
    )
    return not_run(f"{what} runs", lines, call)


def of_pair(
    forward: Callable[..., Any], backward: Callable[..., Any], first: Options = (), wrt: tuple[int, ...] | None = None
) -> Form:  # fmt: skip
    """first: as for `tried`. wrt: the arguments of the gradients, if they are returned in another order."""
    if wrt is not None:
        backward, wrt = in_order(backward, wrt), tuple(sorted(wrt))
    try:
        form = _of_pair(forward, backward, first, wrt)
        return telling(form, partial(_of_pair, first=first, wrt=wrt), forward, backward, apart=True)
    except ArgumentError:
        for smaller in smaller_defaults(forward):
            if large_defaults(backward).keys() <= smaller.keys():
                also = {n: v for n, v in smaller.items() if n in every(backward)}
                pulled = partial(backward, **also) if also else backward
                try:
                    form = _of_pair(partial(forward, **smaller), pulled, wrt=wrt)
                except ArgumentError:
                    continue
                return replace(form, found=f"{form.found}; {in_words(smaller)}")
        raise


def _of_pair(
    forward: Callable[..., Any], backward: Callable[..., Any], first: Options = (), wrt: tuple[int, ...] | None = None
) -> Form:  # fmt: skip
    names = required(forward)
    wired = Pair(forward, backward, Wiring.of(forward, backward))

    def fits(args: list[Any], few: int = 2) -> bool:
        ran = wired([copied(a) for a in args])
        outs = [o for o in ran.outs if is_number(o)]
        if len(outs) != len(ran.outs) or not outs:
            return False
        if sum(map(count_of, outs)) < few:
            raise TooSmall
        found = ran.pull([ones_like(o) for o in outs])
        if found is None:
            raise NothingReturned(f"None, returned by {name_of(backward)} (is its return missing?)")
        several = list(found) if isinstance(found, (tuple, list)) else [found]
        wanted = [np.shape(a) for a in (args if wrt is None else [args[k] for k in wrt]) if is_real(a)]
        if isinstance(found, dict):
            return keyed(found, names, args) or sorted(np.shape(g) for g in found.values()) == sorted(wanted)
        shapes = [np.shape(g) for g in several if g is not None]
        return bool(wanted) and shapes[: len(wanted)] == wanted

    def runs(args: list[Any]) -> bool:
        return wired(args) is not None

    one = partial(fits, few=1)  # a loss has one output
    found = tried(names, fits, runs, call=forward, first=first) or tried(names, one, runs, call=forward)
    if found is None:
        found = tried(names, fits, runs, "torch", forward) or tried(names, one, runs, "torch", forward)
    if found is None:  # an embedding, whose indices may be called x
        several = [_with_classes(options_of(names, FEW), k) for k in range(len(names))]
        found = tried(names, fits, runs, call=forward, first=several, only=True)
    if found is None:
        name, other = name_of(forward), name_of(backward)
        raise not_found(f"{name}({', '.join(names)})", f'pair({name}, {other}, subjects.arrays("(n,d),..."))')
    if wrt is not None:
        return told(pair(forward, backward, within(forward, found), wrt=wrt), found, names)

    def returned(args: list[Any]) -> Any:
        ran = wired([copied(a) for a in args])
        return ran.pull([ones_like(o) for o in ran.outs if is_number(o)])

    with np.errstate(all="ignore"), warnings.catch_warnings(), seeded():
        warnings.simplefilter("ignore")
        found, untested = graded(names, found, returned, one)
    return told(replace(pair(forward, backward, within(forward, found)), omitted=(untested, "")), found, names)


def _with_classes(options: list[Sequence[Any]], k: int) -> list[Sequence[Any]]:
    """The options with classes alone in one place."""
    return [[Classes(), Classes(SEQUENCES)] if i == k else one for i, one in enumerate(options)]


def of_function(F: Any) -> Form:
    form = function(F, arrays("(n)", lib="torch"))
    names = form.names
    apply = form.apply

    def fits(args: list[Any]) -> bool:
        leaves = Applied(apply).leaves(args)
        outs = Applied(apply).outputs(leaves, list(args))
        own = [a for a in leaves if is_real(a)]
        try:
            found = torch.autograd.grad(outs, own, [torch.ones_like(o) for o in outs], allow_unused=True)
        except RuntimeError as error:
            if OTHER_SHAPE in str(error):
                return False
            raise
        return bool(own) and any(g is not None for g in found)

    found = tried(names, fits, lib="torch", call=forward_of(F))
    if found is None:
        name = name_of(F)
        raise not_found(f"{name}.apply({', '.join(names)})", f'function({name}, subjects.arrays("(n,d)", lib="torch"))')
    with np.errstate(all="ignore"), warnings.catch_warnings(), seeded():
        warnings.simplefilter("ignore")
        found = with_numbers(names, found, apply, fits, defaults_of(getattr(F, "forward", F)))
    return told(function(F, within(apply, found), wrt=differentiated(apply, found)), found, names)


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
        form = beside.of_two(f, df) or listed or (None if one_value else of_several_values(f, df, at))
        if form is not None:
            return form
        name, other = name_of(f), name_of(df)
        raise not_found(f"{name}({', '.join(names)})", f'jacobian({name}, {other}, subjects.arrays("(n),(n)"))')
    order = [at, *(k for k in range(len(names)) if k != at)]
    back = [order.index(k) for k in range(len(names))]
    strategy = within(f, found, df).map(lambda args: tuple(args[k] for k in order))
    form = jacobian(reordered(f, back), reordered(df, back), strategy)
    return told(replace(form, names=tuple(names[k] for k in order)), found, names)


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
