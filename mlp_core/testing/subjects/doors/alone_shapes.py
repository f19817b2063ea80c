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


FEATURES = (2, 3, 4)
"""numbers of features of a sample whose weights are single numbers"""

ONE = ("the class of one sample", "one-hot, of one sample")
"""kinds of a target that is a number of a class, and a vector"""

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
    counted: bool = False
    """whether the largest class is always among the labels"""

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
        if k == self.target and self.kind in ONE:
            return f"(1)<{self.classes}"
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
            if k == self.target and self.kind in ONE:
                value: Any = self.target_of(numbers.integers(0, self.classes, 1))
            elif k == self.target and self.kind != "real":
                rows = sizes[self.axis] if len(sizes) > 1 else sizes[0]
                value = self.target_of(self.labels(numbers.integers(0, self.classes, rows)))
            else:
                value = numbers.standard_normal(sizes)
            args.append(torch.from_numpy(value) if self.lib == "torch" and not isinstance(value, int) else value)
        return args

    def labels(self, drawn: Any) -> Any:
        """Classes of samples, with the largest class in one place if the code needs it."""
        if self.counted and self.kind == "classes" and len(drawn):
            drawn[int(drawn.sum()) % len(drawn)] = self.classes - 1
        return drawn

    def target_of(self, classes: Any) -> Any:
        """Classes in the form that the function takes."""
        if self.kind == "classes":
            return classes
        if self.kind in ONE:
            return int(classes[0]) if self.kind == ONE[0] else np.eye(self.classes)[int(classes[0])]
        table = np.eye(self.classes)[np.asarray(classes)]
        return np.ascontiguousarray(table if self.axis == 0 else table.T)


def drawn_by(given: Given) -> st.SearchStrategy[tuple[Any, ...]]:
    """Arguments of these shapes."""
    whole = [k for k, s in enumerate(given.shapes) if isinstance(s, tuple)]

    def placed(drawn: tuple[Any, ...]) -> tuple[Any, ...]:
        by = dict(zip(whole, drawn, strict=True))
        by[given.target] = given.labels(by[given.target])
        if given.kind in ("onehot", *ONE):
            table = given.target_of(by[given.target])
            by[given.target] = torch.from_numpy(table) if given.lib == "torch" and not isinstance(table, int) else table
        return tuple(by.get(k, s) for k, s in enumerate(given.shapes))

    return arrays(given.signature(), lib=given.lib).map(placed)


def given_for(
    arguments: Sequence[str], wrt: Sequence[str], target: str, biases: frozenset[str], rate: str,
    *, flat_target: bool = False, numbers: bool = False, one: bool = False,
) -> Iterator[Given]:  # fmt: skip
    """Possible shapes of the arguments, the most likely ones first. flat_target: whether the target of a network with
    one output may be a vector, one number per row. numbers: whether each parameter is a number. one: whether the data
    is one sample.
    """
    if numbers:
        yield from _of_numbers(arguments, wrt, target, rate, one=one)
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
    if one:
        numbers_of = {rate: 1.0, **constants}
        yield from of_one(arguments, matrices, [n for n in arguments if n in biases], inputs, target, numbers_of)
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


def _of_numbers(
    arguments: Sequence[str], wrt: Sequence[str], target: str, rate: str, *, one: bool
) -> Iterator[Given]:  # fmt: skip
    """Parameters that are numbers, and data and target that are vectors, or numbers of one sample. Its data may also be
    a vector, of which the code reads x[0] and x[1].
    """
    data = [n for n in arguments if n not in (*wrt, target, rate)]
    constants = {n: next(iter(options_of([n], ())[0]), None) for n in data[1:]}
    last: tuple[Any, ...] = () if one else ("n",)
    for own in (last, *((k,) for k in FEATURES if one)):
        held = {rate: 1.0, target: last, **dict.fromkeys(data[:1], own), **constants, **dict.fromkeys(wrt, ())}
        shapes, asked = tuple(held[name] for name in arguments), SHAPES.get()
        if None not in shapes and (asked is None or alike(asked, shapes)):
            yield from (Given(shapes, arguments.index(target), "real", 1, 0, lib) for lib in ("numpy", "torch"))


def of_one(
    arguments: Sequence[str], matrices: Sequence[str], biases: Sequence[str], inputs: str, target: str,
    held: dict[str, Any],
) -> Iterator[Given]:  # fmt: skip
    """Shapes for one sample: a vector, a column or a row, and as many outputs as its target has numbers."""
    place, asked = arguments.index(target), SHAPES.get()
    for lib, form, (before, after), outputs in product(("numpy", "torch"), FORMS, ((0, 1), (1, 0)), (1, 3)):
        whole = dict(held)
        last = FORMS[form](outputs) if form != "a number" else ()
        sizes = [INPUTS, *HIDDEN[: len(matrices) - 1], outputs]
        if form == "a number" and outputs > 1:
            continue
        for k, name in enumerate(matrices):
            pair = sizes[k], sizes[k + 1]
            vector = form == "a number" and k == len(matrices) - 1
            whole[name] = pair[:1] if vector else (pair[before], pair[after])
        for k, name in enumerate(biases):
            end = k == len(matrices) - 1
            whole[name] = last if end or (form == "a number" and len(matrices) == 1) else FORMS[form](
                sizes[min(k + 1, len(sizes) - 1)])  # fmt: skip
        whole[inputs], whole[target] = FORMS[form](INPUTS), last
        shapes = tuple(whole[name] for name in arguments)
        kinds = ("real",) if outputs == 1 else ("real", *ONE) if form == "a vector" else ("real", "onehot")
        for kind in kinds:
            if asked is None or alike(asked, shapes):
                yield Given(shapes, place, kind, outputs, int(form == "a column"), lib)


FORMS: dict[str, Any] = {
    "a number": lambda size: (size,), "a vector": lambda size: (size,), "a column": lambda size: (size, 1),
    "a row": lambda size: (1, size),
}  # fmt: skip
"""per form of a sample, the shape of its layers; with a number, the target is one"""


def _matrix(form: str, before: int, after: int, *, last: bool) -> tuple[int, ...]:
    if form == "a number":
        return ()
    if form == "a vector" and last:
        return (before,)
    return (after, before) if form in ("rows, out first", "columns") else (before, after)
