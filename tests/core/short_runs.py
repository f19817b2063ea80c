"""Shared by tests of training: data, short runs on them, a schedule, and runs that are the same to the bit."""

from __future__ import annotations

from itertools import product
from typing import Any

import torch
from torch import Tensor

from mlp_core import MLP, History, fit, losses, rules

SGD: Any = rules.get("sgd")
RULE = SGD(lr=0.01, momentum=0.9, weight_decay=0.01)
SWITCHES = list(product(("manual", "autograd"), ("manual", "torch")))


def data(n: int, loss: str, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(n)
    x = torch.randn(n, 6, generator=generator, dtype=torch.float64).to(dtype)
    if losses.get(loss).classes:
        return x, torch.randint(3, (n,), generator=generator)
    return x, torch.rand(n, 3, generator=generator, dtype=torch.float64).to(dtype)


def train(loss: str = "mse", dtype: torch.dtype = torch.float64, n: int = 20, activation: str = "relu",
          model: MLP | None = None, **options: Any) -> tuple[MLP, History]:  # fmt: skip
    x, y = data(n, loss, dtype)
    model = MLP([6, 9, 5, 3], activation=activation, dtype=dtype) if model is None else model
    return model, fit(model, x, y, **{"loss": loss, "rule": RULE, "epochs": 2, "batch_size": 8, **options})


def assert_identical(one: tuple[MLP, History], other: tuple[MLP, History]) -> None:
    assert one[1].step_losses.tolist() == other[1].step_losses.tolist()
    assert one[1].epoch_losses.tolist() == other[1].epoch_losses.tolist()
    assert torch.equal(one[0].flat, other[0].flat)


def schedule(step: int) -> Any:
    return SGD(lr=0.01 / (1 + step), momentum=0.5 + 0.05 * step, nesterov=step > 2)
