"""Objects that move their own arrays, as subjects: a layer or a network with `update(self, lr)`, of which nothing but
its arrays is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np

from mlp_core.testing.subjects.functional import array_of, copied, tensor_of
from mlp_core.testing.subjects.layered import KEYS, PREFIX
from mlp_core.testing.subjects.reading import Reading

PLACES = 720
"""a multiple of the usual numbers of parameters in a class, so that each place is equally frequent"""


@dataclass
class Own:
    """An object of the class with parameters, gradients and a state. The gradients may be arguments of the method."""

    thing: Any
    reading: Reading

    @classmethod
    def of(cls, rule: Any, reading: Reading, arrays: Sequence[Any], hyper: dict[str, Any]) -> Own:
        """An object with these parameters. The state is zeros of their shapes, or numbers."""
        own = cls(object.__new__(rule), reading)
        vars(own.thing).update(hyper)
        own.take(arrays, arrays)
        for name, start in reading.starts:
            whole = dict(reading.pairs).get(start)
            vars(own.thing)[name] = int(start) if whole is None else own.zeros(getattr(own.thing, start))
        return own

    @property
    def dicts(self) -> bool:
        return self.reading.holds in PREFIX

    def zeros(self, held: Any) -> Any:
        if isinstance(held, dict):
            return {key: self.zeros(value) for key, value in held.items()}
        if isinstance(held, list):
            return list(map(self.zeros, held))
        return array_of(tensor_of(held) * 0, self.reading.library)

    def take(self, arrays: Sequence[Any], slopes: Sequence[Any]) -> dict[str, Any]:
        """Gives the object these numbers; returns the gradients that its method takes as arguments."""
        own, steep = ([copied(a, self.reading.library) for a in several] for several in (arrays, slopes))
        each, both = len(self.reading.pairs), list[tuple[Any, Any]]()
        if self.dicts:
            before = PREFIX[self.reading.holds]
            sloped = {f"{before}{key}": value for key, value in zip(KEYS, steep, strict=True)}
            both = [(dict(zip(KEYS, own, strict=True)), sloped)]
        elif self.reading.holds == "lists":
            both = [(own[k::each], steep[k::each]) for k in range(each)]
        else:
            both = list(zip(own, steep, strict=True))
        passed = dict[str, Any]()
        for (name, gradient), (value, slope) in zip(self.reading.pairs, both, strict=True):
            vars(self.thing)[name] = value
            (passed if gradient in self.reading.grads else vars(self.thing))[gradient] = slope
        return passed

    def read(self) -> list[Any]:
        held = [getattr(self.thing, name) for name, _ in self.reading.pairs]
        if self.dicts:
            return [held[0][key] for key in KEYS]
        if self.reading.holds == "lists":
            return [one for several in zip(*held, strict=True) for one in several]
        return held


def _shared(arrays: Sequence[Any], reading: Reading, first: int) -> list[list[Any]]:
    """The arrays of each object: in lists all of them, at least two per list. first: how many places they are moved by,
    so that each parameter of a class gets arrays in some example. What is left is filled with arrays of one zero.
    """
    per = len(KEYS) if reading.holds in PREFIX else len(reading.pairs)
    least = 2 * per if reading.holds == "lists" else per
    count = max(least, len(arrays) + -len(arrays) % per)
    whole = [*arrays, *[np.zeros((1, 1))] * (count - len(arrays))]
    whole = [whole[(k - first) % count] for k in range(count)]
    return [whole] if reading.holds == "lists" else [whole[k : k + per] for k in range(0, count, per)]


@dataclass
class Owners:
    """The objects for a list of arrays, and by how many places the arrays are moved."""

    objects: list[Own]
    first: int


def begun(rule: Any, reading: Reading, arrays: Sequence[Any], hyper: dict[str, Any]) -> Owners:
    """The objects for a list of arrays."""
    first = crc32(b"".join(tensor_of(a).double().numpy().tobytes() for a in arrays)) % PLACES
    return Owners([Own.of(rule, reading, part, hyper) for part in _shared(arrays, reading, first)], first)


def moved(
    rule: Any, reading: Reading, part: Any, slopes: Any, kept: Owners, t: int, hyper: Any
) -> tuple[list[Any], Any]:  # fmt: skip
    """The parameters after one update of each object, and what is kept."""
    found = list[Any]()
    given = {name: hyper[name] for name in reading.taken} | ({reading.count: t} if reading.count else {})
    shares = (_shared(several, reading, kept.first) for several in (part, slopes))
    for own, arrays, steep in zip(kept.objects, *shares, strict=True):
        getattr(own.thing, reading.method)(**own.take(arrays, steep), **given)
        found += own.read()
    return [found[(k + kept.first) % len(found)] for k in range(len(part))], kept
