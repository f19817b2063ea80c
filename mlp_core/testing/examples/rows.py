"""Examples for objectives of gradient boosting: rows with a label, raw scores and a weight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.testing.engine.source import literal
from mlp_core.testing.examples.choices import Codes, drawn_bytes
from mlp_core.testing.examples.numbers import PERIOD, Numbers, textures

MOST = 6
"""the largest number of rows in an example"""

SCALES = (0.25, 0.5, 1.0)
"""scales of the raw scores, which reach 8 times as far: up to a probability of 0.9997, because 1 - p has few digits
beyond"""


@dataclass(frozen=True)
class Rows:
    """Labels (n,), raw scores (n,) or (n, k), weights (n,); all float64."""

    labels: Tensor
    scores: Tensor
    weights: Tensor

    def one(self, row: int) -> Rows:
        """This row only."""
        return self.some([row])

    def some(self, rows: list[int]) -> Rows:
        """These rows, in this order."""
        return Rows(self.labels[rows], self.scores[rows], self.weights[rows])

    def at(self, scores: Tensor) -> Rows:
        """The same rows with other scores."""
        return replace(self, scores=scores)

    def arrays(self) -> tuple[Any, Any, Any]:
        """Labels, scores and weights as numpy arrays that a function may change."""
        return self.labels.numpy().copy(), self.scores.numpy().copy(), self.weights.numpy().copy()

    def describe(self) -> str:
        return f"labels {self.labels.tolist()}, raw scores {self.scores.tolist()}"

    def setup(self) -> list[str]:
        three = ("labels", self.labels), ("scores", self.scores), ("weights", self.weights)
        return [f"{name} = {array(value)}" for name, value in three]

    def weight(self) -> int:
        return sum(map(len, self.setup()))


def array(value: Tensor) -> str:
    """The source of a numpy array."""
    return f"np.array({_written(value.tolist())})"


def _written(value: Any) -> str:
    return f"[{', '.join(map(_written, value))}]" if isinstance(value, list) else literal(value)


KINDS: dict[str, Callable[[Tensor], Tensor]] = {
    "real": lambda k: k / 16,
    "binary": lambda k: k.abs() % 2,
    "signs": lambda k: k.abs() % 2 * 2 - 1,
    "unit": lambda k: (k.abs() + 1) / 130,
    "positive": lambda k: (k.abs() + 1) / 16,
    "counts": lambda k: k.abs() % 9,
}
"""per kind of label, a function that makes it from integers from -128 to 127"""


def rows(
    labels: str | int | st.SearchStrategy[Any], scores: tuple[float, float] | None = None
) -> st.SearchStrategy[Rows]:
    """1 to MOST rows. labels: a key of KINDS, a number of classes, or a strategy for one label. scores: the range of
    raw scores, if not all numbers are allowed. Labels and weights are float32 numbers, as libraries keep them.
    """
    classes = labels if isinstance(labels, int) else 0

    def made(data: bytes, texture: int, given: list[Any]) -> Rows:
        codes = Codes(data)
        n, scale = codes.count(1, MOST), codes.pick(SCALES)
        numbers = Numbers(bytes(codes.data)[:PERIOD], n * (max(classes, 1) + 2), texture)
        plain = numbers.zigzag
        s = numbers.take((n, classes) if classes else (n,), scale)
        if scores is not None:  # from a 260th above the low end to a 260th below the high end
            s = scores[0] + (scores[1] - scores[0]) * (s / scale / 8 + 1.02) / 2.04
        w = numbers.take((n,)).abs() % 3 + 0.25
        if classes:
            y = plain[-n:].abs() % classes
        elif given:
            y = torch.tensor([float(label) for label in given[:n]], dtype=torch.float64)
        else:
            y = KINDS[str(labels)](plain[-n:])
        return Rows(y.float().double(), s.clone(), w.float().double())

    drawn = st.lists(labels, min_size=MOST, max_size=MOST) if isinstance(labels, st.SearchStrategy) else st.just([])
    return st.builds(made, drawn_bytes, textures, drawn)


def in_column_order(scores: Any) -> Any:
    """The same array in column order."""
    return np.asfortranarray(scores)
