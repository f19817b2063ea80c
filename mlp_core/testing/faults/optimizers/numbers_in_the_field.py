"""Wrong torch optimizers whose numbers are correct in a short test: long runs, 16 bits, NaN, zero, other forms."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.optimizers.adam import Adam
from mlp_core.testing.faults.optimizers.against import Against
from mlp_core.testing.faults.optimizers.manners import adam, bare

CATALOGUE = Catalogue()


def caught_by(*laws: str, origin: str, right: Any = Adam, subject: Any = bare) -> Any:
    return CATALOGUE.caught_by(*laws, right=right, origin=origin, subject=subject)


class Skips(Adam):
    """Skips a step if a gradient is not finite."""

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], state: dict[str, Any]) -> None:
        if g.isfinite().all():
            super().move(p, g, h, state)


@caught_by("forgets a step that it skips", right=Skips, origin="site: the check for NaN after the moments, not before")
class LooksAtItsUpdateAlone(Skips):
    """a gradient that is not finite is added to the moments before the step is skipped"""

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], state: dict[str, Any]) -> None:
        Adam.move(self, p, g, h, state)

    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        if update.isfinite().all():
            super().apply(p, h, update)


@caught_by("handles nan as its reference does", subject=adam, origin="torch.nan_to_num(p.grad), to avoid crashes")
class TakesNaNForANumber(Adam):
    """a gradient of NaN is replaced by 1"""

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], state: dict[str, Any]) -> None:
        super().move(p, g.nan_to_num(nan=1.0, posinf=float("inf"), neginf=-float("inf")), h, state)


@caught_by(
    "handles nan as its reference does", subject=adam, origin="site: an update scaled by x / x.norm(), with a NaN"
)
class SpreadsNaN(Adam):
    """one NaN in a gradient makes the whole step NaN"""

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], state: dict[str, Any]) -> None:
        everything = [q.grad.sum() for group in self.param_groups for q in group["params"] if q.grad is not None]
        spread = sum(x * 0 for x in everything if bool(x.isnan()))
        super().move(p, g + spread, h, state)


@caught_by(
    "equals its reference in a long run", subject=adam,
    origin="bias_correction = 1.0 if step > N: a shortcut of warm-ups (as in Adan's first release)",
)  # fmt: skip
class StopsToCorrect(Adam):
    """after 50 steps the first moment's bias is no longer corrected"""

    def update(self, m: Tensor, v: Tensor, t: int, h: dict[str, Any]) -> Tensor:
        return super().update(m, v, t, h) * (1 + 1e-3 * (t > 50))


@caught_by(
    "keeps descending in a long run", origin="a cosine from lr to 0 that continues: it is negative after its end"
)
class PassesTheEndOfItsSchedule(Adam):
    """its linear decay continues after its end, to negative rates"""

    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        super().apply(p, h, update * (1 - self.state[p]["step"] / 300))


@caught_by(
    "keeps descending in a long run", origin="load_state_dict of torch 1.x: a count in the dtype of p stops at 256"
)
class CountsInSixteenBits(Adam):
    """its step count stops at 256, because it has 16 bits"""

    def count(self, group: dict[str, Any], state: dict[str, Any]) -> int:
        old = state.get("step", 0)
        state["step"] = int(torch.tensor(old, dtype=torch.bfloat16) + 1)
        state["same"] = state["step"] == old
        return int(state["step"])

    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        super().apply(p, h, update * (not self.state[p]["same"]))


@caught_by("steps several dtypes together", origin="multi_tensor_apply: one dtype for all tensors in a list")
class RoundsToTheFirstDtype(Adam):
    """all gradients of a group are rounded to the dtype of its first parameter"""

    def begin(self, group: dict[str, Any]) -> None:
        self.coarsest = min((p.dtype for p in group["params"]), key=lambda d: d.itemsize, default=torch.float64)

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], state: dict[str, Any]) -> None:
        super().move(p, g.to(self.coarsest).to(p.dtype), h, state)


@caught_by("moves 16 bit parameters as 32 bit ones", origin="8-bit kernels in blocks: n // 8 blocks")
class LeavesOutBlocksInSixteenBits(Adam):
    """in 16 bits only the entries after the last whole block of eight move"""

    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        update = update.clone()
        update.view(-1)[: p.numel() // 8 * 8 if p.element_size() == 2 else 0] = 0
        super().apply(p, h, update)


@caught_by(
    "leaves a parameter with zero gradients at zero",
    origin="FANN 2.2: fann_update_weights_irpropm, a slope of zero counts as negative",
)
class TakesZeroForASlope(Adam):
    """a gradient of exactly zero moves a weight by a whole step"""

    def update(self, m: Tensor, v: Tensor, t: int, h: dict[str, Any]) -> Tensor:
        return torch.where(v == 0, -1.0, super().update(m, v, t, h))


@caught_by(
    "leaves a parameter with zero gradients at zero",
    origin="pytorch_optimizer: a scale of the first gradient, mean(g^4)^(-1/8)",
)
class ScalesByItsFirstGradient(Adam):
    """it divides by the size of the first gradient, which may be zero"""

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], state: dict[str, Any]) -> None:
        first = state.setdefault("first", g.abs().mean())
        super().move(p, g / first * first, h, state)


@caught_by("equals its reference on tiny gradients", subject=adam, origin="site: clamp(min=1e-15) on the denominator")
class HasAFloorBesideEps(Adam):
    """the denominator is at least 1e-7, whatever eps is"""

    def update(self, m: Tensor, v: Tensor, t: int, h: dict[str, Any]) -> Tensor:
        b1, b2 = h["betas"]
        return (m / (1 - b1**t)) / ((v / (1 - b2**t)).sqrt() + h["eps"]).clamp(min=1e-7)


proportional = Against(claims=("proportional",))


@caught_by(
    "steps in proportion to its lr", subject=proportional, origin="site: lr inside a term that is multiplied by lr"
)
class HasItsRateTwice(Adam):
    """lr is a factor twice: half the lr gives a quarter of the step"""

    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        super().apply(p, {**h, "lr": h["lr"] ** 2}, update)


class Turns(torch.optim.Optimizer):
    """Gradient descent with decay: complex numbers are pairs, sparse gradients are added, maximize changes the sign."""

    def __init__(
        self, params: Any, lr: float = 0.1, momentum: float = 0.9, weight_decay: float = 0.1, maximize: bool = False
    ) -> None:  # fmt: skip
        hyper = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, hyper)

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.move(p, p.grad, group)

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any]) -> None:
        p.mul_(1 - h["lr"] * h["weight_decay"])
        p.add_(g, alpha=h["lr"] if h["maximize"] else -h["lr"])


@caught_by(
    "takes a sparse gradient as a dense one", right=Turns, origin="decay of only the rows that a gradient contains"
)
class DecaysItsRowsAlone(Turns):
    """with a sparse gradient, weight decay shrinks only the rows of the gradient"""

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any]) -> None:
        if g.is_sparse:
            rest = torch.ones_like(p, dtype=torch.bool)
            rest[g.coalesce().indices()[0]] = False
            p[rest] /= 1 - h["lr"] * h["weight_decay"]
        super().move(p, g, h)


@caught_by(
    "takes complex numbers as pairs", right=Turns, origin="view_as_real of the parameter, real part of the gradient"
)
class ForgetsTheImaginaryPart(Turns):
    """only the real part of a complex gradient is used"""

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any]) -> None:
        super().move(p, g.real.to(p.dtype) if p.is_complex() else g, h)


@caught_by(
    "steps the same with foreach or fused", right=Turns, origin="maximize: the sign changes after the decay, not before"
)
class GrowsWhereItClimbs(Turns):
    """with maximize, weight decay makes weights grow"""

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any]) -> None:
        decay = -h["weight_decay"] if h["maximize"] else h["weight_decay"]
        super().move(p, g, {**h, "weight_decay": decay})


class ByName(Adam):
    """Layers of some names have a larger eps."""

    def __init__(self, params: Any, lr: float = 1e-3) -> None:
        super().__init__(params, lr)

    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        k = next(i for i, q in enumerate(h["params"]) if q is p)
        parts = h.get("param_names", [""] * (k + 1))[k].split(".")
        super().apply(p, h, update / 2 if self.found(parts) else update)

    def found(self, parts: list[str]) -> bool:
        return "wo" in parts


@caught_by(
    "ignores the names of parameters", right=ByName, origin="adam-mini: if 'wo' in name, which network contains too"
)
class FindsLayersByAPartOfTheirName(ByName):
    """layers are found by a part of their name, which other names also contain"""

    def found(self, parts: list[str]) -> bool:
        return "wo" in ".".join(parts)
