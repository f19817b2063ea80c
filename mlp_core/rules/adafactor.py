"""Adafactor, exactly as torch.optim.Adafactor documents and implements it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Annotated, Any, ClassVar

import torch
from annotated_types import Ge, Le
from torch import Tensor

from mlp_core.rules._domains import Epsilon, Typical
from mlp_core.rules._fields import WeightDecay
from mlp_core.rules._rule import UpdateRule
from mlp_core.rules._shared import decay

Eps1 = Annotated[float | None, Ge(0), Typical(1e-8, 1), Epsilon()]
Eps2 = Annotated[float, Ge(0), Typical(1e-4, 1), Epsilon()]


@dataclass(frozen=True)
class Adafactor(UpdateRule):
    """w = t^beta2_decay;  alpha = max(eps[1], rms(p)) min(lr, 1 / sqrt(t));  p <- p - lr wd p;

    R <- R + w (mean of g^2 along rows - R);  C likewise along columns;  v = R C / max(mean of R, eps[0]);
    u = g / max(sqrt(v), eps[0]);  p <- p - alpha u / max(1, rms(u) / d).
    R and C are the slots row_var (..., n, 1) and col_var (..., 1, m); a parameter of less than two dimensions keeps the
    slot variance of its own shape, v <- v + w (g^2 - v). eps[0] = None is the spacing of p's dtype at 1. Source:
    Shazeer and Stern (2018), algorithms 4 and 5, who add eps[0] to g^2; torch puts it below the root as a floor.
    """

    lr: Annotated[float, Ge(0), Typical(1e-3, 1)] = 1e-2
    beta2_decay: Annotated[float, Le(0), Typical(-2, -0.1)] = -0.8
    eps: tuple[Eps1, Eps2] = (None, 1e-3)
    d: Annotated[float, Ge(1), Typical(1, 4)] = 1.0
    weight_decay: WeightDecay = 0.0
    maximize: bool = False

    slots: ClassVar = ("row_var", "col_var", "variance")
    per_tensor: ClassVar = True
    empty: ClassVar = False
    claims: ClassVar = frozenset({"odd", "fixed_point", "descends"})

    def init(self, p: Tensor) -> dict[str, Tensor | None]:
        if p.ndim < 2:
            return {"row_var": None, "col_var": None, "variance": torch.zeros_like(p)}
        return {"row_var": p.new_zeros(*p.shape[:-1], 1), "col_var": p.new_zeros(*p.shape[:-2], 1, p.shape[-1]),
                "variance": None}  # fmt: skip

    def step(self, p: Tensor, g: Tensor, t: int, R: Tensor, C: Tensor, v: Tensor) -> None:  # type: ignore[override]
        g = (-g if self.maximize else g).contiguous()  # norms add up in one order for every memory layout of g
        w, eps1 = float(t) ** self.beta2_decay, torch.finfo(p.dtype).eps if self.eps[0] is None else self.eps[0]
        alpha = max(self.eps[1], rms(p)) * min(self.lr, 1 / t**0.5)
        decay(p, self.lr, self.weight_decay)
        if p.ndim < 2:
            estimate = v.lerp_(g * g, w).clone()  # v <- v + w (g^2 - v)
        else:
            for mean, dim in ((R, -1), (C, -2)):
                mean.lerp_(g.norm(dim=dim, keepdim=True).square_().div_(g.shape[dim]), w)
            estimate = (R @ C).div_(R.mean(dim=-2, keepdim=True).clamp_(min=eps1))
        u = estimate.clamp_(min=eps1 * eps1).rsqrt_().mul_(g)  # g / max(sqrt(v), eps[0])
        p.add_(u, alpha=-alpha / max(1.0, u.norm(2).item() / (u.numel() ** 0.5 * self.d)))

    def twin(self, params: Iterable[Any]) -> torch.optim.Optimizer:
        return torch.optim.Adafactor(params, **asdict(self), foreach=False)


def rms(x: Tensor) -> float:
    """The root of the mean of x^2, added up in one order for all strides."""
    return x.contiguous().norm(2).item() / x.numel() ** 0.5
