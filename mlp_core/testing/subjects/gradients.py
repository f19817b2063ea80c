"""Hand-written backpropagations as subjects, in this package's form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core import losses
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.engine.guards import foreign
from mlp_core.testing.engine.source import import_of
from mlp_core.testing.examples.networks import problems
from mlp_core.testing.examples.problem import Case, Problem

BATCH_SIZES = (1, 8)


@dataclass(frozen=True)
class GradientSubject:
    """A hand-written backpropagation."""

    function: Callable[..., Any]
    name: str
    batch_sizes: tuple[int, int] = BATCH_SIZES
    to_the_bit: bool = False
    takes_upstream: ClassVar[bool] = True
    dtypes: ClassVar[tuple[torch.dtype, ...]] = (torch.float64, torch.float32)

    def problems(
        self, *, one: bool | None = None, most: int | None = None, large: bool = False, **options: Any
    ) -> st.SearchStrategy[Problem]:
        """Problems for this subject: of single samples (one=True), of several (False), or of any number, up to hundreds
        if `large`."""
        low, high = self.batch_sizes
        high = 300 if large and high > 1 else high
        high = high if most is None else max(low, min(high, most))
        low, high = (1, 1) if one else (max(2, low), high) if one is False else (low, high)
        if "objectives" in options:
            options["objectives"] = [losses.get(name) for name in options["objectives"]]
        return problems(batch=(low, high), **{**options, **self.restrictions(options)})

    def restrictions(self, options: dict[str, Any]) -> dict[str, Any]:
        """Options that this subject does not allow to change."""
        return {}

    def raw_gradient(self, case: Case, *, clear: bool = True) -> list[Tensor]:
        """The gradients W1, b1, W2, ... as the function leaves them; with `clear`, the buffers contain NaN before the
        call.
        """
        case.model.flat_grad  # noqa: B018  (binds every parameter's grad)
        for g in case.model.grad_views if clear else ():
            g.fill_(float("nan"))
        with foreign():
            self.function(case.model, case.trace, case.dL_dy)
        return [p.new_full(p.shape, float("nan")) if p.grad is None else p.grad for p in case.model.parameters()]

    def gradient(self, case: Case, *, clear: bool = True) -> list[Tensor]:
        """The same as plain tensors that the next call does not overwrite. Raises Broken for a wrong shape."""
        got = [g.detach().clone() for g in self.raw_gradient(case, clear=clear)]
        for (name, p), g in zip(case.model.named_parameters(), got, strict=True):
            if g.shape != p.shape:
                shapes = f"shape {tuple(g.shape)}", f"shape {tuple(p.shape)}"
                closing = f'got = gradient()["{name}"].shape\nassert got == {tuple(p.shape)}, got'
                raise Broken(name, *shapes, closing=closing)
        return got

    def snippet(self, example: Any, closing: str) -> str:
        """A snippet that builds the example, calls the function and fails as the law did."""
        head = ["import torch", "from mlp_core import MLP, Trace, activations, losses", *import_of(self.function)]
        return "\n".join([*head, *example.setup(), *self.call(), "", closing or "gradient()"])

    def call(self) -> list[str]:
        return [
            "def gradient(clear=True):",
            "    model.flat_grad",
            "    for p in model.parameters() if clear else ():",
            '        p.grad.fill_(float("nan"))',
            f"    {self.function.__name__}(model, trace, dL_dy)",
            "    return {name: p.grad.clone() for name, p in model.named_parameters()}",
        ]
