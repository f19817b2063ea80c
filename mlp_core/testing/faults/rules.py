"""Wrong update rules: gradient descent with momentum, and a mistake each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from mlp_core.rules import RuleOptimizer, UpdateRule
from mlp_core.rules._shared import descent
from mlp_core.rules.sgd import SGD
from mlp_core.testing.faults.catalogue import Catalogue

CATALOGUE = Catalogue()
caught_by = CATALOGUE.caught_by
FEW = 60


@dataclass(frozen=True)
class Planted(SGD):
    """SGD in pieces: a mistake overrides one."""

    def step(self, p: Tensor, g: Tensor, t: int, v: Tensor) -> None:  # type: ignore[override]  # one slot
        g = self.decayed(p, g)
        if self.momentum:
            self.move(v, g, t)
            g = self.ahead(g, v)
        p.add_(g, alpha=-self.lr)

    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        return descent(p, g, self.weight_decay, self.maximize)

    def move(self, v: Tensor, g: Tensor, t: int) -> None:
        if t == 1:
            v.copy_(g)
        else:
            v.mul_(self.momentum).add_(g, alpha=1 - self.dampening)

    def ahead(self, g: Tensor, v: Tensor) -> Tensor:
        return g.add(v, alpha=self.momentum) if self.nesterov else v


@caught_by("equals its twin", "steps as exact rational arithmetic does", right=SGD, examples=FEW)
class DampensTheFirstStep(Planted):
    def move(self, v: Tensor, g: Tensor, t: int) -> None:
        v.mul_(self.momentum).add_(g, alpha=1 - self.dampening)


@caught_by("equals its twin", right=SGD, examples=FEW)
class NesterovLooksAheadByVAlone(Planted):
    def ahead(self, g: Tensor, v: Tensor) -> Tensor:
        return v.mul(self.momentum) if self.nesterov else v


@caught_by("equals its twin", "steps as exact rational arithmetic does", right=SGD, examples=FEW)
class DecaysBeforeItNegates(Planted):
    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        g = g.add(p, alpha=self.weight_decay)
        return -g if self.maximize else g


@caught_by("equals its twin", right=SGD, examples=FEW)
class ForgetsMaximizeWithMomentum(Planted):
    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        return descent(p, g, self.weight_decay, self.maximize and not self.momentum)


@caught_by("equals its twin", right=SGD, examples=FEW)
class IsOffByOneInTenBillion(Planted):
    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        g = super().decayed(p, g).clone()
        if g.numel():
            g.view(-1)[-1] *= 1 + 1e-10
        return g


@caught_by("equals its twin", right=SGD, examples=FEW)
class KeepsASingleNumberAsState(Planted):
    def init(self, p: Tensor) -> dict[str, Tensor | None]:
        return {"momentum_buffer": torch.zeros_like(p)[..., None] if self.momentum else None}

    def step(self, p: Tensor, g: Tensor, t: int, v: Tensor) -> None:  # type: ignore[override]  # one slot
        super().step(p, g, t, v[..., 0] if self.momentum else v)


@caught_by("treats every coordinate alone", right=SGD, examples=FEW)
class ClipsByTheNorm(Planted):
    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        return super().decayed(p, g / g.norm().clamp(min=1))


@caught_by("treats every coordinate alone", right=SGD, examples=FEW)
class SumsUpWhatLiesSideBySide(SGD):
    def optimizer(self, params: Iterable[Any]) -> RuleOptimizer:
        return SumsUp(self, params)


class SumsUp(RuleOptimizer):
    """Moves one parameter of a run of several by the gradient of another."""

    def _segment(self, run: list[Tensor], rule: UpdateRule) -> Any:
        if len(run) > 1 and run[0].grad is not None:
            run[0].grad.mul_(2)
        return super()._segment(run, rule)


@caught_by("leaves the gradient alone", right=SGD, examples=FEW)
class DecaysTheGradientInPlace(Planted):
    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        g = g.neg_() if self.maximize else g
        return g.add_(p, alpha=self.weight_decay)


@caught_by("leaves the gradient alone", right=SGD, examples=FEW)
class KeepsTheGradientItself(Planted):
    def move(self, v: Tensor, g: Tensor, t: int) -> None:
        if t == 1:
            v.data = g  # no copy: v is the gradient's own memory
        else:
            v.mul_(self.momentum).add_(g, alpha=1 - self.dampening)


@caught_by("goes on after save and load", right=SGD, examples=FEW)
class KeepsItsVelocityOnTheParameter(Planted):
    slots: ClassVar[tuple[str, ...]] = ()  # type: ignore[assignment]  # SGD's has one name

    def init(self, p: Tensor) -> dict[str, Tensor | None]:
        return {}

    def step(self, p: Tensor, g: Tensor, t: int) -> None:  # type: ignore[override]  # no slots
        if not hasattr(p, "velocity"):
            p.velocity = torch.zeros_like(p)  # type: ignore[attr-defined]
        super().step(p, g, t, p.velocity)  # type: ignore[attr-defined]


SHARED: dict[tuple[int, ...], Tensor] = {}


@caught_by("keeps two runs apart", right=SGD, examples=FEW)
class KeepsItsVelocityInAGlobal(Planted):
    def move(self, v: Tensor, g: Tensor, t: int) -> None:
        if t > 1:
            v.copy_(SHARED[tuple(v.shape)])
        super().move(v, g, t)
        SHARED[tuple(v.shape)] = v.clone()


class FillsInZeros(RuleOptimizer):
    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:
            for p in group["params"]:
                p.grad = torch.zeros_like(p) if p.grad is None else p.grad
        return super().step(closure)


@caught_by("lets a parameter join late", right=SGD)
class TakesAMissingGradientForZero(SGD):
    def optimizer(self, params: Iterable[Any]) -> RuleOptimizer:
        return FillsInZeros(self, params)


class CountsForAll(RuleOptimizer):
    def step(self, closure: Any = None) -> Any:
        self.steps = getattr(self, "steps", 0) + 1
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None and not self.state[p] and self.steps > 1:
                    self.state[p] = {"step": self.steps - 1, **self.rule.init(p)}
        return super().step(closure)


@caught_by("lets a parameter join late", right=SGD)
class CountsStepsOfAllParametersTogether(SGD):
    def optimizer(self, params: Iterable[Any]) -> RuleOptimizer:
        return CountsForAll(self, params)


class JoinsWhatIsNotInOneState(RuleOptimizer):
    def _build(self, params: list[Tensor], rule: UpdateRule) -> list[Any]:
        for p in params:
            self.state[p] = self.state[p] or {"step": 0, **rule.init(p)}
        first = {key: value for key, value in self.state[params[0]].items() if key == "step"} if params else {}
        for p in params:
            self.state[p].update(first)  # one t for all, whoever came late
        return super()._build(params, rule)


@caught_by("lets a parameter join late", right=SGD)
class GivesLatecomersTheCountOfTheOthers(SGD):
    def optimizer(self, params: Iterable[Any]) -> RuleOptimizer:
        return JoinsWhatIsNotInOneState(self, params)


class KeepsItsSegments(RuleOptimizer):
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        segments = dict(self._segments)
        super().load_state_dict(state_dict)
        self._segments.update(segments)


@caught_by("goes on after save and load", right=SGD)
class ForgetsToLookAgainAfterLoading(SGD):
    def optimizer(self, params: Iterable[Any]) -> RuleOptimizer:
        return KeepsItsSegments(self, params)


@caught_by("stays put under zero gradients", right=SGD, examples=FEW)
class AddsASmallNumber(Planted):
    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        return super().decayed(p, g) + 1e-8


@caught_by("negates with its arguments", right=SGD, examples=FEW)
class ClipsFromAboveAlone(Planted):
    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        return super().decayed(p, g).clamp(max=1)


@caught_by("descends with a small enough step", right=SGD, examples=FEW)
class Ascends(Planted):
    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        return -super().decayed(p, g)


@caught_by("keeps dtype and device", right=SGD, examples=FEW)
class KeepsItsStateInTheDefaultDtype(Planted):
    def init(self, p: Tensor) -> dict[str, Tensor | None]:
        return {"momentum_buffer": torch.zeros(p.shape) if self.momentum else None}


@caught_by("keeps dtype and device", right=SGD, examples=FEW)
class RoundsInTheDefaultDtype(Planted):
    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        return super().decayed(p, g.to(torch.get_default_dtype()).to(g.dtype) / torch.tensor(3.0).div(7).to(g.dtype))


@caught_by("takes every shape and stride", right=SGD, examples=FEW)
class GoesRowByRow(Planted):
    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        rows = [g[i] for i in range(len(g))]  # a parameter without dimension has no rows
        return super().decayed(p, torch.stack(rows) if rows else g)


class MovesACopyOfAView(Planted):
    def step(self, p: Tensor, g: Tensor, t: int, v: Tensor) -> None:  # type: ignore[override]  # one slot
        super().step(p.reshape(-1), g.reshape(-1), t, v.reshape(-1) if self.momentum else v)


@caught_by("takes every shape and stride", right=SGD, examples=FEW)
class WritesPastTheStrides(Planted):
    def step(self, p: Tensor, g: Tensor, t: int, v: Tensor) -> None:  # type: ignore[override]  # one slot
        super().step(p, g, t, v)
        p.as_strided((p.numel(),), (1,)).mul_(1)
        if p.numel() > 1 and not p.is_contiguous():
            p.as_strided((1,), (1,), p.storage_offset() + 1).fill_(0)


@caught_by("refuses values outside their domain", right=SGD, examples=FEW)
class ChecksNothing(Planted):
    def __post_init__(self) -> None:
        pass


@caught_by("refuses values outside their domain", right=SGD, examples=FEW)
class RefusesWithoutAName(Planted):
    def __post_init__(self) -> None:
        try:
            super().__post_init__()
        except ValueError:
            raise ValueError("wrong") from None


@caught_by("refuses values outside their domain", right=SGD, examples=FEW)
class Asserts(Planted):
    def __post_init__(self) -> None:
        try:
            super().__post_init__()
        except ValueError as error:
            raise AssertionError(error) from None


@caught_by("repeats and touches nothing else", right=SGD, examples=FEW)
class Trembles(Planted):
    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        return super().decayed(p, g + 1e-3 * torch.rand_like(g))


CALLS: list[int] = []


@caught_by("repeats and touches nothing else", right=SGD, examples=FEW)
class AgesWithEveryCall(Planted):
    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        CALLS.append(1)
        return super().decayed(p, g) * (1 + len(CALLS))


@caught_by("repeats and touches nothing else", right=SGD, examples=FEW)
class SetsTheDefaultDtype(Planted):
    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        torch.set_default_dtype(torch.float64)
        return super().decayed(p, g)


# shows_every_hyperparameter counts what it has seen over all examples: with fewer than 100 it asks for nothing
@caught_by("shows every hyperparameter", right=SGD)
class IgnoresDampening(Planted):
    def move(self, v: Tensor, g: Tensor, t: int) -> None:
        if t == 1:
            v.copy_(g)
        else:
            v.mul_(self.momentum).add_(g)


@caught_by("goes on after save and load", "equals its twin", right=SGD, examples=FEW)
class Raises(Planted):
    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        raise RuntimeError("not written yet")
