"""Examples for normalisations: three splits of images."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.testing.engine.source import source
from mlp_core.testing.examples.numbers import Numbers, blobs, textures

NAMES = ["training", "validation", "test"]


@dataclass(frozen=True)
class Splits:
    """Three splits of images, (N, C, H, W)."""

    training: Tensor
    validation: Tensor
    test: Tensor

    def all(self) -> list[Tensor]:
        return [self.training, self.validation, self.test]

    def describe(self) -> str:
        return ", ".join(f"{name} {tuple(t.shape)}" for name, t in zip(NAMES, self.all(), strict=True))

    def setup(self) -> list[str]:
        return [f"{name} = {source(t)}" for name, t in zip(NAMES, self.all(), strict=True)]


@st.composite
def splits(draw: st.DrawFn) -> Splits:
    """Splits of several sizes; some channels are constant in the training split."""
    blob, texture = draw(blobs, label="numbers"), draw(textures, label="texture")
    dtype = draw(st.sampled_from((torch.float64, torch.float32)), label="dtype")
    constant = draw(st.booleans(), label="the last channel is constant in the training split")
    C, H, W = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    rows = [draw(st.integers(1, 5), label=f"{name} images") for name in NAMES]
    numbers = Numbers(blob, sum(rows) * C * H * W, texture)
    training, validation, test = (numbers.take((n, C, H, W)) for n in rows)
    if constant:
        training[:, -1] = 0.7
    return Splits(training.to(dtype), validation.to(dtype), test.to(dtype))
