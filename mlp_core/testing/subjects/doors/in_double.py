"""Objects that keep tensors of torch, made in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from mlp_core.testing.engine.source import MADE, import_of, name_of
from mlp_core.testing.subjects.doors.held import held


def has_tensors(made: Any) -> bool:
    """Whether an object keeps tensors of real numbers."""
    return any(isinstance(one.of(made), torch.Tensor) for one in held(made))


def in_double(make: Callable[[], Any]) -> Callable[[], Any]:
    """The same function, whose objects keep their tensors in float64: `torch.randn(3, 2)` in a constructor gives
    float32, and a product with an argument in float64 would raise.
    """
    def made() -> Any:
        one = make()
        for each in held(one):
            if isinstance(value := each.of(one), torch.Tensor):
                each.put(one, value.detach().double().requires_grad_(value.requires_grad))
        return one

    made.__name__ = made.__qualname__ = name_of(make)
    lines = [*import_of(make), f"from {__name__} import in_double"]
    setattr(made, MADE, (lines, f"in_double({name_of(make)})"))
    return made
