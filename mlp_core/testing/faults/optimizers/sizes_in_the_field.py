"""Wrong torch optimizers in situations that are rarely tested: sizes, memory, graphs, zero parameters, a delayed
step."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.optimizers.adam import Adam
from mlp_core.testing.faults.optimizers.against import Against
from mlp_core.testing.faults.optimizers.manners import bare

CATALOGUE = Catalogue()


def caught_by(*laws: str, origin: str, right: Any = Adam, subject: Any = bare) -> Any:
    return CATALOGUE.caught_by(*laws, right=right, origin=origin, subject=subject)


@caught_by("moves large parameters as small ones", origin="kernels in blocks of 256: n // 256 blocks of a large tensor")
class LeavesOutTheLastBlock(Adam):
    """above 4096 entries, the entries after the last whole block do not move"""

    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        if p.numel() > 4096:
            update = update.clone()
            update.view(-1)[p.numel() // 256 * 256 :] = 0
        super().apply(p, h, update)


@caught_by("moves float32 as float64", origin="bitsandbytes #1992: the 32-bit kernel has another formula")
class ForgetsItsCorrectionInSingle(Adam):
    """in float32 the second moment's bias is not corrected"""

    def update(self, m: Tensor, v: Tensor, t: int, h: dict[str, Any]) -> Tensor:
        return super().update(m, v * (1 - h["betas"][1] ** t) if v.dtype == torch.float32 else v, t, h)


@caught_by("follows its parameters into new memory", origin="views of p.data that are kept from the first step on")
class KeepsTheMemoryOfItsParameters(Adam):
    """it updates the first memory of a parameter, even after p.data has new memory"""

    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        self.held = getattr(self, "held", {})
        super().apply(self.held.setdefault(p, p.data), h, update)


@caught_by("keeps no graph", origin="site: no torch.no_grad() around step, but p.data instead")
class StepsWithAutogradOn(Adam):
    """its averages are computed with autograd enabled, and keep the graphs of all gradients"""

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.move(p, p.grad, group, self.state[p])

    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        p.data.sub_(h["lr"] * update.detach())


@caught_by(
    "uses the gradient of the same step", origin="optax #1725: scale_by_rprop returns the update of the previous step"
)
class AppliesTheUpdateBefore(Adam):
    """every step applies the update of the previous step"""

    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        before = self.state[p].get("before", torch.zeros_like(p))
        self.state[p]["before"] = update
        super().apply(p, h, before)


compiles = Against(claims=("compiles",))


@caught_by(
    "steps the same when it is compiled", subject=compiles,
    origin="site: if torch.compiler.is_compiling(), for a number that would be traced again in every step",
)  # fmt: skip
class ForgetsItsCorrectionIfCompiled(Adam):
    """if its step is compiled, the moments are corrected as in the first step"""

    def update(self, m: Tensor, v: Tensor, t: int, h: dict[str, Any]) -> Tensor:
        return super().update(m, v, 1 if torch.compiler.is_compiling() else t, h)


class Scaled(Adam):
    """The update is scaled to the norm of its parameter, as in LAMB, if that norm is not zero."""

    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        super().apply(p, h, update * self.ratio(p.norm()))

    def ratio(self, norm: Tensor) -> Tensor:
        return torch.where(norm > 0, norm, 1.0)


@caught_by(
    "moves parameters that are zero", right=Scaled, origin="SimCLR #27, LARS: w_norm.ge(0) instead of w_norm.gt(0)"
)
class ScalesZeroByItsNorm(Scaled):
    """a parameter that is zero never moves: its step is multiplied by its norm"""

    def ratio(self, norm: Tensor) -> Tensor:
        return norm
