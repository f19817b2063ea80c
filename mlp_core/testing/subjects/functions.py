"""Any function of tensors with a gradient written by hand, as a subject."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.errors import ArgumentError
from mlp_core.testing import conduct
from mlp_core.testing.law import Broken, Law
from mlp_core.testing.problem import source


@dataclass(frozen=True)
class Inputs:
    """One example: parameters (float64) and data."""

    params: tuple[Tensor, ...]
    data: tuple[Any, ...]

    def fresh(self) -> tuple[list[Tensor], list[Any]]:
        """Copies that a function may be trusted with."""
        return [p.clone() for p in self.params], [_copied(d) for d in self.data]

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
    """(params, *data) as a strategy drew it."""
    params, data = (example[0], example[1:]) if isinstance(example, tuple) and example else (None, ())
    right = isinstance(params, (list, tuple)) and all(
        isinstance(p, Tensor) and p.dtype == torch.float64 for p in params
    )
    if not right or not params:
        expected = "a strategy for (params, *data), params a list of float64 tensors"
        raise ArgumentError("inputs", example, expected)
    return Inputs(tuple(p.detach() for p in params), tuple(data))


@dataclass(frozen=True)
class FunctionSubject:
    """loss(params, *data) -> scalar, and gradient(params, *data) -> a tensor for each of params."""

    name: str
    loss: Callable[..., Tensor]
    gradient: Callable[..., Sequence[Tensor]]
    inputs: st.SearchStrategy[Inputs]

    def laws(self) -> list[Law]:
        from mlp_core.testing import function_laws

        return [law.bind(self) for law in function_laws.book.laws]

    def by_hand(self, inputs: Inputs) -> list[Tensor]:
        """The gradient written by hand; raises Broken where it is not a tensor for each parameter, of its shape."""
        params, data = inputs.fresh()
        with conduct.foreign():
            found = self.gradient(params, *data)
        if not isinstance(found, (list, tuple)) or len(found) != len(params):
            got = f"{len(found)} of them" if isinstance(found, (list, tuple)) else type(found).__name__
            raise Broken("what gradient returns", got, f"a list of {len(params)} tensors", closing=_COUNT)
        for name, g, p in zip(inputs.names(), found, params, strict=True):
            got = f"{g.dtype}, shape {tuple(g.shape)}" if isinstance(g, Tensor) else type(g).__name__
            expected = f"{p.dtype}, shape {tuple(p.shape)}"
            if got != expected:
                raise Broken(f"gradient of {name}", got, expected, closing=_COUNT)
        return list(found)

    def snippet(self, example: Any, closing: str) -> str:
        """Lines to paste that build the example, take the gradient and fail as the law did."""
        lines = ["import torch", *conduct.import_of(self.loss), *conduct.import_of(self.gradient)]
        names = [f"loss, gradient = {conduct.name_of(self.loss)}, {conduct.name_of(self.gradient)}"]
        return "\n".join([*lines, *names, *example.setup(), closing or "gradient(params, *data)"])


_COUNT = """\
found = gradient(params, *data)
assert [(g.dtype, g.shape) for g in found] == [(p.dtype, p.shape) for p in params], found"""
