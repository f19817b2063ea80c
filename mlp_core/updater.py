"""The optimizer of a training run, which is the rule's own or its twin in torch.optim, and its part of a checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import torch
from torch import Tensor

from mlp_core.base.errors import ArgumentError
from mlp_core.model import MLP
from mlp_core.resuming import check_generator, check_start, copied
from mlp_core.rules import UpdateRule
from mlp_core.rules._optimizer import RuleOptimizer
from mlp_core.rules._segment import Work

Updates = Literal["manual", "torch"]


class Updater:
    """The updates of a model, by the rule's own optimizer or by its twin, and their state for a checkpoint."""

    def __init__(self, model: MLP, rule: UpdateRule, updates: Updates) -> None:
        self.model, self.rule, self.updates = model, rule, updates
        self.optimizer = _optimizer(rule, model.in_order(), updates)
        self.work: list[Work] | None = None

    @contextmanager
    def many(self) -> Iterator[None]:
        """A context in which the steps are prepared once, because no other code changes the model or the optimizer."""
        self.model.flat_grad  # noqa: B018  (binds every parameter's grad)
        if isinstance(self.optimizer, RuleOptimizer):
            self.work = self.optimizer.prepared()
        yield
        if isinstance(self.optimizer, RuleOptimizer):
            self.optimizer.settle(self.work or [])
            self.work = None
        self.model.flat_grad  # noqa: B018  (zeros what was written for frozen ones)

    def step(self, rule: UpdateRule) -> None:
        """Move the parameters by `rule`; inside `many`, autograd is disabled."""
        if rule is not self.rule and rule != self.rule:
            self._turn_to(rule)
        if self.work is None:
            self.optimizer.step()
        else:
            RuleOptimizer.apply(self.work)

    def _turn_to(self, rule: UpdateRule) -> None:
        if type(rule) is not type(self.rule):
            raise ArgumentError("rule", rule, f"a {type(self.rule).__name__} in every step, as in the first")
        self.rule = rule
        if not isinstance(self.optimizer, RuleOptimizer):
            self.optimizer.param_groups[0].update(_hyperparameters(rule, self.model))
            return
        self.optimizer.turn_to(rule)
        if self.work is not None:
            self.optimizer.settle(self.work)
            with torch.inference_mode(False), torch.no_grad():  # the state may be moved, and is used later
                self.work = self.optimizer.prepared()

    def save(self, generator: torch.Generator) -> dict[str, Any]:
        state = self.optimizer.state_dict()["state"]  # no copy: this optimizer takes no further step
        return {
            "flat": self.model.flat.clone(), "state": state, "generator": generator.get_state(),
            "sizes": list(self.model.sizes), "rule": repr(self.rule), "updates": self.updates,
        }  # fmt: skip

    def load(self, start: dict[str, Any], generator: torch.Generator) -> None:
        """Load a checkpoint. Raises ArgumentError if it is damaged or belongs to another model or rule."""
        check_start(start, self.model, self.rule, self.updates, lambda rule, ps: _optimizer(rule, ps, self.updates))
        check_generator(start, generator)
        state = copied(start["state"])  # load_state_dict keeps these tensors, and steps write to them
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": state})
        params = self.optimizer.param_groups[0]["params"]
        for index, saved in state.items():
            own = self.optimizer.state[params[index]]
            for name, value in saved.items():
                if isinstance(value, Tensor) and value.dtype != own[name].dtype:  # torch casts all to the dtype of p
                    own[name] = torch.empty_like(own[name], dtype=value.dtype).copy_(value)
        with torch.no_grad():
            self.model.flat.copy_(start["flat"])
        generator.set_state(start["generator"])


def _optimizer(rule: UpdateRule, params: Any, updates: Updates) -> torch.optim.Optimizer:
    if updates == "manual":
        return rule.optimizer(params)
    twin = rule.twin(params)
    if twin is None:
        raise ArgumentError("updates", "torch", f"manual: torch has no {type(rule).__name__}")
    return twin


def _hyperparameters(rule: UpdateRule, model: MLP) -> dict[str, Any]:
    """The hyperparameters of a rule as in a param_group of torch's optimizer."""
    group = _optimizer(rule, [model.flat.new_zeros(1)], "torch").param_groups[0]
    return {name: value for name, value in group.items() if name != "params"}
