"""Any function of tensors with a hand-written gradient, as a subject."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from torch import Tensor

from mlp_core.testing.engine import guards
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.engine.source import import_of, name_of
from mlp_core.testing.examples.inputs import Inputs


@dataclass(frozen=True)
class FunctionSubject:
    """loss(params, *data) -> scalar, and gradient(params, *data) -> a tensor for each of params."""

    name: str
    loss: Callable[..., Tensor]
    gradient: Callable[..., Sequence[Tensor]]
    inputs: st.SearchStrategy[Inputs]
    waived: tuple[str, ...] = ()
    """laws that do not hold by design"""
    waives_by: str = "subjects.gradient"
    """the function that takes waives="""
    note: str = ""
    """a remark about what is compared"""

    def value(self, params: list[Tensor], *data: Any) -> Tensor:
        """The loss, run in the default dtype of `by_hand`: then both draw the same random numbers from one seed."""
        with _alike(params):
            return self.loss(params, *data)

    def by_hand(self, inputs: Inputs) -> list[Tensor]:
        """The hand-written gradient. Raises Broken unless it is one tensor per parameter, with its shape."""
        params, data = inputs.fresh()
        with _alike(params), guards.foreign():
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
        """A snippet that builds the example, computes the gradient and fails as the law did."""
        lines = ["import torch", *import_of(self.loss), *import_of(self.gradient)]
        names = [f"loss, gradient = {name_of(self.loss)}, {name_of(self.gradient)}"]
        return "\n".join([*lines, *names, *example.setup(), closing or "gradient(params, *data)"])


def _alike(params: Sequence[Tensor]) -> AbstractContextManager[None]:
    """A context in which torch makes numbers of the dtype of the parameters: torch.zeros(3) is in float64."""
    return guards.default_dtype(params[0].dtype) if params else nullcontext()


_COUNT = """\
found = gradient(params, *data)
assert isinstance(found, (list, tuple)), found
one = [(getattr(g, "dtype", None), getattr(g, "shape", None)) for g in found]
assert one == [(p.dtype, p.shape) for p in params], found"""
