"""The input for following a failure: a subject to run again on an example, its outputs, the correct outputs, and known
intermediate values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mlp_core.testing.diagnosis.lines.memory import view_of


@dataclass
class Output:
    """An output and its correct value. since: the run of a line from which on it was written."""

    name: str
    thing: Any
    expected: Tensor
    near: float
    since: int = 0

    def wrong(self) -> tuple[int, ...] | None:
        """The entry that differs most from the correct value; None if all are correct; the first entry if the shape is
        wrong.
        """
        view = numbers_in(self.thing)
        if view is None:
            return None
        right = self.expected.detach().double().numpy()
        if view.shape != right.shape:
            return (0,) * view.ndim if view.size else None
        with np.errstate(all="ignore"):
            got = view.astype(np.float64)
            off = np.where(np.isnan(got) & np.isnan(right) | (got == right), 0.0, np.abs(got - right))
            off = np.nan_to_num(off, nan=np.inf)
        size = max(float(np.abs(np.nan_to_num(right)).max(initial=0.0)), np.finfo(np.float64).tiny)
        if not off.size or off.max() <= self.near * size:
            return None
        return tuple(int(i) for i in np.unravel_index(int(off.argmax()), off.shape))


@dataclass
class Case:
    """A subject on an example. run() runs it again, with or without a recorder. known: for an output and a depth, the
    numbers that are correct if they are read this many lines before the line that writes the output. steps: for an
    output, intermediate numbers that a line may have to write, so that correcting them can be tried.
    """

    run: Callable[[Any], list[Output]]
    own: tuple[Any, ...]
    """functions that belong to the subject"""
    known: Callable[[Output, int], Sequence[Tensor]] = lambda output, depth: ()
    steps: Callable[[Output], Sequence[Tensor]] = lambda output: ()
    near: float = 1e-9
    begin: Callable[[Any, Output, set[int]], set[int]] = lambda recorder, output, writers: writers
    """of all line runs that write an output, the ones from which it is followed"""


PLAIN = int | float | np.integer | np.floating


def numbers_in(thing: Any) -> np.ndarray[Any, Any] | None:
    """The real numbers of an array in its own memory, of a number, or of a list of numbers; None for other objects."""
    if isinstance(thing, PLAIN):
        return np.asarray(float(thing))
    if isinstance(thing, list | tuple) and thing and all(isinstance(one, PLAIN) for one in thing):
        return np.asarray([float(one) for one in thing])
    view = view_of(thing)
    return None if view is not None and view.dtype.kind == "c" else view


def telling(tensors: Sequence[Tensor]) -> int:
    """The number of different values: the larger it is, the less likely is an equality by chance."""
    numbers = torch.cat([t.detach().double().flatten().abs() for t in tensors if t.numel()] or [torch.zeros(1)])
    return len(set(numbers[:400].tolist()))
