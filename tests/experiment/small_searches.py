"""Shared by the tests of the search: small images in memory, and a small plan."""

from __future__ import annotations

from typing import Any

import torch

from mlp_core.experiment.data import Data
from mlp_core.experiment.draws import Range
from mlp_core.experiment.plan import Plan
from mlp_core.experiment.sealed import Sealed, Split
from mlp_core.normalise import normalise

SMALL: dict[str, Any] = {"trials": 3, "epochs": 3, "batch_size": 8, "hidden": (5,), "seed": 7}
RANGES = {"lr": Range(0.01, 0.5), "weight_decay": Range(1e-4, 1e-2), "momentum": Range(0.5, 0.95, below_one=True)}


def small_plan(**changes: Any) -> Plan:
    return Plan(**{"ranges": RANGES, **SMALL, **changes})


def small_data(seed: int = 0, test: int = 12) -> Data:
    """26 training, 10 validation and `test` test images of 3 x 4 x 4; two classes that noise hides from each other;
    seed: of the test images alone."""

    def split(n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
        generator = torch.Generator().manual_seed(seed)
        y = torch.arange(n) % 2
        return torch.rand(n, 3, 4, 4, generator=generator) + 0.03 * y[:, None, None, None], y

    raw = [split(26, 101), split(10, 102), split(test, seed)]
    normalised, how = normalise(*(x for x, _ in raw))
    training, validation, testing = (
        Split(x.flatten(1), y, how) for x, (_, y) in zip(normalised, raw, strict=True)
    )  # fmt: skip
    return Data(training, validation, ("cat", "dog"), (3, 4, 4), Sealed(testing))
