"""Pairs about gradients that are not finite, zero or sparse, about dtypes, forms, names and long runs."""

from __future__ import annotations

from typing import Any

import torch
from field import CLAIMS, RATES, Momentum, reported
from hypothesis import strategies as st
from torch import Tensor


class ByNorm(Momentum):
    """The gradient over the norm of the first one, as in NovoGrad."""

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], s: dict[str, Any]) -> None:
        if "norm" not in s:
            s["norm"] = self.size(g)
        super().move(p, g / s["norm"], h, s)

    def size(self, g: Tensor) -> Tensor:
        return g.norm() + 1e-8


@reported("NovoGrad: the first step divides by the norm of the gradient",
          "leaves a parameter with zero gradients at zero", ByNorm,
          reference=None, claims=("odd",))  # fmt: skip
class DividesByTheFirstNorm(ByNorm):
    def size(self, g: Tensor) -> Tensor:
        return g.norm()


class Signs(Momentum):
    """Steps of one size, as in Rprop and signSGD."""

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], s: dict[str, Any]) -> None:
        p.sub_(h["lr"] * self.sign(g))

    def sign(self, g: Tensor) -> Tensor:
        return g.sign()


@reported("FANN: a slope of zero counts as negative",
          "leaves a parameter with zero gradients at zero", Signs, reference=None, claims=(),
          hyper={"lr": st.floats(1e-3, 1)})  # fmt: skip
class TakesZeroForNegative(Signs):
    def sign(self, g: Tensor) -> Tensor:
        return torch.where(g > 0, 1.0, -1.0).to(g.dtype)


class Skips(Momentum):
    """A step with a gradient that is not finite is left out."""

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], s: dict[str, Any]) -> None:
        if g.isfinite().all():
            super().move(p, g, h, s)


@reported("apex: the moments are updated before the overflow is looked at", "forgets a step that it skips", Skips,
          words="is skipped, but its gradient enters the state")  # fmt: skip
class KeepsWhatItSkips(Skips):
    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], s: dict[str, Any]) -> None:
        before = p.clone()
        Momentum.move(self, p, g, h, s)
        if not p.isfinite().all():
            p.copy_(before)


@reported("nan_to_num on gradients, against crashes", "handles nan as its reference does")
class HidesNaN(Momentum):
    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], s: dict[str, Any]) -> None:
        super().move(p, g.nan_to_num(nan=0.5, posinf=float("inf"), neginf=-float("inf")), h, s)


@reported("a momentum of 0.9 until warm-up ends, typed in", "equals its reference in a long run")
class ForgetsFasterLater(Momentum):
    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], s: dict[str, Any]) -> None:
        s["n"] = s.get("n", 0) + 1
        super().move(p, g, {**h, "momentum": h["momentum"] * (0.99 if s["n"] > 100 else 1)}, s)


@reported("Ranger21: a linear decay over the epochs, which goes on below zero", "keeps descending in a long run",
          words="goes back")  # fmt: skip
class ClimbsAfterItsEnd(Momentum):
    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], s: dict[str, Any]) -> None:
        s["n"] = s.get("n", 0) + 1
        super().move(p, g, {**h, "lr": h["lr"] * (1 if s["n"] < 200 else -1)}, s)


@reported("counts of steps in bfloat16: they stop at 256, and the schedule with them", "keeps descending in a long run",
          words="has stopped")  # fmt: skip
class StopsAt256(Momentum):
    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], s: dict[str, Any]) -> None:
        s["n"] = s.get("n", 0) + 1
        super().move(p, g, {**h, "lr": h["lr"] * (s["n"] < 256)}, s)


@reported(
    "lists of tensors in 16 bits, cut to whole blocks", "moves 16 bit parameters as 32 bit ones", words="do not move"
)
class LeavesOutWholeBlocks(Momentum):
    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], s: dict[str, Any]) -> None:
        before = p.clone()
        super().move(p, g, h, s)
        if p.element_size() == 2:
            k = p.numel() // 8 * 8
            p.view(-1)[:k] = before.view(-1)[:k]


@reported("multi_tensor_apply: the list takes the dtype of its first tensor", "steps several dtypes together")
class RoundsLikeTheFirst(Momentum):
    def move_group(self, group: dict[str, Any]) -> None:
        self.least = min((p.dtype for p in group["params"]), key=lambda d: d.itemsize, default=torch.float64)
        super().move_group(group)

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], s: dict[str, Any]) -> None:
        super().move(p, g.to(self.least).to(p.dtype), h, s)


class Squares(torch.optim.Optimizer):
    """Adagrad, with sparse gradients."""

    def __init__(self, params: Any, lr: float = 1e-2, eps: float = 1e-10) -> None:
        super().__init__(params, {"lr": lr, "eps": eps})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.move(p, p.grad, group, self.state[p])

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], s: dict[str, Any]) -> None:
        if "sum" not in s:
            s["sum"] = torch.zeros_like(p)
        s["sum"].add_(self.squared(g))
        p.sub_(h["lr"] * g.to_dense() / (s["sum"].sqrt() + h["eps"]))

    def squared(self, g: Tensor) -> Tensor:
        return g.to_dense().square()


@reported("sparse Adagrad without coalesce(): a row that is named twice is squared twice",
          "takes a sparse gradient as a dense one", Squares, reference=torch.optim.Adagrad, claims=CLAIMS,
          hyper={"lr": RATES["lr"], "eps": st.floats(1e-8, 0.1)})  # fmt: skip
class SquaresRowsApart(Squares):
    def squared(self, g: Tensor) -> Tensor:
        if not g.is_sparse:
            return g.square()
        return torch.sparse_coo_tensor(g._indices(), g._values().square(), g.shape).to_dense()


class Climbs(Momentum):
    """It has torch's switch for maximizing."""

    def __init__(self, params: Any, lr: float = 1e-2, momentum: float = 0.9, maximize: bool = False) -> None:
        torch.optim.Optimizer.__init__(self, params, {"lr": lr, "momentum": momentum, "maximize": maximize})

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], s: dict[str, Any]) -> None:
        super().move(p, self.turned(g, s) if h["maximize"] else g, h, s)

    def turned(self, g: Tensor, s: dict[str, Any]) -> Tensor:
        return -g


@reported(
    "maximize turns the first gradient alone", "steps the same with foreach or fused", Climbs, words="maximize=True"
)
class ClimbsOnce(Climbs):
    def turned(self, g: Tensor, s: dict[str, Any]) -> Tensor:
        return -g if not s else g


@reported("a floor of 1e-6 on steps, meant against underflow", "equals its reference on tiny gradients")
class HasAFloor(Momentum):
    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], s: dict[str, Any]) -> None:
        super().move(p, torch.where(g.abs() < 1e-9, g.sign() * 1e-9, g), h, s)


class ByName(Momentum):
    """Output projections are moved at half the rate."""

    def move_group(self, group: dict[str, Any]) -> None:
        names = group.get("param_names") or [""] * len(group["params"])
        for name, p in zip(names, group["params"], strict=True):
            if p.grad is not None:
                self.move(p, p.grad, {**group, "lr": group["lr"] / (2 if self.found(name) else 1)}, self.state[p])

    def found(self, name: str) -> bool:
        return "wo" in name.split(".")


@reported(
    "adam-mini: 'wo' is looked for in the whole name, and network contains it",
    "ignores the names of parameters",
    ByName,
)
class FindsItAnywhere(ByName):
    def found(self, name: str) -> bool:
        return "wo" in name
