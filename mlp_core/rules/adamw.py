"""AdamW, exactly as torch.optim.AdamW documents and implements it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from mlp_core.rules._fields import WeightDecay
from mlp_core.rules._shared import decay
from mlp_core.rules.adam import Adam


@dataclass(frozen=True)
class AdamW(Adam):
    """p <- p - lr wd p, then Adam's step without decay in the gradient.

    Slots, shapes and amsgrad as in Adam. Source: Loshchilov and Hutter (2019), algorithm 2, whose schedule multiplier
    eta is 1 here and whose decay is multiplied by lr, as in torch.optim.AdamW.
    """

    weight_decay: WeightDecay = 1e-2

    def direction(self, p: Tensor, g: Tensor) -> Tensor:
        """Applies decoupled decay."""
        decay(p, self.lr, self.weight_decay)
        return -g if self.maximize else g

    def twin(self, params: Iterable[Any]) -> torch.optim.Optimizer:
        return torch.optim.AdamW(params, **asdict(self), foreach=False, fused=False)
