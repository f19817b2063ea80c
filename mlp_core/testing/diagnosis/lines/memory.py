"""Records which line wrote what: every number in memory that a subject reaches, by address, and every entry of its
containers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor

LARGEST, MOST, DEPTH = 4096, 4000, 7
"""the largest number of entries of an array and of objects that are followed, and the depth to which containers are
searched"""

WORK = 600_000
"""the largest number of comparisons of an object with its earlier state, about two seconds"""

NUMBERS = (bool, int, float, complex, str, bytes, type(None), np.generic)
WHOLE = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType, torch.dtype, torch.device, torch.Generator)
"""types whose content is not searched"""

GIVEN = -1
"""replaces the number of a line run: the value existed before, or other code wrote it"""


class Lost(Exception):
    """The subject reaches too much to be followed."""


@dataclass
class Array:
    """An array or tensor, its numbers in memory order, and their values when they were last read."""

    thing: Any
    view: np.ndarray[Any, Any]
    before: np.ndarray[Any, Any]
    addresses: np.ndarray[Any, Any]
    made: int
    """the line run that created it, as this view of its memory"""


def view_of(thing: Any) -> np.ndarray[Any, Any] | None:
    """The numbers of an array or tensor, in its own memory; None if they cannot be read that way."""
    if isinstance(thing, Tensor):
        if thing.layout != torch.strided or thing.device.type != "cpu" or thing.is_quantized:
            return None
        plain = torch.Tensor.detach(thing)
        if plain.is_conj() or plain.is_neg():
            return None
        return plain.view(torch.int16).numpy() if plain.dtype == torch.bfloat16 else plain.numpy()
    if isinstance(thing, np.ndarray) and thing.dtype.kind in "fiubc":
        return thing.view(np.ndarray)
    return None


def addresses_of(view: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The address of each number."""
    found = np.full((), view.__array_interface__["data"][0], dtype=np.int64)
    for n, stride in zip(view.shape, view.strides, strict=True):
        found = found[..., None] + np.arange(n, dtype=np.int64) * stride
    return found


def parts_of(thing: Any) -> dict[Any, Any] | None:
    """The content of an object, by key or attribute; None for an object without content."""
    if isinstance(thing, dict):
        return {("item", _key(k)): v for k, v in thing.items()}
    if isinstance(thing, (list, tuple)):
        return {("item", k): v for k, v in enumerate(thing)}
    if isinstance(thing, Tensor):
        own = dict(getattr(thing, "__dict__", {}))
        if thing.is_leaf and thing.requires_grad and thing.grad is not None:
            own["grad"] = thing.grad
        return {("attribute", k): v for k, v in own.items()} or None
    if isinstance(thing, (*NUMBERS, *WHOLE, np.ndarray)) or not hasattr(thing, "__dict__"):
        return None
    return {("attribute", k): v for k, v in vars(thing).items()}


def _key(key: Any) -> Any:
    return key if isinstance(key, (str, int, float, tuple)) else id(key)


@dataclass
class Memory:
    """Everything that was seen, kept alive so that no address is used twice."""

    arrays: dict[int, Array] = field(default_factory=dict)
    holders: dict[int, tuple[Any, dict[Any, Any]]] = field(default_factory=dict)
    cells: dict[int, list[int]] = field(default_factory=dict)
    """per address: the runs of lines that wrote a number there, in order"""
    places: dict[tuple[int, Any], int] = field(default_factory=dict)
    """per container and key: the line run that put the current value there"""
    compared: int = 0
    """the number of comparisons so far"""

    def look(self, things: Iterable[Any], run: int) -> list[Array]:
        """Enter everything new that is reachable from the objects: `run` created it."""
        found = list[Array]()
        ahead = [(thing, 0) for thing in things]
        while ahead:
            thing, depth = ahead.pop()
            if id(thing) in self.arrays or id(thing) in self.holders or isinstance(thing, (*NUMBERS, *WHOLE)):
                continue
            if (array := self._array(thing, run)) is not None:
                found.append(array)
            parts = parts_of(thing) if depth < DEPTH else None
            if parts is None:
                continue
            if len(self.holders) > MOST or len(parts) > MOST:
                raise Lost
            self.holders[id(thing)] = thing, parts
            for key, value in parts.items():
                self.places[id(thing), key] = run
                ahead.append((value, depth + 1))
        return found

    def update(self, run: int) -> list[Array]:
        """Enter everything that has changed since: `run` changed it. Raises Lost after WORK comparisons."""
        self.compared += len(self.arrays) + len(self.holders)
        if self.compared > WORK:
            raise Lost
        found = list[Array]()
        for array in list(self.arrays.values()):
            changed = ~((array.view == array.before) | ((array.view != array.view) & (array.before != array.before)))
            if changed.any():
                self.write(array.addresses[changed], run)
                array.before = array.view.copy()
                found.append(array)
        fresh = list[Any]()
        for number, (thing, before) in list(self.holders.items()):
            parts = parts_of(thing) or {}
            for key, value in parts.items():
                old = before.get(key, self)
                if old is not value and not (isinstance(value, NUMBERS) and type(old) is type(value) and old == value):
                    self.places[number, key] = run
                    fresh.append(value)
            self.holders[number] = thing, parts
        for thing in [a.thing for a in self.arrays.values() if isinstance(a.thing, Tensor)]:
            if id(thing) not in self.holders and (own := parts_of(thing)):
                self.holders[id(thing)] = thing, own
                self.places.update({(id(thing), key): run for key in own})
                fresh += own.values()
        return found + self.look(fresh, run)

    def write(self, addresses: Any, run: int) -> None:
        for address in np.ravel(addresses).tolist():
            told = self.cells.setdefault(address, [])
            if not told or told[-1] != run:
                told.append(run)

    def _array(self, thing: Any, run: int) -> Array | None:
        view = view_of(thing)
        if view is None:
            return None
        if view.size > LARGEST or len(self.arrays) > MOST:
            raise Lost
        array = Array(thing, view, view.copy(), addresses_of(view), run)
        self.arrays[id(thing)] = array
        new = [address for address in array.addresses.ravel().tolist() if address not in self.cells]
        self.write(new, run)
        return array

    def writers(self, thing: Any) -> set[int]:
        """The last runs that wrote an object, and its content."""
        found, ahead, seen = set[int](), [thing], set[int]()
        while ahead:
            one = ahead.pop()
            if id(one) in seen:
                continue
            seen.add(id(one))
            found |= set(self._last(one))
            if id(one) in self.holders:
                for key, value in self.holders[id(one)][1].items():
                    found.add(self.places.get((id(one), key), GIVEN))
                    ahead.append(value)
        return found - {GIVEN}

    def _last(self, thing: Any) -> Iterator[int]:
        view = view_of(thing) if not isinstance(thing, NUMBERS) else None
        if view is None or view.size > LARGEST:
            return
        for address in addresses_of(view).ravel().tolist():
            yield self.cells.get(address, [GIVEN])[-1]
        if id(thing) in self.arrays:
            yield self.arrays[id(thing)].made
