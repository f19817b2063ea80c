"""Arrays whose shapes are given by a signature: its letters, their sizes, and the entries."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.examples.choices import Codes, drawn_bytes
from mlp_core.testing.examples.numbers import PERIOD, Numbers, textures

LETTERS = (1, 2, 3, 4, 5, 3)
"""the sizes of a letter by default: 1 hides wrong sums, and the others differ"""

SCALE = 0.25
"""entries are within +- 2, and shrink to multiples of 1/64"""

LIBRARIES = ("numpy", "torch", "jax")

class Drawn(tuple[Any, ...]):
    """Arguments that were drawn by a signature alone: nothing is known about them that larger numbers would break."""


ONE = re.compile(r"\(([^()]*)\)\s*(?:(<|>)\s*(\w+))?")


@dataclass(frozen=True)
class Shape:
    """One array: its sizes, as letters or numbers; optionally a limit for its integers, or that its numbers are
    positive.
    """

    sizes: tuple[str | int, ...]
    below: str | int | None = None
    positive: bool = False


def parsed(signature: str) -> list[Shape]:
    """The shapes in a signature.

    >>> parsed("(n,d),(n)<c")
    [Shape(sizes=('n', 'd'), below=None, positive=False), Shape(sizes=('n',), below='c', positive=False)]
    """
    found, rest = list[Shape](), signature.replace(" ", "")
    wanted = "shapes such as '(n,d),(d,3),(n)<c': letters or numbers; <c: whole numbers below c, >0: positive ones"
    while rest:
        match = ONE.match(rest)
        if match is None or (rest[match.end() :] and not rest[match.end() :].startswith(",")):
            raise ArgumentError("signature", signature, wanted)
        sizes = [s for s in match[1].split(",") if s]
        if not all(re.fullmatch(r"[A-Za-z]\w*|\d+", s) for s in sizes) or (match[2] == ">" and match[3] != "0"):
            raise ArgumentError("signature", signature, wanted)
        below = _size(match[3]) if match[2] == "<" else None
        found.append(Shape(tuple(map(_size, sizes)), below, match[2] == ">"))
        rest = rest[match.end() + 1 :]
    if not found:
        raise ArgumentError("signature", signature, wanted)
    return found


def _size(text: str) -> str | int:
    return int(text) if text.isdigit() else text


def drawn(shapes: Sequence[Shape], lib: str, sizes: Mapping[str, Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    """Arrays of these shapes, in a library."""
    letters = list(dict.fromkeys(s for one in shapes for s in (*one.sizes, one.below) if isinstance(s, str)))
    ranges = {letter: options_of(letter, sizes.get(letter)) for letter in letters}

    def made(data: bytes, texture: int) -> tuple[Any, ...]:
        codes = Codes(data)
        known = {letter: codes.pick(options) for letter, options in ranges.items()}
        blob = bytes(codes.data)[:PERIOD]
        numbers = Numbers(blob, 1, texture)
        return Drawn(_array(one, known, numbers, lib, texture) for one in shapes)

    return st.builds(made, drawn_bytes, textures)


def options_of(letter: str, given: Any) -> tuple[int, ...]:
    """The allowed sizes of a letter: a range (low, high), a list, or one number."""
    if given is None:
        return LETTERS
    if isinstance(given, tuple) and len(given) == 2 and all(isinstance(n, int) for n in given):
        return tuple(range(given[0], given[1] + 1))
    if isinstance(given, int):
        return (given,)
    if isinstance(given, list) and given and all(isinstance(n, int) for n in given):
        return tuple(given)
    raise ArgumentError("sizes", {letter: given}, "a number, (smallest, largest) or a list of numbers for each letter")


def _array(one: Shape, known: Mapping[str, int], numbers: Numbers, lib: str, texture: int) -> Any:
    shape = tuple(known.get(str(s), s) for s in one.sizes)
    if one.below is not None:
        most = known.get(str(one.below), one.below)
        codes = (numbers_of(numbers, shape, texture, 16.0).abs() % int(most)).to(torch.int64)
        return in_library(codes, lib)
    values = numbers_of(numbers, shape, texture, SCALE)
    return in_library(values.abs() + 2.0**-6 if one.positive else values, lib)


def numbers_of(numbers: Numbers, shape: Sequence[Any], texture: int, scale: float) -> Tensor:
    """The next numbers, as many as needed: they are repeated with other noise."""
    size = int(torch.Size(shape).numel())
    taken = torch.arange(numbers.used, numbers.used + size) % (len(numbers.zigzag))
    round_ = torch.arange(numbers.used, numbers.used + size) // len(numbers.zigzag)
    numbers.used += size
    values = numbers.zigzag[taken] / 16 * scale
    if texture and scale < 1:
        noise = torch.rand(size, generator=torch.Generator().manual_seed(texture + numbers.used), dtype=torch.float64)
        values = values * (0.75 + noise / 2)
    return (values * (1 + round_ / 64)).view(tuple(shape))


def in_library(values: Tensor, lib: str) -> Any:
    """A tensor as an array of a library."""
    if lib == "torch":
        return values.clone()
    if lib == "numpy":
        return values.numpy().copy()
    import jax.numpy  # only if jax arrays are requested

    return jax.numpy.asarray(values.numpy())


def plain(shapes: Sequence[Any]) -> list[Shape]:
    """Shapes as tuples of numbers."""
    if not shapes or not all(isinstance(s, tuple) and all(isinstance(n, int) and n >= 0 for n in s) for s in shapes):
        raise ArgumentError("shapes", shapes, "a signature such as '(n,d),(d,h)', or tuples of numbers")
    return [Shape(s) for s in shapes]
