"""Update rules as courses write them, turned into functional ones: functions on dicts, lists or arrays, and plain
classes."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zlib import crc32

import numpy as np
from torch import Tensor

from mlp_core.testing.subjects.functional import array_of, copied, tensor_of
from mlp_core.testing.subjects.layered import OWNERS, begun, walked
from mlp_core.testing.subjects.made import begun as made_state
from mlp_core.testing.subjects.made import stepped
from mlp_core.testing.subjects.owned import begun as begun_own
from mlp_core.testing.subjects.owned import moved
from mlp_core.testing.subjects.reading import Reading


class Slot:
    """A parameter that is an object with data and grad."""

    def __init__(self, data: Any) -> None:
        self.data, self.grad = data, None


def written(things: Any, reading: Reading) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """init(params, **hyper) -> state and step(grads, state, params, **hyper) -> (params, state), on lists of arrays.

    things: the function or class, or it together with the function that makes the first state, and with the one that
    applies updates to parameters.
    """
    rule, begin, apply = (*things, None)[:3] if isinstance(things, tuple) else (things, None, None)

    def init(params: Any, **hyper: Any) -> dict[str, Any]:
        parts = [_Held.of(part, reading, rule) for part in _parts(params, reading)]
        return {"step": reading.first, "own": [_start(rule, begin, reading, part, hyper) for part in parts]}

    def step(grads: Any, state: dict[str, Any], params: Any, **hyper: Any) -> tuple[list[Any], dict[str, Any]]:
        moved, own, t = list[Any](), list[Any](), state["step"]
        pieces = zip(_parts(params, reading), _parts(grads, reading), state["own"], strict=True)
        for part, slopes, kept in pieces:
            with np.errstate(all="ignore"):  # a NaN is judged as a number
                new, after = _CALLS[reading.kind](rule, reading, part, slopes, kept, t, hyper)
            if reading.updates:
                new = _applied(new, reading, part, apply)
            moved += [_as(value, p, reading.library) for value, p in zip(new, part, strict=True)]
            own.append(after)
        return moved, {"step": t + 1, "own": own}

    return init, step


def _applied(updates: list[Any], reading: Reading, part: Sequence[Any], apply: Any) -> list[Any]:
    """The parameters after the updates that a rule has returned."""
    if apply is not None:
        held = _Held.of(part, reading)
        moves = replace(held, arrays=[*(copied(u, reading.library) for u in updates), *held.arrays[len(updates) :]])
        return held.read(apply(held.given(), moves.given()), len(part))
    sign = -1 if reading.updates == "subtracted" else 1
    return [p + sign * u for p, u in zip(part, updates, strict=True)]


def _parts(arrays: Sequence[Any], reading: Reading) -> list[list[Any]]:
    """The arrays of each call."""
    each = 1 if reading.holds == "array" or len(reading.params) > 1 else len(arrays)
    return [list(arrays[k : k + each]) for k in range(0, len(arrays), each)]


def _as(value: Any, like: Any, library: str) -> Any:
    found = tensor_of(value)
    if found.shape != tensor_of(like).shape:
        raise ValueError(f"an array of shape {tuple(found.shape)} for one of shape {tuple(like.shape)}")
    return array_of(found, library)


@dataclass
class _Held:
    """Arrays in the container that the rule takes."""

    keys: list[str]
    arrays: list[Any]
    holds: str

    @classmethod
    def of(cls, part: Sequence[Any], reading: Reading, rule: Any = None, *, d: bool = False) -> _Held:
        """Copies of the arrays. Dicts have pairs of W and b: an odd one gets a bias of zeros."""
        own = [copied(a, reading.library) for a in part]
        if reading.holds in ("prefixed", "dict") and len(own) % 2:
            own.append(copied(np.zeros((1, 1)), reading.library))
        keys = [f"{'Wb'[k % 2]}{k // 2 + 1}" for k in range(len(own))]
        return cls([f"d{key}" if d and reading.holds == "prefixed" else key for key in keys], own, reading.holds)

    def given(self) -> Any:
        if self.holds in ("prefixed", "dict"):
            return dict(zip(self.keys, self.arrays, strict=True))
        return self.arrays if self.holds == "list" else self.arrays[0]

    def read(self, thing: Any, n: int) -> list[Any]:
        """The first n arrays of a container that the rule returned or changed."""
        if self.holds in ("prefixed", "dict"):
            return [thing[key] for key in self.keys][:n]
        if self.holds == "list":
            if len(thing) != len(self.arrays):
                raise ValueError(f"{len(thing)} arrays for {len(self.arrays)}")
            return list(thing)[:n]
        return [thing]


def _zeros(held: _Held, library: str) -> Any:
    """A state of zeros in the container of the parameters; in dicts under both names."""
    zero = [array_of(tensor_of(a) * 0, library) for a in held.arrays]
    if held.holds == "prefixed":
        both = [copied(a, library) for a in zero]
        return {**dict(zip(held.keys, zero, strict=True)),
                **{f"d{key}": value for key, value in zip(held.keys, both, strict=True)}}  # fmt: skip
    return replace(held, arrays=zero).given()


def _start(rule: Any, begin: Any, reading: Reading, held: _Held, hyper: dict[str, Any]) -> Any:
    """The state of one call before the first step."""
    if reading.kind in ("class", "pairs"):
        return rule(**hyper)
    if reading.kind == "made":
        return made_state(rule, held.given(), hyper)
    if reading.kind == "objects":
        objects = held.arrays if reading.library == "torch" else [Slot(a) for a in held.arrays]
        return rule(objects, **hyper), objects
    if reading.kind == "config":
        return {}
    if reading.kind == "own arrays":
        return begun_own(rule, reading, held.arrays, hyper)
    if reading.kind in OWNERS:
        return begun(rule, reading, held.arrays, hyper)
    if begin is None:
        return {name: _zeros(held, reading.library) for name in reading.state}
    made = begin(held.given())
    several = made if len(reading.state) > 1 else (made,)
    return dict(zip(reading.state, several, strict=True))


def _function(rule: Any, reading: Reading, part: Any, slopes: Any, kept: Any, t: int, hyper: Any) -> Any:
    if len(reading.params) > 1:
        return [_of_several(rule, reading, part[0], slopes[0], hyper)], kept
    held, own = _Held.of(part, reading), _Held.of(slopes, reading, d=True)
    given = held.given()
    counted = {reading.count: t} if reading.count else {}
    passed = {reading.grads[0]: own.given(), **dict.fromkeys(reading.params, given)}
    found = rule(**passed, **kept, **counted, **hyper)
    if not isinstance(found, tuple):
        return held.read(given if found is None else found, len(part)), kept
    names = reading.returned if len(reading.returned) == len(found) else ()
    at = next((names.index(p) for p in reading.params if p in names), 0)
    if set(names) & set(reading.state):
        called = [n or state for n, state in zip(names, _named_by_place(names, reading), strict=True)]
        after = {**kept, **{n: v for n, v in zip(called, found, strict=True) if n in kept}}
    else:
        rest = [value for k, value in enumerate(found) if k != at]
        after = {**kept, **dict(zip(reading.state, rest, strict=False))}
    return held.read(found[at], len(part)), after


def _named_by_place(names: Sequence[str], reading: Reading) -> list[str]:
    """For each returned value the state at its place, behind the parameters, if that is not returned by name."""
    places = ["", *reading.state, *[""] * len(names)][: len(names)]
    return ["" if state in names else state for state in places]


def _of_several(rule: Any, reading: Reading, array: Any, slope: Any, hyper: Any) -> Any:
    """The step of one array in a function that takes several by name: its place among them depends on its numbers, so
    that every place is tried, and the others get other numbers.
    """
    names, library = reading.params, reading.library
    at = crc32(tensor_of(slope).double().numpy().tobytes()) % len(names)
    values, slopes = tensor_of(array), tensor_of(slope)
    others = [(array_of(values + k, library), array_of(slopes - k, library)) for k in range(1, len(names))]
    others.insert(at, (copied(array, library), copied(slope, library)))
    given = dict(zip((*names, *reading.grads), (*(a for a, _ in others), *(g for _, g in others)), strict=True))
    found = rule(**given, **hyper)
    if found is None:
        return given[names[at]]
    order = reading.returned if set(reading.returned) >= set(names) else names
    return dict(zip(order, found, strict=True))[names[at]]


def _config(rule: Any, reading: Reading, part: Any, slopes: Any, kept: Any, t: int, hyper: Any) -> Any:
    w, dw = (copied(one[0], reading.library) for one in (part, slopes))
    value, after = rule(w, dw, {**copy.copy(kept), **hyper})
    return [value], after


def _class(rule: Any, reading: Reading, part: Any, slopes: Any, kept: Any, t: int, hyper: Any) -> Any:
    held, own = _Held.of(part, reading), _Held.of(slopes, reading, d=True)
    given = held.given()
    found = getattr(kept, reading.method)(given, own.given())
    if isinstance(found, tuple) and reading.holds != "list":
        found = found[0]
    return held.read(given if found is None else found, len(part)), kept


def _made(rule: Any, reading: Reading, part: Any, slopes: Any, kept: Any, t: int, hyper: Any) -> Any:
    held, own = _Held.of(part, reading), _Held.of(slopes, reading)
    roles = {"grads": own.given(), "state": kept, "params": held.given(), "count": t}
    moved, after = stepped(rule, reading, roles, hyper)
    return held.read(moved, len(part)), after


def _pairs(rule: Any, reading: Reading, part: Any, slopes: Any, kept: Any, t: int, hyper: Any) -> Any:
    held, own = _Held.of(part, reading), _Held.of(slopes, reading)
    roles = {"grads": own.arrays, "params": held.arrays}
    found = getattr(kept, reading.method)(list(zip(*(roles[role] for role in reading.taken), strict=True)))
    return held.read(held.arrays if found is None else found, len(part)), kept


def _objects(rule: Any, reading: Reading, part: Any, slopes: Any, kept: Any, t: int, hyper: Any) -> Any:
    optimizer, objects = kept
    for one, value, slope in zip(objects, part, slopes, strict=True):
        one.data, one.grad = copied(value, reading.library), copied(slope, reading.library)
    getattr(optimizer, reading.method)()
    return [one.detach() if isinstance(one, Tensor) else one.data for one in objects], kept


_CALLS: dict[str, Callable[..., Any]] = {
    "function": _function, "config": _config, "class": _class, "objects": _objects, "made": _made,
    "pairs": _pairs, "own arrays": moved,
    **dict.fromkeys(OWNERS, walked),
}  # fmt: skip
