"""Optimizers as subjects: how the laws run them, whatever they consist of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.layout import Layout
from mlp_core.rules._domains import Domain
from mlp_core.testing.engine import guards
from mlp_core.testing.engine.evidence import Rejected
from mlp_core.testing.examples.changes import Changes, Wrongs
from mlp_core.testing.examples.hyperparameters import plain
from mlp_core.testing.examples.scenario import Gradient, Make, Scenario
from mlp_core.testing.examples.scenarios import DTYPES, EVERY_KIND, KINDS, SHAPES, scenarios
from mlp_core.testing.subjects.snippets import RUN

FEW = 7
"""the largest number of entries of a small parameter"""

NOT_VARIED = "not varied, given with one value: "
"""precedes the names of hyperparameters with a single given value"""

CLAIMS = ("coordinatewise", "odd", "fixed_point", "descends", "validates", "proportional", "compiles")

SWITCHES = ("foreach", "fused", "capturable", "differentiable", "maximize")
"""switches between implementations of one optimizer, in torch and elsewhere"""


@dataclass(frozen=True)
class OptimizerSubject:
    """An optimizer: make(params, **hyperparameters), the reference that it claims to equal, and its other claims."""

    name: str
    make: Make
    reference: Make | None
    hyper: st.SearchStrategy[dict[str, Any]]
    claims: frozenset[str]
    source: tuple[str, ...]
    """lines that define mine(params, **hyper), and reference(...) if there is one"""
    twin: bool = False
    """whether the reference must have the same bits; otherwise rounding is allowed"""
    exact: bool = False
    """whether runs that should agree must have the same bits in every memory layout; otherwise perturbed rounding
    decides"""
    equals: type[torch.optim.Optimizer] | None = None
    """the class of the reference"""
    unreferenced: str = ""
    """why there is no reference, and how to provide one"""
    doubt: str = ""
    """why it needs a reference before it can be lawful, and what would help; empty if it does not"""
    shared_state: tuple[str, ...] = ()
    """names of state entries that must equal the twin's"""
    counts: bool = False
    """whether `step` in the state is the only place where the number of steps enters, for it and for its reference"""
    domains: dict[str, tuple[Domain, ...]] = field(default_factory=dict)
    """the hyperparameters whose domain is known"""
    common: tuple[str, ...] = ()
    """hyperparameters that only the constructor takes, or that must be equal in all groups: a group has no value of its
    own"""
    movable: tuple[str, ...] = ()
    """the hyperparameters that can be moved"""
    guessed: tuple[str, ...] = ()
    """hyperparameters that vary although the user has not passed them: those of the constructor whose names are
    known"""
    besides: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    """a few values for each hyperparameter that the user has not passed but that must act, because its name says how"""
    constant: tuple[str, ...] = ()
    """hyperparameters that were passed with a single value"""
    scalable: tuple[str, ...] = ()
    """hyperparameters that may be multiplied by any number from 0 to 1, also from one step to the next"""
    unmoved: str = ""
    """why no hyperparameter can be moved, and what would change that"""
    wrongs: st.SearchStrategy[Wrongs] | None = None
    """for every hyperparameter, values outside its domain"""
    repair: Callable[[dict[str, Any], str], dict[str, Any]] = lambda drawn, keep: drawn
    """resolves conflicts between hyperparameters that were drawn separately, without changing the named one"""
    shapes: tuple[tuple[int, ...], ...] = SHAPES
    """shapes of parameters that it accepts"""
    steady: tuple[tuple[int, ...], ...] = ()
    """shapes of parameters on which it does not raise: one crash is one failing law, not nine"""
    dtypes: tuple[torch.dtype, ...] = DTYPES
    no_others: bool = False
    """whether the user chose these dtypes, so that no others are used"""
    waives_by: str = ""
    """the function that takes waives=, if it was created by one"""
    switches: tuple[str, ...] = ()
    """the constructor's switches between implementations that were not passed"""
    max_groups: int = 2
    closure: bool = False
    """whether step requires a closure"""
    has_lr: bool = True
    resting: dict[str, Any] | None = field(default_factory=lambda: {"lr": 0.0})
    """hyperparameters with which no parameter may move; None if its constructor refuses an lr of 0"""
    kinds: tuple[tuple[int, ...], ...] = EVERY_KIND
    """one shape of each kind that it accepts and steps on"""
    waived: frozenset[str] = frozenset()
    """laws that the user has waived"""
    memo: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)
    """facts that were found out about it, for later laws"""
    foreign = staticmethod(guards.foreign)

    def scenarios(self, *, missing: bool = False, decay: bool = True, **options: Any) -> st.SearchStrategy[Scenario]:
        """Scenarios for this optimizer. `missing`: with gradients that are None; without `decay`: all decay is off."""
        hyper = self.hyper
        if not decay:
            hyper = hyper.map(lambda drawn: plain(self.domains, drawn))
        options = {
            "shapes": self.steady or self.shapes,
            "dtypes": self.dtypes,
            "groups": (1, self.max_groups),
            "scalable": self.scalable,
            "common": self.common,
            **options,
        }
        kinds = options.pop("kinds", (*KINDS, "none") if missing else KINDS)
        return scenarios(hyper, kinds=kinds, **options)

    def others(self, *dtypes: torch.dtype) -> tuple[torch.dtype, ...]:
        """Further dtypes, for laws about dtypes; none if the user chose the dtypes."""
        return () if self.no_others else dtypes

    def scenarios_with_changes(self) -> st.SearchStrategy[Changes]:
        """Scenarios, each with copies in which one hyperparameter after the other is changed."""

        def changes(scenario: Scenario, values: dict[str, Any]) -> Changes:
            own = [(name, *self.moved(scenario, name, values[name])) for name in self.movable]
            for name, (a, *_, b) in self.besides.items():
                own.append((name, scenario.with_hyper(**{name: a}), scenario.with_hyper(**{name: b})))
            return Changes(tuple(own))

        # many steps, because some act late (RAdam's eps, from the sixth step on)
        small = self.scenarios(groups=(1, 1), per_group=(1, 1), shapes=self.few(), steps=(6, 12))
        return st.builds(changes, small, self.hyper)

    @property
    def shown(self) -> tuple[str, ...]:
        """The hyperparameters that must have an effect."""
        return (*self.movable, *self.besides)

    @property
    def varied(self) -> tuple[str, ...]:
        """The hyperparameters that have several values in the examples."""
        return (*self.movable, *self.guessed)

    def few(self) -> Sequence[tuple[int, ...]]:
        """The accepted shapes with few entries."""
        usual = self.steady or self.shapes
        return [shape for shape in usual if 0 < prod(shape) <= FEW] or usual

    def telling(self, **options: Any) -> st.SearchStrategy[Scenario]:
        """Informative scenarios for laws that run few examples: small, one group, constant rates, no zeros."""
        options = {"shapes": self.few(), "kinds": ("normal",), "groups": (1, 1), "per_group": (1, 2), **options}
        return self.scenarios(**{"schedule": False, "zeros": False, "telling": True, "steps": (3, 4), **options})

    def scenarios_of_every_kind(self, **options: Any) -> st.SearchStrategy[Scenario]:
        """Scenarios with a parameter of every kind of shape, no zeros, every decay off."""
        options = {"each": self.kinds, "kinds": ("normal",), "schedule": False, "decay": False, **options}
        return self.scenarios(zeros=False, **options)

    def moved(self, scenario: Scenario, name: str, value: Any) -> tuple[Scenario, Scenario]:
        """The scenario without and with a changed hyperparameter; others are adapted if they conflict with it."""
        old = scenario.groups[0][name]
        value = not old if isinstance(old, bool) else value
        after = [self.repair({**h, name: value}, name) for h in scenario.groups]
        before = [{**h, name: old} for h in after]
        if any(self.repair(h, name) != h for h in before):
            return scenario, scenario  # the old value conflicts with the others
        return replace(scenario, groups=tuple(before)), replace(scenario, groups=tuple(after))

    def optimizer(
        self, scenario: Scenario, params: Sequence[Tensor], make: Make | None = None
    ) -> torch.optim.Optimizer:
        """The optimizer for a scenario's groups. If its constructor refuses a combination of separately drawn
        hyperparameters (a ValueError), the example is rejected.
        """
        with guards.foreign():
            try:
                return scenario.optimizer(make or self.make, params)
            except ValueError as error:
                if self.exact or not self.varied:
                    raise
                raise Rejected(error) from error

    def step(self, scenario: Scenario, optimizer: torch.optim.Optimizer, params: Sequence[Tensor]) -> None:
        """One step."""
        with guards.foreign():
            scenario.step(optimizer, params)

    def run(
        self, scenario: Scenario, optimizer: torch.optim.Optimizer, params: Sequence[Tensor],
        gradient: Gradient | None = None,
    ) -> Iterator[int]:  # fmt: skip
        """Scenario.run; an exception of the optimizer becomes a failure."""
        steps = scenario.run(optimizer, params, gradient)
        while True:
            with guards.foreign():
                step = next(steps, None)
            if step is None:
                return
            yield step

    def finished(self, scenario: Scenario) -> tuple[list[Tensor], torch.optim.Optimizer]:
        """Parameters and optimizer after all steps."""
        params = scenario.fresh()
        optimizer = self.optimizer(scenario, params)
        for _ in self.run(scenario, optimizer, params):
            pass
        return params, optimizer

    def side_by_side(self, scenario: Scenario) -> list[Tensor]:
        """The parameters after all steps, if they and their gradients are each views of one buffer."""
        tensors = scenario.fresh()
        layout = Layout.of([p.shape for p in tensors], scenario.dtype)
        flat, flat_grad = (torch.zeros(layout.size, dtype=scenario.dtype) for _ in range(2))
        params, grads = layout.views(flat), layout.views(flat_grad)
        for index, (p, value) in enumerate(zip(params, tensors, strict=True)):
            p.copy_(value.detach()).requires_grad_()
            p.owned = layout.owned(index)  # type: ignore[attr-defined]  # as MLP marks its parameters

        for _ in self.run(scenario, self.optimizer(scenario, params), params, scenario.written_to(grads)):
            pass
        return params

    def snippet(self, example: Any, closing: str) -> str:
        """A snippet that builds the example, runs the optimizer and fails as the law did."""
        lines = ["import torch", *self.source, *example.setup(), RUN, closing or "list(run(mine))"]
        return "\n".join(lines)
