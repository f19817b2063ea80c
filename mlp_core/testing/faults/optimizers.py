"""Wrong torch optimizers, as others write them: Adam, and a mistake each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import torch
from annotated_types import Ge, Lt
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.rules import RuleOptimizer, Typical
from mlp_core.rules.asgd import ASGD
from mlp_core.rules.lion import Lion
from mlp_core.rules.nadam import NAdam
from mlp_core.testing import subjects
from mlp_core.testing.differently.suspicious import Adam
from mlp_core.testing.faults.catalogue import Catalogue

CATALOGUE = Catalogue()
FEW = 60

Beta = Annotated[float, Ge(0), Lt(1), Typical(0.3, 0.99)]
HYPERPARAMETERS: dict[str, Any] = {
    "lr": Annotated[float, Ge(0), Typical(1e-3, 1)],
    "betas": st.tuples(st.floats(0.3, 0.99), st.floats(0.3, 0.99)),
    "eps": Annotated[float, Ge(0), Typical(1e-8, 0.1)],
    "weight_decay": Annotated[float, Ge(0), Typical(1e-3, 1)],
}


def adam(optimizer: Any) -> Any:
    """An optimizer that claims to be torch's Adam."""
    claims = ["coordinatewise", "odd", "validates"]
    return subjects.optimizer(optimizer, torch.optim.Adam, HYPERPARAMETERS, claims)


def caught_by(*laws: str, right: Any = Adam, subject: Any = adam, examples: int = FEW) -> Any:
    return CATALOGUE.caught_by(*laws, right=right, subject=subject, examples=examples)


@caught_by("equals its reference")
class PutsEpsUnderTheRoot(Adam):
    def update(self, m: Tensor, v: Tensor, t: int, h: dict[str, Any]) -> Tensor:
        b1, b2 = h["betas"]
        return (m / (1 - b1**t)) / (v / (1 - b2**t) + h["eps"]).sqrt()


@caught_by("equals its reference")
class CorrectsOneStepLate(Adam):
    def update(self, m: Tensor, v: Tensor, t: int, h: dict[str, Any]) -> Tensor:
        return super().update(m, v, t + 1, h)


@caught_by("equals its reference")
class IsOffByOneInTenBillionInOneEntry(Adam):
    def update(self, m: Tensor, v: Tensor, t: int, h: dict[str, Any]) -> Tensor:
        update = super().update(m, v, t, h)
        update.view(-1)[-1:] *= 1 + 1e-10
        return update


@caught_by("equals its reference")
class KeepsTheRateItBeganWith(Adam):
    def __init__(self, params: Any, lr: float = 1e-3, **hyper: Any) -> None:
        self.rate = lr
        super().__init__(params, lr, **hyper)

    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        p.sub_(self.rate * update)


@caught_by("equals its reference", subject=subjects.rule, right=Lion)
class LionSwapsItsBetas(Lion):
    def step(self, p: Tensor, g: Tensor, t: int, m: Tensor) -> None:  # type: ignore[override]
        g = -g if self.maximize else g
        p.mul_(1 - self.lr * self.weight_decay)
        p.add_(m.lerp(g, 1 - self.betas[1]).sign_(), alpha=-self.lr)
        m.lerp_(g, 1 - self.betas[0])


@caught_by("lets a parameter join late")
class CountsStepsInTheGroup(Adam):
    def begin(self, group: dict[str, Any]) -> None:
        group["t"] = group.get("t", 0) + 1

    def count(self, group: dict[str, Any], state: dict[str, Any]) -> int:
        return int(group["t"])


@caught_by("goes on after save and load")
class CountsStepsOnItself(Adam):
    def count(self, group: dict[str, Any], state: dict[str, Any]) -> int:
        self.t = getattr(self, "t", 0) + 1
        return int(self.t)


@caught_by("gives every group its own hyperparameters")
class RemembersTheFirstGroup(Adam):
    def begin(self, group: dict[str, Any]) -> None:
        self.first = getattr(self, "first", group)

    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        super().apply(p, {**h, "lr": self.first["lr"]}, update)


@caught_by("takes every shape and stride")
class MovesACopyOfWhatIsStrided(Adam):
    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        p.reshape(-1).sub_(h["lr"] * update.reshape(-1))


@caught_by("takes every shape and stride")
class AddsToTheMemoryBeside(Adam):
    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        super().apply(p, h, update)
        if p.numel() > 1 and p.stride(-1) > 1:
            p.as_strided((1,), (1,), p.storage_offset() + 1).add_(1)


@caught_by("takes a gradient however it lies")
class ReadsGradientsAsTheyLie(Adam):
    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], state: dict[str, Any]) -> None:
        super().move(p, g.as_strided(g.shape, p.stride()), h, state)


@caught_by("treats every coordinate alone")
class ClipsUpdatesByTheirNorm(Adam):
    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        p.sub_(h["lr"] * update / update.norm().clamp(min=1))


@caught_by("negates with its arguments")
class LeansToOneSide(Adam):
    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        p.sub_(h["lr"] * (update + 1e-6))


@caught_by("keeps dtype and device")
class WidensItsParameters(Adam):
    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        p.data = p.data.double() - h["lr"] * update.double()


@caught_by("refuses values outside their domain")
class ChecksItsDefaultsAlone(Adam):
    def add_param_group(self, param_group: dict[str, Any]) -> None:
        torch.optim.Optimizer.add_param_group(self, param_group)


class SharesItsNumbers(RuleOptimizer):
    """A number that neighbours share in a run stays shared when one of them pauses."""

    def _own(self, p: Tensor, name: str) -> Tensor | None:
        return self.state[p][name]


@caught_by("lets a parameter join late", right=NAdam, subject=subjects.rule)
class NAdamOnSharedNumbers(NAdam):
    def optimizer(self, params: Iterable[Any]) -> RuleOptimizer:
        return SharesItsNumbers(self, params)


class CastsItsNumbers(RuleOptimizer):
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        torch.optim.Optimizer.load_state_dict(self, state_dict)
        self._segments.clear()


@caught_by("goes on after save and load", right=ASGD, subject=subjects.rule)
class ASGDCastsItsNumbersToTheDtypeOfTheParameter(ASGD):
    def optimizer(self, params: Iterable[Any]) -> RuleOptimizer:
        return CastsItsNumbers(self, params)
