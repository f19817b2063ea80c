"""Muon, exactly as torch.optim.Muon documents and implements it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Annotated, Any, ClassVar, Literal

import torch
from annotated_types import Ge, Gt, Le
from torch import Tensor

from mlp_core.rules._domains import Epsilon, Typical
from mlp_core.rules._fields import LearningRate, Momentum, WeightDecay
from mlp_core.rules._rule import UpdateRule
from mlp_core.rules._shared import decay

A = Annotated[float, Typical(1, 4)]
B = Annotated[float, Typical(-5, -1)]
C = Annotated[float, Typical(0.3, 2.5)]


@dataclass(frozen=True)
class Muon(UpdateRule):
    """v <- v + (1 - beta) (g - v);  u = g + beta (v - g) if nesterov, else v;  p <- p - lr wd p - lr r NS(u).

    NS(X) makes X nearly orthogonal, in bfloat16: X <- X / max(norm(X), eps), then ns_steps times
    X <- a X + (b G + c G G) X with G = X X^T; on X^T where X has more rows than columns. r is sqrt(max(1, rows /
    columns)), or with adjust_lr_fn "match_rms_adamw" 0.2 sqrt(max(rows, columns)). v is the slot momentum_buffer, of
    the shape of p, which must be a matrix; beta is `momentum`. Source: Jordan et al. (2024); Liu et al. (2025) for the
    second r.
    """

    lr: LearningRate = 1e-3
    weight_decay: WeightDecay = 0.1
    momentum: Momentum = 0.95
    nesterov: bool = True
    ns_coefficients: tuple[A, B, C] = (3.4445, -4.7750, 2.0315)
    eps: Annotated[float, Ge(0), Typical(1e-8, 1), Epsilon()] = 1e-7
    ns_steps: Annotated[int, Gt(0), Le(99), Typical(1, 8)] = 5
    adjust_lr_fn: Literal["original", "match_rms_adamw"] | None = None

    slots: ClassVar = ("momentum_buffer",)
    per_tensor: ClassVar = True
    ndims: ClassVar = (2,)
    empty: ClassVar = False
    claims: ClassVar = frozenset({"odd", "fixed_point"})

    def step(self, p: Tensor, g: Tensor, t: int, v: Tensor) -> None:  # type: ignore[override]
        v.lerp_(g, 1 - self.momentum)  # v <- v + (1 - beta) (g - v)
        u = self.orthogonal(g.lerp(v, self.momentum) if self.nesterov else v)
        rows, columns = p.shape
        r = 0.2 * max(rows, columns) ** 0.5 if self.adjust_lr_fn == "match_rms_adamw" else max(1, rows / columns) ** 0.5
        decay(p, self.lr, self.weight_decay)
        p.add_(u, alpha=-self.lr * r)

    def orthogonal(self, u: Tensor) -> Tensor:
        """NS(u): the Newton-Schulz iteration of `ns_steps` steps, (rows, columns) in bfloat16."""
        a, b, c = self.ns_coefficients
        tall = u.shape[0] > u.shape[1]
        X = u.contiguous().to(torch.bfloat16, copy=True)  # the same matrix products for every memory layout of u
        X = X.T if tall else X
        X.div_(X.norm().clamp(min=self.eps))
        for _ in range(self.ns_steps):
            G = X @ X.T
            X = torch.addmm(X, torch.addmm(G, G, G, beta=b, alpha=c), X, beta=a)  # a X + (b G + c G G) X
        return X.T if tall else X

    def twin(self, params: Iterable[Any]) -> torch.optim.Optimizer:
        return torch.optim.Muon(params, **asdict(self))
