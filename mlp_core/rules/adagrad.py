"""Adagrad, exactly as torch.optim.Adagrad documents and implements it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Annotated, Any, ClassVar

import torch
from annotated_types import Ge
from torch import Tensor

from mlp_core.rules._domains import Epsilon, Typical
from mlp_core.rules._fields import LearningRate, WeightDecay
from mlp_core.rules._rule import UpdateRule
from mlp_core.rules._shared import descent


@dataclass(frozen=True)
class Adagrad(UpdateRule):
    """g <- g + wd p;  s <- s + g^2;  p <- p - lr / (1 + (t - 1) lr_decay) g / (sqrt(s) + eps).

    s is the slot sum, of the shape of p, and begins at initial_accumulator_value. Source: Duchi et al. (2011), figure 1
    with a diagonal matrix, to whom torch adds lr_decay, weight decay and the initial value.
    """

    lr: LearningRate = 1e-2
    lr_decay: Annotated[float, Ge(0), Typical(1e-3, 1)] = 0.0
    weight_decay: WeightDecay = 0.0
    initial_accumulator_value: Annotated[float, Ge(0), Typical(1e-3, 1)] = 0.0
    eps: Annotated[float, Ge(0), Typical(1e-10, 0.1), Epsilon()] = 1e-10
    maximize: bool = False

    slots: ClassVar = ("sum",)
    at_start: ClassVar = ("initial_accumulator_value",)
    claims: ClassVar = frozenset({"odd", "fixed_point", "descends"})

    def init(self, p: Tensor) -> dict[str, Tensor | None]:
        return {"sum": torch.full_like(p, self.initial_accumulator_value)}

    def step(self, p: Tensor, g: Tensor, t: int, s: Tensor) -> None:  # type: ignore[override]
        g = descent(p, g, self.weight_decay, self.maximize)
        s.addcmul_(g, g)  # s <- s + g^2
        lr = self.lr / (1 + (t - 1) * self.lr_decay)
        p.addcdiv_(g, s.sqrt().add_(self.eps), value=-lr)  # p <- p - lr g / (sqrt(s) + eps)

    def twin(self, params: Iterable[Any]) -> torch.optim.Optimizer:
        return torch.optim.Adagrad(params, **asdict(self), foreach=False, fused=False)
