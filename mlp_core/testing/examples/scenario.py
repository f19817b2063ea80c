"""A generated scenario for an optimizer: groups of parameters with their hyperparameters, and the gradients of its
steps."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, cast

import torch
from torch import Tensor

from mlp_core.testing.engine.source import few_numbers, listed, source

Make = Callable[..., torch.optim.Optimizer]

Gradient = Callable[[int, int], Tensor | None]
"""(parameter's number, step's number) -> the gradient, or None"""


@dataclass(frozen=True)
class Scenario:
    """Parameters in groups, hyperparameters for each group, and for every step a gradient (or None) for each parameter.

    Tensors are float64 and rounded to `dtype` when used. lr_factors: before step s the lr of every group is its first
    lr times lr_factors[s]; if `scheduled`, the hyperparameters in `scalable` change likewise, by factors up to 1. After
    the first step every count of steps is increased by `taken`.
    """

    groups: tuple[dict[str, Any], ...]
    parameters: tuple[tuple[Tensor, ...], ...]
    gradients: tuple[tuple[Tensor | None, ...], ...]
    lr_factors: tuple[float, ...]
    dtype: torch.dtype = torch.float64
    scalable: tuple[str, ...] = ()
    """hyperparameters that may be multiplied by any number from 0 to 1"""
    scheduled: bool = False
    taken: int = 0

    def fresh(self) -> list[Tensor]:
        """New parameters, all groups in one list."""
        return [p.to(self.dtype, copy=True).requires_grad_() for group in self.parameters for p in group]

    def optimizer(self, make: Make, params: Sequence[Tensor]) -> torch.optim.Optimizer:
        """An optimizer of `params`; the first group's hyperparameters are the defaults, the others override them."""
        remaining = list(params)
        dicts = []
        for hyper, group in zip(self.groups, self.parameters, strict=True):
            dicts.append({"params": [remaining.pop(0) for _ in group], **hyper})
        return make(dicts, **self.groups[0])

    def set_lr(self, optimizer: torch.optim.Optimizer, step: int) -> None:
        """Set the lr of this step in every group, and the other scheduled hyperparameters."""
        factor = self.lr_factors[step]
        several = self.groups if len(self.groups) > 1 else self.groups * len(optimizer.param_groups)  # some split it
        for group, hyper in zip(optimizer.param_groups, several, strict=True):
            if "lr" in hyper and isinstance(group.get("lr"), Tensor):
                group["lr"].fill_(hyper["lr"] * factor)  # as torch's schedulers do
            elif "lr" in hyper:
                group["lr"] = hyper["lr"] * factor
            for name in self.scalable if self.scheduled else ():
                group[name] = scaled(hyper[name], min(factor, 1.0))

    def begin(self, optimizer: torch.optim.Optimizer, step: int) -> None:
        """Prepare a step before its gradients: set its lr, and before the second step the count of a longer run."""
        self.set_lr(optimizer, step)
        for own in optimizer.state.values() if step == 1 and self.taken else ():
            own["step"] = own["step"] + self.taken * bool(own["step"])  # Adagrad counts before the first step too

    def gradient(self, step: int, index: int) -> Tensor | None:
        """The gradient of one parameter in one step, as a new tensor."""
        g = self.gradients[step][index]
        return None if g is None else g.to(self.dtype, copy=True)

    def written_to(self, memory: Sequence[Tensor]) -> Gradient:
        """The gradients, in the same memory in every step."""

        def gradient(step: int, index: int) -> Tensor | None:
            g = self.gradient(step, index)
            return None if g is None else memory[index].copy_(g)

        return gradient

    def given(self, step: int, index: int) -> Tensor:
        """The generated gradient of one parameter in one step, for a scenario without missing gradients."""
        g = self.gradients[step][index]
        assert g is not None
        return g

    def set_gradients(self, params: Sequence[Tensor], step: int, gradient: Gradient | None = None) -> None:
        """Set every parameter's gradient of this step, as a new tensor or as `gradient` returns it."""
        for index, p in enumerate(params):
            p.grad = (gradient or self.gradient)(step, index)

    @staticmethod
    def step(optimizer: torch.optim.Optimizer, params: Sequence[Tensor]) -> None:
        """Do one step. An optimizer that requires a closure gets one for a function that has the current gradients at
        the current point.
        """
        if needs_closure(cast(Hashable, type(optimizer))):
            optimizer.step(function(params, curved=curved(optimizer)))
        else:
            optimizer.step()

    def run(
        self, optimizer: torch.optim.Optimizer, params: Sequence[Tensor], gradient: Gradient | None = None
    ) -> Iterator[int]:
        """Do the steps one by one; yields the number of each finished step, from 0."""
        for step in range(len(self.gradients)):
            self.begin(optimizer, step)
            self.set_gradients(params, step, gradient)
            self.step(optimizer, params)
            yield step

    def mapped(self, change: Callable[[Tensor], Tensor]) -> Scenario:
        """The same scenario with a function applied to every tensor."""
        return replace(self.with_gradients(change), parameters=tuple(tuple(map(change, g)) for g in self.parameters))

    def with_gradients(self, change: Callable[[Tensor], Tensor]) -> Scenario:
        """The same scenario with a function applied to every gradient."""
        changed = tuple(tuple(None if g is None else change(g) for g in row) for row in self.gradients)
        return replace(self, gradients=changed)

    def with_hyper(self, **changed: Any) -> Scenario:
        """The same scenario with hyperparameters changed in every group."""
        return replace(self, groups=tuple({**hyper, **changed} for hyper in self.groups))

    def names(self) -> list[str]:
        """params[0], params[1], ... over all groups."""
        return [f"params[{i}]" for i in range(sum(map(len, self.parameters)))]

    def describe(self) -> str:
        """Hyperparameters, shapes and steps, in one line."""
        groups = "; ".join(", ".join(f"{k}={v!r}" for k, v in hyper.items()) for hyper in self.groups)
        shapes = [tuple(p.shape) for group in self.parameters for p in group]
        long = f" (counted as {self.taken} more after the first)" if self.taken else ""
        return f"{len(self.gradients)} steps{long} on parameters of shapes {shapes}, {str(self.dtype)[6:]}; {groups}"

    def numbers(self) -> str:
        """Parameters and gradients, rounded to a few digits."""
        params = ", ".join(few_numbers(p) for group in self.parameters for p in group)
        rows = ("; ".join("none" if g is None else few_numbers(g) for g in row) for row in self.gradients)
        return f"params {params}; gradients {', then '.join(rows)}"

    def setup(self) -> list[str]:
        """Python lines that build the same scenario: fresh(), hyper and counts of the groups, gradients, lr_factors."""
        flat = [p for group in self.parameters for p in group]
        counts = [len(group) for group in self.parameters]
        values = ", ".join(source(p, self.dtype) for p in flat)
        lines = [f"fresh = lambda: [p.requires_grad_() for p in [{values}]]"]
        lines.append(f"hyper, counts = {list(self.groups)!r}, {counts}")
        rows = [", ".join("None" if g is None else source(g, self.dtype) for g in row) for row in self.gradients]
        lines += listed("gradients = ", [f"[{row}]" for row in rows])
        known = f"{list(self.lr_factors)}, {list(self.scalable)}, {self.scheduled}, {self.taken}"
        return [*lines, f"lr_factors, scalable, scheduled, taken = {known}"]


def scaled(value: Any, factor: float) -> Any:
    """A hyperparameter, or each number of one that is a tuple, times a factor."""
    return tuple(v * factor for v in value) if isinstance(value, tuple) else value * factor


def grouped(make: Make) -> Make:
    """`make`, which takes the parameters of one group and has its own names for hyperparameters, adapted to several
    groups: it creates one optimizer per group, and the first adopts the groups of the others.
    """

    def several(groups: Any, **hyper: Any) -> torch.optim.Optimizer:
        made = []
        for group in groups:
            own = {**hyper, **{key: value for key, value in group.items() if key != "params"}}
            made.append(make(group["params"], **own))
        first, *rest = made
        for other in rest:
            first.add_param_group(other.param_groups[0])
            first.state.update(other.state)  # its initial state: torch's Adagrad creates it in the constructor
        return first

    return several


def curved(optimizer: torch.optim.Optimizer) -> bool:
    """Whether its closure's function is curved; not if it iterates within a step, as L-BFGS does."""
    return "max_iter" not in optimizer.defaults


def function(params: Sequence[Tensor], *, curved: bool) -> Callable[[], float]:
    """A closure for p . g, where g is the current gradient of p. If curved, |p - p0|^2 / 2 is added, where p0 is the
    current p, so that a method that evaluates the gradient at another point gets another value.
    """
    given = [(p, p.detach().clone(), p.grad) for p in params if p.grad is not None]

    def closure() -> float:
        value = 0.0
        for p, start, g in given:
            value += float((p.detach() * g.detach()).sum())
            way = way_from(start, p.detach())
            if curved and bool(way.ne(0).any()):
                p.grad = g.detach() + way
                value += float(way.abs().square().sum()) / 2
        return value

    return closure


def way_from(start: Tensor, p: Tensor) -> Tensor:
    """p - start. An entry that is no longer finite has not moved: inf - inf would be NaN, in every gradient of it."""
    return torch.where(p.detach().isfinite(), p - start, 0)


@cache
def needs_closure(optimizer_type: Hashable) -> bool:
    """Whether the closure of step(closure) has no default, as in L-BFGS."""
    assert isinstance(optimizer_type, type)
    parameters = inspect.signature(optimizer_type.step).parameters  # type: ignore[attr-defined]
    return "closure" in parameters and parameters["closure"].default is inspect.Parameter.empty


def state_tensors(optimizer: torch.optim.Optimizer, p: Tensor) -> dict[str, Tensor]:
    """The state that an optimizer keeps for a parameter, numbers and tensors by name; lists of tensors one by one."""
    found = {}
    for key, value in optimizer.state.get(p, {}).items():
        several = value if isinstance(value, (list, tuple)) else [value]
        for k, one in enumerate(several):
            if isinstance(one, (Tensor, bool, int, float)):
                found[f"{key}[{k}]" if several is value else str(key)] = torch.as_tensor(one)
    return found
