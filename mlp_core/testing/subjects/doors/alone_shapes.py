"""Shapes of the arguments of a hand-written network: weights of a chain of layers, rows or columns of data, a
target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

from mlp_core.testing.subjects.doors.arrays import arrays
from mlp_core.testing.subjects.doors.asked import SHAPES, alike
from mlp_core.testing.subjects.doors.assigned import options_of

INPUTS, HIDDEN, OUTPUTS = 3, (4, 5, 2, 4), (3, 2, 10, 1)
"""sizes of the layers; a file with a table of classes may need 2 or 10 outputs"""

ROWS = (5, 4, 2)
"""numbers of samples in the examples on which a loss is searched"""

LAYOUTS = ("rows", "rows, out first", "columns", "columns, in first", "a vector", "a number")
"""the layout of the data, and of the sizes of a weight: a number in y = w * x + b"""


BIASES = ("a vector", "a row", "a number")
"""the shape of a bias; a number for a single layer with one output"""


@dataclass(frozen=True)
class Given:
    """Shapes of arguments, the axis of the samples, and the kind of target: real numbers, one-hot or classes."""

    shapes: tuple[Any, ...]
    """per argument, a tuple of sizes with the letter n for the samples, or a constant"""
    target: int
    kind: str
    classes: int
    axis: int
    lib: str

    @property
    def outputs(self) -> int:
        """The number of outputs per sample."""
        shape = self.shapes[self.target]
        return shape[1 - self.axis] if len(shape) > 1 else self.classes

    @property
    def several(self) -> bool:
        """Whether the number of samples is free."""
        return any(isinstance(s, tuple) and "n" in s for s in self.shapes)

    def layout(self) -> tuple[Any, ...]:
        """The library, the kind of target and the axes of the arguments, which are the same for other sizes."""
        axes = [len(s) if isinstance(s, tuple) else -1 for s in self.shapes]
        return self.lib, self.kind, self.axis, *axes

    def signature(self) -> str:
        """The shapes in the words of `arrays`."""
        return ",".join(self._words(k, s) for k, s in enumerate(self.shapes) if isinstance(s, tuple))

    def _words(self, k: int, shape: tuple[Any, ...]) -> str:
        if k == self.target and self.kind != "real":
            return f"({shape[self.axis] if len(shape) > 1 else shape[0]})<{self.classes}"
        return f"({','.join(map(str, shape))})"

    def built(self, seed: int) -> list[Any]:
        """One example."""
        numbers = np.random.default_rng(seed)
        args = []
        for k, shape in enumerate(self.shapes):
            if not isinstance(shape, tuple):
                args.append(shape)
                continue
            sizes = [ROWS[seed] if s == "n" else s for s in shape]
            if k == self.target and self.kind != "real":
                rows = sizes[self.axis] if len(sizes) > 1 else sizes[0]
                value: Any = self.target_of(numbers.integers(0, self.classes, rows))
            else:
                value = numbers.standard_normal(sizes)
            args.append(torch.from_numpy(value) if self.lib == "torch" else value)
        return args

    def target_of(self, classes: Any) -> Any:
        """Classes in the form that the function takes."""
        if self.kind == "classes":
            return classes
        table = np.eye(self.classes)[np.asarray(classes)]
        return np.ascontiguousarray(table if self.axis == 0 else table.T)


def drawn_by(given: Given) -> st.SearchStrategy[tuple[Any, ...]]:
    """Arguments of these shapes."""
    whole = [k for k, s in enumerate(given.shapes) if isinstance(s, tuple)]

    def placed(drawn: tuple[Any, ...]) -> tuple[Any, ...]:
        by = dict(zip(whole, drawn, strict=True))
        if given.kind == "onehot":
            table = given.target_of(by[given.target])
            by[given.target] = torch.from_numpy(table) if given.lib == "torch" else table
        return tuple(by.get(k, s) for k, s in enumerate(given.shapes))

    return arrays(given.signature(), lib=given.lib).map(placed)


def given_for(
    arguments: Sequence[str], wrt: Sequence[str], target: str, biases: frozenset[str], rate: str,
    *, flat_target: bool = False, numbers: bool = False,
) -> Iterator[Given]:  # fmt: skip
    """Possible shapes of the arguments, the most likely ones first. flat_target: whether the target of a network with
    one output may be a vector, one number per row. numbers: whether each parameter is a number.
    """
    if numbers:
        yield from _of_numbers(arguments, wrt, target, rate)
        return
    matrices = [n for n in arguments if n in wrt and n not in biases]
    data = [n for n in arguments if n not in wrt and n not in (target, rate)]
    if not matrices or not data or len(matrices) > len(HIDDEN):
        return
    constants = {n: next(iter(options_of([n], ())[0]), None) for n in data}
    inputs = next((n for n in data if constants[n] is None), data[0])
    del constants[inputs]
    if None in constants.values():
        return
    for lib, n, form, outputs, bias in product(("numpy", "torch"), ("n", 1), LAYOUTS, OUTPUTS, BIASES):
        flat = bias == "a vector"
        if (flat and form.startswith("columns")) or (form.startswith("a ") and outputs != 1):
            continue
        if bias == "a number" and (len(matrices) > 1 or outputs != 1 or form.startswith("a ")):
            continue
        if form == "a number" and (len(matrices) > 1 or flat):
            continue
        sizes = [INPUTS, *HIDDEN[: len(matrices) - 1], outputs]
        axis = int(form.startswith("columns"))
        held: dict[str, Any] = {rate: 1.0, **constants, inputs: (INPUTS, n) if axis else (n, INPUTS)}
        if form == "a number":
            held[inputs] = (n,)
        for k, name in enumerate(matrices):
            held[name] = _matrix(form, sizes[k], sizes[k + 1], last=k == len(matrices) - 1)
        for k, name in enumerate(n for n in arguments if n in biases):
            size = sizes[min(k + 1, len(sizes) - 1)]
            held[name] = (size, 1) if axis else (size,) if flat else () if form.startswith("a ") else (1, size)
            if bias == "a number":
                held[name] = ()
        whole = (n,) if form.startswith("a ") else (outputs, n) if axis else (n, outputs)
        kinds = ("real", "onehot", "classes", "a number a row")[: 1 if outputs == 1 else 4]
        for shape in ("a number a row", *kinds) if flat_target and outputs == 1 and not axis else kinds:
            held[target] = (n,) if shape in ("classes", "a number a row") else whole
            shapes = tuple(held[name] for name in arguments)
            kind = "real" if shape == "a number a row" else shape
            place, asked = arguments.index(target), SHAPES.get()
            if asked is None or alike(asked, shapes, place if kind == "classes" else None):
                yield Given(shapes, place, kind, outputs, axis, lib)


def _of_numbers(arguments: Sequence[str], wrt: Sequence[str], target: str, rate: str) -> Iterator[Given]:
    """Parameters that are numbers, and data and target that are vectors."""
    data = [n for n in arguments if n not in (*wrt, target, rate)]
    constants = {n: next(iter(options_of([n], ())[0]), None) for n in data[1:]}
    vectors: dict[str, Any] = dict.fromkeys([target, *data[:1]], ("n",))
    held = {rate: 1.0, **vectors, **constants, **dict.fromkeys(wrt, ())}
    shapes, asked = tuple(held[name] for name in arguments), SHAPES.get()
    if None not in shapes and (asked is None or alike(asked, shapes)):
        yield from (Given(shapes, arguments.index(target), "real", 1, 0, lib) for lib in ("numpy", "torch"))


def _matrix(form: str, before: int, after: int, *, last: bool) -> tuple[int, ...]:
    if form == "a number":
        return ()
    if form == "a vector" and last:
        return (before,)
    return (after, before) if form in ("rows, out first", "columns") else (before, after)
