"""Rprop, exactly as torch.optim.Rprop documents and implements it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Annotated, Any, ClassVar

import torch
from annotated_types import Ge, Gt, Lt
from torch import Tensor

from mlp_core.rules._domains import Typical
from mlp_core.rules._fields import LearningRate
from mlp_core.rules._rule import UpdateRule

Shrinks = Annotated[float, Gt(0), Lt(1)]
Grows = Annotated[float, Gt(1), Typical(1.05, 2)]
Least = Annotated[float, Ge(0), Typical(1e-7, 1e-2)]
Largest = Annotated[float, Gt(0), Typical(0.05, 50)]


@dataclass(frozen=True)
class Rprop(UpdateRule):
    """s = sign(g g'), where g' is the gradient before;  d <- clamp(d etas[s], step_sizes);  g <- 0 if s < 0;

    p <- p - sign(g) d;  g' <- g. g' and d are the slots prev and step_size, of the shape of p; d begins at lr, which
    has no effect later. Source: Riedmiller and Braun (1993) without weight backtracking, as in torch.optim.Rprop.
    """

    lr: LearningRate = 1e-2
    etas: tuple[Shrinks, Grows] = (0.5, 1.2)
    step_sizes: tuple[Least, Largest] = (1e-6, 50.0)
    maximize: bool = False

    slots: ClassVar = ("prev", "step_size")
    claims: ClassVar = frozenset({"odd", "fixed_point"})  # not descends: step_sizes keep steps from getting small

    def conflict(self) -> tuple[str, str] | None:
        if self.step_sizes[0] > self.step_sizes[1]:
            return "step_sizes", "(least, largest) with least <= largest"
        return None

    def init(self, p: Tensor) -> dict[str, Tensor | None]:
        return {"prev": torch.zeros_like(p), "step_size": torch.full_like(p, self.lr)}

    def step(self, p: Tensor, g: Tensor, t: int, prev: Tensor, d: Tensor) -> None:  # type: ignore[override]
        g = -g if self.maximize else g
        s = g.mul(prev).sign_()
        factor = torch.ones_like(d).masked_fill_(s < 0, self.etas[0]).masked_fill_(s > 0, self.etas[1])
        d.mul_(factor).clamp_(*self.step_sizes)  # d <- clamp(d etas[s], step_sizes)
        prev.copy_(g.masked_fill(s < 0, 0))  # g' <- g, or 0 where the sign has changed
        p.addcmul_(prev.sign(), d, value=-1)  # p <- p - sign(g) d

    def twin(self, params: Iterable[Any]) -> torch.optim.Optimizer:
        return torch.optim.Rprop(params, **asdict(self), foreach=False)
