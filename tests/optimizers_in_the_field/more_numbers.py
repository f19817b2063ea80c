"""Pairs about decay, scales, counts and sizes, rebuilt from issues of timm, OLMo-core, optax and others."""

from __future__ import annotations

from typing import Any

import torch
from field import RATES, Momentum, reported
from hypothesis import strategies as st
from torch import Tensor

DECAY = {**RATES, "weight_decay": st.floats(0.05, 0.5)}


class Decays(Momentum):
    """Decoupled decay beside momentum, as in SGDW: p <- (1 - lr wd) p - lr v."""

    def __init__(self, params: Any, lr: float = 1e-2, momentum: float = 0.9, weight_decay: float = 0.1) -> None:
        hyper = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
        torch.optim.Optimizer.__init__(self, params, hyper)

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], s: dict[str, Any]) -> None:
        p.mul_(1 - h["lr"] * h["weight_decay"])
        super().move(p, g, h, s)


@reported("timm #2750: the list of all parameters is decayed once for each dtype", "steps several dtypes together",
          Decays, reference=Decays, hyper=DECAY, claims=("coordinatewise", "odd", "descends"))  # fmt: skip
class DecaysOncePerDtype(Decays):
    def move_group(self, group: dict[str, Any]) -> None:
        dtypes = {p.dtype for p in group["params"] if p.grad is not None}
        for p in group["params"]:
            if p.grad is not None:
                p.mul_((1 - group["lr"] * group["weight_decay"]) ** (len(dtypes) - 1))
        super().move_group(group)


@reported("pytorch_optimizer #517: SignSGD accepts weight_decay and never applies it", "uses every hyperparameter",
          Decays, reference=Decays, hyper=DECAY, claims=("coordinatewise", "odd", "descends"))  # fmt: skip
class IgnoresItsDecay(Decays):
    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], s: dict[str, Any]) -> None:
        Momentum.move(self, p, g, h, s)


@reported("bitsandbytes #1992: decay is coupled in 32 bits, decoupled in others", "moves float32 as float64",
          Decays, reference=Decays, hyper=DECAY, claims=("coordinatewise", "odd", "descends"))  # fmt: skip
class CouplesItsDecayInSingle(Decays):
    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], s: dict[str, Any]) -> None:
        if p.dtype == torch.float32:
            Momentum.move(self, p, g + h["weight_decay"] * p, h, s)
        else:
            super().move(p, g, h, s)


class Scaled(Momentum):
    """A layer's step is scaled by its size, the trailing dimensions taken as one."""

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], s: dict[str, Any]) -> None:
        super().move(p, g / self.size(p), h, s)

    def size(self, p: Tensor) -> float:
        return float(max(p.shape[0], p.numel() // max(p.shape[0], 1)) or 1) if p.ndim > 1 else 1.0


@reported("timm #2791: the scale is taken of the last two dimensions, after the reshape back", "equals its reference",
          Scaled, reference=Scaled, claims=("odd", "fixed_point", "descends"))  # fmt: skip
class ScalesByTheKernel(Scaled):
    def size(self, p: Tensor) -> float:
        return float(max(p.shape[-2:]) or 1) if p.ndim > 1 else 1.0


class Average(Momentum):
    """m <- b m + (1 - b) g;  p <- p - lr m / (1 - b^t)."""

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], s: dict[str, Any]) -> None:
        if "m" not in s:
            s.update(m=torch.zeros_like(p), n=0)
        s["m"].mul_(h["momentum"]).add_(g, alpha=1 - h["momentum"])
        self.count(s)
        p.sub_(h["lr"] * s["m"] / self.correction(h["momentum"], s["n"]))

    def count(self, s: dict[str, Any]) -> None:
        s["n"] += 1

    def correction(self, beta: float, n: int) -> float:
        return 1 - beta**n


@reported("OLMo-core #317: the count of steps is a copy, which alone is increased", "equals its reference", Average,
          reference=Average)  # fmt: skip
class NeverCountsItsSteps(Average):
    def count(self, s: dict[str, Any]) -> None:
        s["n"] = 1


@reported("pytorch_optimizer #308, AdamG: one is subtracted twice", "equals its reference", Average, reference=Average)
class SubtractsOneTwice(Average):
    def correction(self, beta: float, n: int) -> float:
        return 1 - beta ** max(n - 1, 1)


@reported("burn #630: the count begins at zero", "equals its reference", Average, reference=Average)
class CountsFromZero(Average):
    def correction(self, beta: float, n: int) -> float:
        return 1 - beta ** (n - 1) if n > 1 else 1.0


class Belief(torch.optim.Optimizer):
    """AdaBelief without corrections: s <- b s + (1 - b) (g - m)^2;  p <- p - lr m / (sqrt(s) + eps)."""

    def __init__(self, params: Any, lr: float = 1e-2, beta: float = 0.9, eps: float = 1e-3) -> None:
        super().__init__(params, {"lr": lr, "beta": beta, "eps": eps})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.move(p, p.grad, group, self.state[p])

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], s: dict[str, Any]) -> None:
        if not s:
            s.update(m=torch.zeros_like(p), s=torch.zeros_like(p))
        s["m"].mul_(h["beta"]).add_(g, alpha=1 - h["beta"])
        self.average(s, (g - s["m"]) ** 2, h["beta"])
        p.sub_(h["lr"] * s["m"] / (self.root(s["s"], h["eps"]) + h["eps"]))

    def average(self, s: dict[str, Any], square: Tensor, beta: float) -> None:
        s["s"].mul_(beta).add_(square, alpha=1 - beta)

    def root(self, v: Tensor, eps: float) -> Tensor:
        return v.add(eps).sqrt()


BELIEF = {"lr": RATES["lr"], "beta": RATES["momentum"], "eps": st.floats(1e-4, 1e-2)}


@reported("AdaBelief #18: exp_avg_var.add_(eps), in every step", "equals its reference", Belief, reference=Belief,
          hyper=BELIEF)  # fmt: skip
class AddsUpItsEps(Belief):
    def root(self, v: Tensor, eps: float) -> Tensor:
        return v.add_(eps).sqrt()


@reported("Ranger21 #55: addcmul for addcmul_, so that the average stays zero", "equals its reference", Belief,
          reference=Belief, hyper=BELIEF)  # fmt: skip
class ForgetsToStoreItsAverage(Belief):
    def average(self, s: dict[str, Any], square: Tensor, beta: float) -> None:
        s["s"].mul(beta).add(square, alpha=1 - beta)


class Trust(Momentum):
    """LARS: the gradient is scaled to the norm of the parameter, where neither is zero."""

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], s: dict[str, Any]) -> None:
        super().move(p, g * self.ratio(p.norm(), g.norm()), h, s)

    def ratio(self, p: Tensor, g: Tensor) -> Tensor:
        return torch.where((p > 0) & (g > 0), p / g, 1.0)


@reported("SimCLR #27: ge(0) for gt(0), so that parameters of zero are never moved", "moves parameters that are zero",
          Trust, reference=Trust, words="never moves", claims=("odd", "fixed_point"))  # fmt: skip
class KeepsZeroAtZero(Trust):
    def ratio(self, p: Tensor, g: Tensor) -> Tensor:
        return torch.where((p >= 0) & (g > 0), p / g, 1.0)


class Signs(Momentum):
    """The sign of the gradient, as in Rprop and signSGD."""

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], s: dict[str, Any]) -> None:
        p.sub_(h["lr"] * self.update(g, s).sign())

    def update(self, g: Tensor, s: dict[str, Any]) -> Tensor:
        return g


@reported("optax #1725: Rprop returns the update of the step before", "uses the gradient of the same step", Signs,
          words="in that step", reference=Signs, claims=("odd", "fixed_point"),
          hyper={"lr": st.floats(1e-3, 1)})  # fmt: skip
class LagsOneStep(Signs):
    def update(self, g: Tensor, s: dict[str, Any]) -> Tensor:
        before = s.get("before", torch.zeros_like(g))
        s["before"] = g.clone()
        return before


@reported("bitsandbytes: kernels for tensors above 4096 entries, in blocks of 256",
          "moves large parameters as small ones", words="do not move")  # fmt: skip
class LeavesTheLastBlockOut(Momentum):
    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], s: dict[str, Any]) -> None:
        if p.numel() > 4096:
            g = g.clone().contiguous()
            g.view(-1)[p.numel() // 256 * 256 :] = 0
        super().move(p, g, h, s)
