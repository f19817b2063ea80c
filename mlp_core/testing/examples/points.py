"""Examples for activations and losses: numbers, outputs with targets, and invalid targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.losses import Loss
from mlp_core.testing.engine.source import source
from mlp_core.testing.examples.networks import targets
from mlp_core.testing.examples.numbers import Numbers, blobs, textures

DTYPES = (torch.float64, torch.float32)


@dataclass(frozen=True)
class Points:
    """Numbers to evaluate a record at; for a loss, outputs and targets."""

    z: Tensor
    y: Tensor | None = None

    def describe(self) -> str:
        return f"{tuple(self.z.shape)} numbers, {str(self.z.dtype)[6:]}"

    def setup(self) -> list[str]:
        return [f"z = {source(self.z)}", *([] if self.y is None else [f"y = {source(self.y)}"])]


@st.composite
def points(draw: st.DrawFn, subject: Any) -> Points:
    """Numbers of all sizes, including kinks."""
    blob, texture = draw(blobs, label="numbers"), draw(textures, label="texture")
    dtype, scale = (
        draw(st.sampled_from(DTYPES), label="dtype"),
        draw(st.sampled_from((1.0, 0.01, 0.25, 8.0)), label="scale"),
    )
    z = Numbers(blob, 24, texture).take((24,), scale)
    kinks = getattr(subject.record, "kinks", ())
    return Points(torch.cat([z, torch.tensor([*kinks, 0.0], dtype=torch.float64)]).to(dtype))


@st.composite
def outputs(draw: st.DrawFn, subject: Any) -> Points:
    """Outputs of a network, and valid targets."""
    blob, texture = draw(blobs, label="numbers"), draw(textures, label="texture")
    dtype, scale = draw(st.sampled_from(DTYPES), label="dtype"), draw(st.sampled_from((1.0, 0.01, 30.0)), label="scale")
    rows, columns = draw(st.integers(1, 9), label="batch size"), draw(st.integers(1, 6), label="outputs")
    numbers = Numbers(blob, 2 * rows * columns, texture)
    y_hat = numbers.take((rows, columns), scale).to(dtype)
    y = targets(subject.record, numbers.take((rows, columns)))
    return Points(y_hat, y if y.dtype == torch.int64 else y.to(dtype))


@dataclass(frozen=True)
class Misfit:
    """Outputs, and targets that are invalid in one of three ways: shape, dtype, range."""

    HOW: ClassVar = ("shape", "dtype", "range")
    at: Points
    how: int

    def y(self, loss: Loss) -> Tensor:
        assert self.at.y is not None
        if self.how == 0:
            return torch.cat([self.at.y, self.at.y])
        if self.how == 1:
            return self.at.y.to(torch.int32)
        return torch.full_like(self.at.y, self.at.z.shape[1]) if loss.classes else self.at.y + float("nan")

    def describe(self) -> str:
        return f"{self.at.describe()}, targets of another {self.HOW[self.how]}"

    def setup(self) -> list[str]:
        return self.at.setup()
