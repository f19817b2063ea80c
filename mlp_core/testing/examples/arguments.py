"""An example for a door: the arguments of a foreign function, and the upstream gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from math import prod
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.testing.engine.source import few_numbers
from mlp_core.testing.examples.foreign_arrays import copied, is_array, is_real, like, source_of, tensor_of, words_of
from mlp_core.testing.examples.inputs import Inputs
from mlp_core.testing.examples.numbers import Numbers, blobs, textures

EXTENDED = bool(np.finfo(np.longdouble).eps < np.finfo(np.float64).eps)
"""whether numpy has numbers with more digits than float64"""

Path = tuple[Any, ...]
"""the place of an array in the arguments: the argument's index, then keys and indices inside it"""


@dataclass(frozen=True)
class Arguments:
    """The arguments of a function, and the numbers of an upstream gradient, which are cut to shape once the outputs are
    known.
    """

    args: tuple[Any, ...]
    blob: bytes = bytes(61)
    texture: int = 0

    def fresh(self) -> list[Any]:
        """Copies that a function may change."""
        return [copied(a) for a in self.args]

    def paths(self) -> list[Path]:
        """The places of the arrays with respect to which a derivative can be taken."""
        return places_of(self.args, is_real)

    def at(self, path: Path) -> Any:
        return found_at(self.args, path)

    def moved(self, others: dict[Path, Any]) -> list[Any]:
        """Fresh arguments with other arrays in some places."""
        return [_moved(a, (k,), others) for k, a in enumerate(self.args)]

    def others(self, factor: float = 1.25) -> list[Any]:
        """Fresh arguments with other numbers, of the same signs."""
        return self.moved({path: like(tensor_of(self.at(path)) * factor, self.at(path)) for path in self.paths()})

    def turned(self) -> list[Any]:
        """Fresh arguments whose entries are in reverse order, and in some arrays with the other sign. Signs and the
        place of the largest entry differ then. An array of positive numbers remains positive.
        """
        others = {}
        for k, path in enumerate(self.paths()):
            value = tensor_of(self.at(path))
            negated = (self.texture >> k) % 2 == 0 and bool((value <= 0).any())
            turned = value.flip(tuple(range(value.dim())))
            others[path] = like(-turned if negated else turned, self.at(path))
        return self.moved(others)

    def extended(self) -> list[Any] | None:
        """Fresh arguments whose numpy arrays have more digits than float64: 64 bits instead of 53 on x86. None if there
        are no such arrays, or no such numbers on this machine.
        """
        arrays = {path: self.at(path) for path in self.paths()}
        longer = {path: a.astype(np.longdouble) for path, a in arrays.items() if isinstance(a, np.ndarray)}
        return self.moved(longer) if longer and EXTENDED else None

    def above(self, shapes: Sequence[Sequence[int]], draw: int = 0) -> list[Tensor]:
        """An upstream gradient for outputs of these shapes, without zeros; it differs for each `draw`."""
        size = sum(map(prod, shapes))
        numbers = Numbers(self.blob, (draw + 1) * size + 7 * draw, self.texture)
        numbers.take((draw * (size + 7),))
        cut = [numbers.take(tuple(shape), 0.5) for shape in shapes]
        return [torch.where(c == 0, 1.0, c) for c in cut]

    def describe(self, names: Sequence[str] = ()) -> str:
        """The shapes of the arguments, each after its name if there are names."""
        return f"arguments {', '.join(_each(map(words_of, self.args), names))}"

    def numbers(self, names: Sequence[str] = ()) -> str:
        """The arguments, rounded to a few digits."""
        return ", ".join(_each(map(rounded, self.args), names))

    def setup(self) -> list[str]:
        return [f"args = [{', '.join(map(source_of, self.args))}]"]

    def weight(self) -> int:
        return sum(map(len, self.setup()))


@dataclass(frozen=True)
class NamedInputs(Inputs):
    """Parameters with names."""

    called: tuple[str, ...] = ()

    def names(self) -> list[str]:
        return [f"gradient of {name}" for name in self.called]


def _each(told: Iterable[str], names: Sequence[str]) -> Iterator[str]:
    return (f"{name} {words}" if name else words for name, words in zip_longest(names, told, fillvalue="") if words)


def rounded(value: Any) -> str:
    """An argument with its numbers rounded to a few digits.

    >>> rounded({"W": torch.tensor([[0.25, 1 / 3]]), "axis": 0})
    "{'W': [[0.25, 0.333]], 'axis': 0}"
    """
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(rounded, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k!r}: {rounded(v)}" for k, v in value.items()) + "}"
    return few_numbers(tensor_of(value)) if is_real(value) else repr(value)


def written(path: Path, base: str = "args") -> str:
    """A place in Python: args[0]['W1']."""
    return base + "".join(f"[{key!r}]" for key in path)


def found_at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def places_of(value: Any, wanted: Callable[[Any], bool] = is_array) -> list[Path]:
    """The places of arrays in lists, tuples and dicts; by default, of all real arrays."""
    return list(_paths(value, (), wanted))


def _paths(value: Any, path: Path, wanted: Callable[[Any], bool]) -> Iterator[Path]:
    if wanted(value):
        yield path
    elif isinstance(value, (list, tuple)):
        for k, inner in enumerate(value):
            yield from _paths(inner, (*path, k), wanted)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths(inner, (*path, key), wanted)


def _moved(value: Any, path: Path, others: Mapping[Path, Any]) -> Any:
    """A copy of a nested structure, with other objects in some places. path: the place of `value` itself."""
    if path in others:
        return others[path]
    if not any(other[: len(path)] == path for other in others):
        return copied(value)
    if isinstance(value, dict):
        return {key: _moved(v, (*path, key), others) for key, v in value.items()}
    return type(value)(_moved(v, (*path, k), others) for k, v in enumerate(value))


def arguments(inputs: st.SearchStrategy[Any]) -> st.SearchStrategy[Arguments]:
    """Examples from a strategy for arguments, which draws a tuple of them, or the only one."""
    several = inputs.map(lambda drawn: drawn if isinstance(drawn, tuple) else (drawn,))
    return st.builds(Arguments, several, blobs, textures)
