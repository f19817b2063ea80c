"""Examples for functions of tensors: parameters and data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.engine.source import source


@dataclass(frozen=True)
class Inputs:
    """One example: parameters (float64) and data."""

    params: tuple[Tensor, ...]
    data: tuple[Any, ...]

    def fresh(self) -> tuple[list[Tensor], list[Any]]:
        """Copies that a function may change."""
        return [p.clone() for p in self.params], self.fresh_data()

    def fresh_data(self) -> list[Any]:
        """Copies of the data alone: a quotient moves the parameters anyway."""
        return [_copied(d) for d in self.data]

    def names(self) -> list[str]:
        return [f"params[{k}]" for k in range(len(self.params))]

    def describe(self) -> str:
        words = [str(tuple(d.shape)) if isinstance(d, Tensor) else repr(d) for d in self.data]
        return f"parameters of shapes {[tuple(p.shape) for p in self.params]}; data {', '.join(words) or 'none'}"

    def setup(self) -> list[str]:
        data = [source(d) if isinstance(d, Tensor) else repr(d) for d in self.data]
        return [f"params = [{', '.join(map(source, self.params))}]", f"data = [{', '.join(data)}]"]

    def weight(self) -> int:
        return sum(map(len, self.setup()))


def _copied(value: Any) -> Any:
    return value.clone() if isinstance(value, Tensor) else value


def inputs_of(example: Any) -> Inputs:
    """The example (params, *data) that a strategy drew."""
    params, data = (example[0], example[1:]) if isinstance(example, tuple) and example else (None, ())
    right = isinstance(params, (list, tuple)) and all(
        isinstance(p, Tensor) and p.dtype == torch.float64 for p in params
    )
    if not right or not params:
        expected = "a strategy for (params, *data), params a list of float64 tensors"
        raise ArgumentError("inputs", example, expected)
    return Inputs(tuple(p.detach() for p in params), tuple(data))
