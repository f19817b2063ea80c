"""Mistakes that any rule may have in counting steps and in finding its state.

Each is a class that is put before a rule among the bases of another class; here before Adam or Adagrad.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from torch import Tensor

from mlp_core.rules import RuleOptimizer, UpdateRule
from mlp_core.rules._segment import Rule
from mlp_core.rules.adagrad import Adagrad
from mlp_core.rules.adam import Adam
from mlp_core.testing.faults.catalogue import Catalogue

CATALOGUE = Catalogue()

caught_by = partial(CATALOGUE.caught_by, right=Adam, examples=60)


class CountsFromTwo(UpdateRule):
    """steps are counted from 2 instead of from 1"""

    def step(self, p: Tensor, g: Tensor, t: int, *slots: Tensor | None) -> None:
        super().step(p, g, t + 1, *slots)


class CountsFromZero(UpdateRule):
    """steps are counted from 0 instead of from 1"""

    def step(self, p: Tensor, g: Tensor, t: int, *slots: Tensor | None) -> None:
        super().step(p, g, t - 1, *slots)


class Recounting(RuleOptimizer):
    """Gives every parameter with a gradient its state, and can change the counts before a step."""

    taken = 0

    def step(self, closure: Any = None) -> Any:
        self._segments.clear()
        self.begin()
        for index, group in enumerate(self.param_groups):
            rule = self._rule_of(index)
            for p in group["params"]:
                if p.grad is not None:
                    self.see_to(p, rule, group)
        return super().step(closure)

    def begin(self) -> None:
        pass

    def see_to(self, p: Tensor, rule: Rule, group: dict[str, Any]) -> None:
        self.state[p] = {**(self.state[p] or rule.init(p)), "step": self.taken - 1}


class CountsCalls(Recounting):
    def begin(self) -> None:
        self.taken += 1


class CountsParameters(Recounting):
    def see_to(self, p: Tensor, rule: Rule, group: dict[str, Any]) -> None:
        self.taken += 1
        super().see_to(p, rule, group)


class SharesByShape(Recounting):
    def see_to(self, p: Tensor, rule: Rule, group: dict[str, Any]) -> None:
        alike = [q for q in group["params"] if q.shape == p.shape and self.state.get(q)]
        self.state[p] = self.state.get(p) or (self.state[alike[0]] if alike else {"step": 0, **rule.init(p)})


class SharesByPlace(Recounting):
    def see_to(self, p: Tensor, rule: Rule, group: dict[str, Any]) -> None:
        place = next(k for k, q in enumerate(group["params"]) if q is p)
        own = [g["params"][place] for g in self.param_groups if len(g["params"]) > place]
        alike = [q for q in own if q.shape == p.shape and self.state.get(q)]
        self.state[p] = self.state.get(p) or (self.state[alike[0]] if alike else {"step": 0, **rule.init(p)})


class CountsEveryCall(UpdateRule):
    """one step count is kept for all parameters, even if one has no gradient: count per parameter"""

    def optimizer(self, params: Iterable[Any]) -> RuleOptimizer:
        return CountsCalls(self, params)


class CountsEveryParameter(UpdateRule):
    """the step count grows with every parameter instead of every step"""

    def optimizer(self, params: Iterable[Any]) -> RuleOptimizer:
        return CountsParameters(self, params)


class SharesStateByShape(UpdateRule):
    """parameters with the same shape share their state"""

    def optimizer(self, params: Iterable[Any]) -> RuleOptimizer:
        return SharesByShape(self, params)


class SharesStateByPlace(UpdateRule):
    """state is found by the place in the group: the first parameters of two groups, if of one shape, share theirs"""

    def optimizer(self, params: Iterable[Any]) -> RuleOptimizer:
        return SharesByPlace(self, params)


OF_ANY_RULE = (
    CountsFromTwo, CountsFromZero, CountsEveryCall, CountsEveryParameter, SharesStateByShape, SharesStateByPlace,
)  # fmt: skip


@caught_by("equals its twin", origin="site: t > 1000, although 1 - beta2^t is still far from 1")
class AdamCorrectsForAThousandSteps(Adam):
    """after a thousand steps the bias of the averages is no longer corrected"""

    def step(self, p: Tensor, g: Tensor, t: int, m: Tensor, v: Tensor, v_max: Tensor | None) -> None:  # type: ignore[override]
        super().step(p, g, t if t <= 1000 else 10**9, m, v, v_max)


@caught_by("equals its twin", origin="site: t += 1 before the step and t + 1 in it")
class AdamFromTwo(CountsFromTwo, Adam):
    __doc__ = CountsFromTwo.__doc__


@caught_by("equals its twin", right=Adagrad, origin="site: t of enumerate, from 0, in a formula that counts from 1")
class AdagradFromZero(CountsFromZero, Adagrad):
    __doc__ = CountsFromZero.__doc__


@caught_by("equals its twin", "lets a parameter join late", origin="apex's FusedAdam: group['step']")
class AdamCountsEveryCall(CountsEveryCall, Adam):
    __doc__ = CountsEveryCall.__doc__


@caught_by("equals its twin", "goes on after save and load", origin="self.t += 1 inside the loop over parameters")
class AdamCountsEveryParameter(CountsEveryParameter, Adam):
    __doc__ = CountsEveryParameter.__doc__


@caught_by(
    "equals its twin", examples=200, origin="site: state in a dict whose key is not the parameter: its shape, its name"
)
class AdamSharesStateByShape(SharesStateByShape, Adam):
    __doc__ = SharesStateByShape.__doc__


@caught_by(
    "steps the same if a group is split in two", origin="a port from Lua: state[i] for the i-th parameter of each group"
)
class AdamSharesStateByPlace(SharesStateByPlace, Adam):
    __doc__ = SharesStateByPlace.__doc__
