"""What is followed: a subject run once more on an example, what comes out of it, what is right, and what else is known
to be right on the way."""

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
    """Something that came out, and what is right. since: the run of a line from which on it was written."""

    name: str
    thing: Any
    expected: Tensor
    near: float
    since: int = 0

    def wrong(self) -> tuple[int, ...] | None:
        """The entry that is farthest from right; None where all is right. The first of one with a wrong shape."""
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
    """A subject on an example. run() does it anew, in a recorder or without one. known: of an output and a depth, the
    numbers that are right if they are read there, so many lines before the one that writes it; steps: of an output,
    numbers on the way to it that a line may have to write, so that they can be tried."""

    run: Callable[[Any], list[Output]]
    own: tuple[Any, ...]
    """functions of the subject"""
    known: Callable[[Output, int], Sequence[Tensor]] = lambda output, depth: ()
    steps: Callable[[Output], Sequence[Tensor]] = lambda output: ()
    near: float = 1e-9
    begin: Callable[[Any, Output, set[int]], set[int]] = lambda recorder, output, writers: writers
    """of all runs of lines that write an output, those from which it is followed"""


PLAIN = int | float | np.integer | np.floating


def numbers_in(thing: Any) -> np.ndarray[Any, Any] | None:
    """The real numbers of an array in its own memory, a number, or a list of numbers; None for all else."""
    if isinstance(thing, PLAIN):
        return np.asarray(float(thing))
    if isinstance(thing, list | tuple) and thing and all(isinstance(one, PLAIN) for one in thing):
        return np.asarray([float(one) for one in thing])
    view = view_of(thing)
    return None if view is not None and view.dtype.kind == "c" else view


def telling(tensors: Sequence[Tensor]) -> int:
    """How many different numbers there are: the more, the less is equal by chance."""
    numbers = torch.cat([t.detach().double().flatten().abs() for t in tensors if t.numel()] or [torch.zeros(1)])
    return len(set(numbers[:400].tolist()))
