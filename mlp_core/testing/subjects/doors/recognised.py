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
from mlp_core.testing.examples.foreign_arrays import copied, count_of, is_number, is_real, ones_like
from mlp_core.testing.subjects.doors.arrays import arrays
from mlp_core.testing.subjects.doors.asked import not_run
from mlp_core.testing.subjects.doors.assigned import SEQUENCES, Classes, Found, options_of
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
from mlp_core.testing.subjects.doors.guessed import OTHER_SHAPE, differentiated, keyed, with_numbers, within
from mlp_core.testing.subjects.doors.in_order import in_order
from mlp_core.testing.subjects.doors.of_numbers import graded
from mlp_core.testing.subjects.doors.pair import Pair, Wiring, pair
from mlp_core.testing.subjects.doors.raised import NothingReturned, TooSmall
from mlp_core.testing.subjects.doors.searched import forward_of
from mlp_core.testing.subjects.doors.seeds import seeded
from mlp_core.testing.subjects.doors.telling import telling
from mlp_core.testing.subjects.doors.tried import Options, tried
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
    if found is None:  # code for single numbers, such as max(x, 0)
        found = tried(names, one, runs, call=forward, first=[[[()]] * len(names)], only=True)
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
