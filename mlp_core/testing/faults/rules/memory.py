"""Wrong update rules whose formula is correct: mistakes in the state between steps, and in its memory."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, ClassVar

import torch
from torch import Tensor

from mlp_core.rules import RuleOptimizer
from mlp_core.rules._segment import Rule, marks
from mlp_core.rules.nadam import NAdam
from mlp_core.rules.sgd import SGD
from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.rules.sgd import Planted

CATALOGUE = Catalogue()

FEW = 60

caught_by = partial(CATALOGUE.caught_by, right=SGD, examples=FEW)


@caught_by("equals its twin", origin="site: unsqueeze or [..., None] when the state is created")
class KeepsASingleNumberAsState(Planted):
    """the state has one dimension more than the parameter"""

    def init(self, p: Tensor) -> dict[str, Tensor | None]:
        return {"momentum_buffer": torch.zeros_like(p)[..., None] if self.momentum else None}

    def step(self, p: Tensor, g: Tensor, t: int, v: Tensor) -> None:  # type: ignore[override]  # one slot
        super().step(p, g, t, v[..., 0] if self.momentum else v)


@caught_by(
    "moves every coordinate independently",
    origin="site: offsets into a flat buffer, as in apex's and fairseq's flattened optimizers",
)
class SumsUpWhatLiesSideBySide(SGD):
    """a parameter moves by the gradient of another one that is adjacent in a buffer"""

    def optimizer(self, params: Iterable[Any]) -> RuleOptimizer:
        return SumsUp(self, params)


class SumsUp(RuleOptimizer):
    """Adds the gradient of a neighbour to the step of one parameter in a run of several."""

    def _segment(self, run: list[Tensor], rule: Rule) -> Any:
        if len(run) > 1 and run[0].grad is not None:
            run[0].grad.mul_(2)
        return super()._segment(run, rule)


@caught_by("leaves the gradient alone", origin="torch 1.4's SGD: d_p = p.grad.data; d_p.add_(weight_decay, p.data)")
class DecaysTheGradientInPlace(Planted):
    """the decay is added to the gradient in place, which changes p.grad"""

    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        g = g.neg_() if self.maximize else g
        return g.add_(p, alpha=self.weight_decay)


@caught_by("leaves the gradient alone", origin="torch.optim.SGD without the clone of the first gradient: buf = d_p")
class KeepsTheGradientItself(Planted):
    """the state shares the gradient's memory instead of copying it"""

    def move(self, v: Tensor, g: Tensor, t: int) -> None:
        if t == 1:
            v.data = g  # no copy: v is the gradient's own memory
        else:
            v.mul_(self.momentum).add_(g, alpha=1 - self.dampening)


@caught_by("goes on after save and load", origin="site: p.velocity, as in homework")
class KeepsItsVelocityOnTheParameter(Planted):
    """the velocity is an attribute of the parameter instead of part of the saved state"""

    slots: ClassVar[tuple[str, ...]] = ()  # type: ignore[assignment]  # SGD's has one name

    def init(self, p: Tensor) -> dict[str, Tensor | None]:
        return {}

    def step(self, p: Tensor, g: Tensor, t: int) -> None:  # type: ignore[override]  # no slots
        if not hasattr(p, "velocity"):
            p.velocity = torch.zeros_like(p)  # type: ignore[attr-defined]
        super().step(p, g, t, p.velocity)  # type: ignore[attr-defined]


SHARED: dict[tuple[int, ...], Tensor] = {}


@caught_by("keeps two runs apart", origin="site: a dict in the module, or a mutable default argument")
class KeepsItsVelocityInAGlobal(Planted):
    """the velocity is stored in a global dict, by shape"""

    def move(self, v: Tensor, g: Tensor, t: int) -> None:
        if t > 1:
            v.copy_(SHARED[tuple(v.shape)])
        super().move(v, g, t)
        SHARED[tuple(v.shape)] = v.clone()


class JoinsWhatIsNotInOneState(RuleOptimizer):
    def _build(self, params: list[Tensor], rule: Rule) -> list[Any]:
        for p in params:
            self.state[p] = self.state[p] or {"step": 0, **rule.init(p)}
        first = {key: value for key, value in self.state[params[0]].items() if key == "step"} if params else {}
        for p in params:
            self.state[p].update(first)  # one t for all parameters, even for late ones
        return super()._build(params, rule)


@caught_by(
    "lets a parameter join late",
    examples=100,
    origin="apex's FusedAdam: group['step'] counts for all parameters of a group",
)
class GivesLatecomersTheCountOfTheOthers(SGD):
    """a parameter that joins late begins with the step count of the others"""

    def optimizer(self, params: Iterable[Any]) -> RuleOptimizer:
        return JoinsWhatIsNotInOneState(self, params)


class KeepsItsSegments(RuleOptimizer):
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        segments = dict(self._segments)
        super().load_state_dict(state_dict)
        self._segments.update(segments)

    def _laid(self, params: list[Tensor], index: int) -> list[int]:
        return marks(params)  # and not their state


@caught_by("goes on after save and load", examples=100, origin="site: a cache of views that loading does not clear")
class ForgetsToLookAgainAfterLoading(SGD):
    """cached views of the state are still used after load_state_dict"""

    def optimizer(self, params: Iterable[Any]) -> RuleOptimizer:
        return KeepsItsSegments(self, params)


class LoadsStateAlone(RuleOptimizer):
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        own = [dict(group) for group in self.param_groups]
        super().load_state_dict(state_dict)
        for group, before in zip(self.param_groups, own, strict=True):
            group.update(before)


@caught_by(
    "goes on after save and load", examples=100, origin="site: load_state_dict; param_groups are saved, but not loaded"
)
class LeavesHyperparametersAsTheyWere(SGD):
    """loading restores the state, but not the hyperparameters of the groups"""

    def optimizer(self, params: Iterable[Any]) -> RuleOptimizer:
        return LoadsStateAlone(self, params)


@caught_by(
    "equals its twin", right=NAdam, origin="site: the product of all mu, recomputed from the current hyperparameters"
)
class TakesTodaysProduct(NAdam):
    """the product of all mu is computed from the hyperparameters of this step, also for the steps before it"""

    def step(self, p: Tensor, g: Tensor, t: int, m: Tensor, v: Tensor, product: Tensor) -> None:  # type: ignore[override]
        product.fill_(1)
        for k in range(1, t):
            product.mul_(self.mu(k))
        super().step(p, g, t, m, v, product)


@caught_by("keeps dtype and device", origin="torch.zeros(p.shape) instead of torch.zeros_like(p)")
class KeepsItsStateInTheDefaultDtype(Planted):
    """the state has the default dtype instead of the parameter's"""

    def init(self, p: Tensor) -> dict[str, Tensor | None]:
        return {"momentum_buffer": torch.zeros(p.shape) if self.momentum else None}
