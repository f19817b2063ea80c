"""Adadelta, exactly as torch.optim.Adadelta documents and implements it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Annotated, Any, ClassVar

import torch
from annotated_types import Ge, Le
from torch import Tensor

from mlp_core.rules._domains import Typical
from mlp_core.rules._fields import Eps, WeightDecay
from mlp_core.rules._rule import UpdateRule
from mlp_core.rules._shared import descent


@dataclass(frozen=True)
class Adadelta(UpdateRule):
    """g <- g + wd p;  v <- rho v + (1 - rho) g^2;  delta <- sqrt(u + eps) / sqrt(v + eps) g;

    u <- rho u + (1 - rho) delta^2;  p <- p - lr delta. v and u are the slots square_avg and acc_delta, of the shape of
    p. Source: Zeiler (2012), algorithm 1, where lr is 1.
    """

    lr: Annotated[float, Ge(0), Typical(1e-3, 4)] = 1.0
    rho: Annotated[float, Ge(0), Le(1), Typical(0.3, 0.99)] = 0.9
    eps: Eps = 1e-6
    weight_decay: WeightDecay = 0.0
    maximize: bool = False

    slots: ClassVar = ("square_avg", "acc_delta")
    claims: ClassVar = frozenset({"odd", "fixed_point", "descends"})

    def step(self, p: Tensor, g: Tensor, t: int, v: Tensor, u: Tensor) -> None:  # type: ignore[override]
        g = descent(p, g, self.weight_decay, self.maximize)
        v.mul_(self.rho).addcmul_(g, g, value=1 - self.rho)  # v <- rho v + (1 - rho) g^2
        delta = u.add(self.eps).sqrt_().div_(v.add(self.eps).sqrt_()).mul_(g)  # sqrt(u + eps) / sqrt(v + eps) g
        u.mul_(self.rho).addcmul_(delta, delta, value=1 - self.rho)  # u <- rho u + (1 - rho) delta^2
        p.add_(delta, alpha=-self.lr)  # p <- p - lr delta

    def twin(self, params: Iterable[Any]) -> torch.optim.Optimizer:
        return torch.optim.Adadelta(params, **asdict(self), foreach=False)
