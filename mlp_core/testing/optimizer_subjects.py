"""Optimizers as subjects: today update rules, stepped by their own optimizer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from math import prod
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.errors import ArgumentError, unknown
from mlp_core.layout import Layout
from mlp_core.rules import UpdateRule
from mlp_core.rules._domains import Domain, domains
from mlp_core.testing import conduct
from mlp_core.testing.hyperparameters import inside, outside, plain, reconciled
from mlp_core.testing.law import Law
from mlp_core.testing.scenario import Make, Scenario
from mlp_core.testing.scenarios import KINDS, SHAPES, scenarios
from mlp_core.testing.variants import Changes, Wrongs


FEW = 7
"""entries of a small parameter"""


@dataclass(frozen=True)
class OptimizerSubject:
    """An optimizer: make(params, **hyperparameters), what it claims to equal, and what it claims to satisfy."""

    name: str
    make: Make
    reference: Make | None
    hyper: st.SearchStrategy[dict[str, Any]]
    claims: frozenset[str]
    source: tuple[str, ...]
    """lines that define mine(params, **hyper), and reference(...) where there is one"""
    shared_state: tuple[str, ...] = ()
    """names of state that must equal the reference's"""
    domains: dict[str, tuple[Domain, ...]] = field(default_factory=dict)
    wrongs: st.SearchStrategy[Wrongs] = st.nothing()
    """for every hyperparameter a value outside its domain"""
    repair: Callable[[dict[str, Any], str], dict[str, Any]] = lambda drawn, keep: drawn
    """ends conflicts between hyperparameters drawn apart, without touching the one named"""
    shapes: tuple[tuple[int, ...], ...] = SHAPES
    foreign = staticmethod(conduct.foreign)

    def laws(self) -> list[Law]:
        from mlp_core.testing import rule_edges, rule_laws

        return [law.bind(self) for law in (*rule_laws.book.laws, *rule_edges.book.laws)]

    @property
    def changeable(self) -> tuple[str, ...]:
        """The hyperparameters that can be moved."""
        return tuple(self.domains)

    def scenarios(self, *, missing: bool = False, decay: bool = True, **options: Any) -> st.SearchStrategy[Scenario]:
        """Scenarios for this optimizer; `missing`: with gradients that are None; without `decay`: every decay off."""
        hyper = self.hyper
        if not decay:
            hyper = hyper.map(lambda drawn: plain(self.domains, drawn))
        kinds = options.pop("kinds", (*KINDS, "none") if missing else KINDS)
        return scenarios(hyper, kinds=kinds, **{"shapes": self.shapes, **options})

    def scenarios_with_changes(self) -> st.SearchStrategy[Changes]:
        """Scenarios beside themselves with each hyperparameter moved in its turn."""

        def changes(scenario: Scenario, values: dict[str, Any]) -> Changes:
            return Changes(tuple((name, *self._moved(scenario, name, value)) for name, value in values.items()))

        few = [shape for shape in self.shapes if 0 < prod(shape) <= FEW]
        small = self.scenarios(steps=(2, 4), groups=(1, 1), per_group=(1, 1), shapes=few)
        return st.builds(changes, small, self.hyper)

    def _moved(self, scenario: Scenario, name: str, value: Any) -> tuple[Scenario, Scenario]:
        """The scenario without and with a hyperparameter moved; others give way where they conflict with it."""
        old = scenario.groups[0][name]
        value = not old if isinstance(old, bool) else value
        after = [self.repair({**h, name: value}, name) for h in scenario.groups]
        before = [{**h, name: old} for h in after]
        if any(self.repair(h, name) != h for h in before):
            return scenario, scenario  # the old value does not go with the others
        return replace(scenario, groups=tuple(before)), replace(scenario, groups=tuple(after))

    def values_outside(self) -> st.SearchStrategy[Wrongs]:
        """For every hyperparameter a value outside its domain, among others inside theirs."""
        return self.wrongs

    def optimizer(
        self, scenario: Scenario, params: Sequence[Tensor], make: Make | None = None
    ) -> torch.optim.Optimizer:
        """The optimizer of a scenario's groups."""
        with conduct.foreign():
            return scenario.optimizer(make or self.make, params)

    def step(self, optimizer: torch.optim.Optimizer) -> None:
        """One step."""
        with conduct.foreign():
            optimizer.step()

    def run(self, scenario: Scenario, optimizer: torch.optim.Optimizer, params: Sequence[Tensor]) -> Iterator[int]:
        """Scenario.run, with what the optimizer raises laid to its charge."""
        steps = scenario.run(optimizer, params)
        while True:
            with conduct.foreign():
                step = next(steps, None)
            if step is None:
                return
            yield step

    def finished(self, scenario: Scenario) -> tuple[list[Tensor], torch.optim.Optimizer]:
        """Parameters and optimizer after all steps."""
        with conduct.foreign():
            return scenario.finished(self.make)

    def side_by_side(self, scenario: Scenario) -> list[Tensor]:
        """The parameters after all steps, when they and their gradients are views of one buffer each."""
        tensors = scenario.fresh()
        layout = Layout.of([p.shape for p in tensors], scenario.dtype)
        flat, flat_grad = (torch.zeros(layout.size, dtype=scenario.dtype) for _ in range(2))
        params, grads = layout.views(flat), layout.views(flat_grad)
        for index, (p, value) in enumerate(zip(params, tensors, strict=True)):
            p.copy_(value.detach()).requires_grad_()
            p.owned = layout.owned(index)  # type: ignore[attr-defined]  # as MLP marks its parameters
        optimizer = self.optimizer(scenario, params)
        for step in range(len(scenario.gradients)):
            scenario.set_lr(optimizer, step)
            for p, g, given in zip(params, grads, scenario.gradients[step], strict=True):
                p.grad = None if given is None else g.copy_(given)
            self.step(optimizer)
        return params

    def snippet(self, example: Any, closing: str) -> str:
        """Lines to paste that build the example, run the optimizer and fail as the law did."""
        return "\n".join(
            ["import torch", *self.source, "", *example.setup(), "", _RUN, "", closing or "list(run(mine))"]
        )


_RUN = """\
def run(make, start=0, stop=None, params=None, state=None, poison=False):
    params = fresh() if params is None else params
    optimizer = make(groups(params), **hyper[0])
    if state is not None:
        optimizer.load_state_dict(state)
    for step in range(len(gradients))[start:stop]:
        for group, h in zip(optimizer.param_groups, hyper):
            if "lr" in h:
                group["lr"] = h["lr"] * lr_factors[step]
        for p, g in zip(params, gradients[step]):
            p.grad = None if g is None else g.clone()
        optimizer.step()
        if poison:
            for p in params:
                p.grad.fill_(float("nan"))
        yield params, optimizer

def look(params, optimizer, name):
    slot, _, p = name.rpartition(" of ")
    p = params[int(p[len("params["):-1])]
    return torch.as_tensor(optimizer.state[p][slot]) if slot else p.detach()"""


_REFERENCE = """\
def reference(groups, **hyper):
    own = [{**hyper, **{k: v for k, v in group.items() if k != "params"}} for group in groups]
    first, *rest = [RULE(**h).twin(group["params"]) for h, group in zip(own, groups)]
    for twin in rest:
        first.add_param_group(twin.param_groups[0])
        first.state.update(twin.state)
    return first"""


def twin_of_groups(rule_type: type[UpdateRule], groups: Any, hyper: dict[str, Any]) -> torch.optim.Optimizer:
    """The torch twin of a rule for several groups: each group's hyperparameters in the twin's own words."""
    twins = []
    for group in groups:
        own = {**hyper, **{key: value for key, value in group.items() if key != "params"}}
        twins.append(rule_type(**own).twin(group["params"]))
    first = twins[0]
    assert first is not None
    for twin in twins[1:]:
        assert twin is not None
        first.add_param_group(twin.param_groups[0])
        first.state.update(twin.state)  # what it began with: torch's Adagrad fills its state when it is made
    return first


def of_rule(rule: type[UpdateRule] | UpdateRule) -> OptimizerSubject:
    """The subject of an UpdateRule: of a class with all its domains, of an instance with its own values alone."""
    rule_type, name = (rule, rule.__name__) if isinstance(rule, type) else (type(rule), repr(rule))
    fixed = not isinstance(rule, type)
    hyper = inside(rule_type) if isinstance(rule, type) else st.just(asdict(rule))
    names = [f.name for f in fields(rule_type)]

    def make(params: Any, **hyper: Any) -> torch.optim.Optimizer:
        return rule_type(**hyper).optimizer(params)

    def reference(params: Any, **hyper: Any) -> torch.optim.Optimizer:
        return twin_of_groups(rule_type, params, hyper)

    if not isinstance(rule_type.slots, tuple):
        raise ArgumentError(f"{name}.slots", rule_type.slots, "a tuple of names")
    known = {"odd", "fixed_point", "descends"}
    for claim in rule_type.claims:
        if claim not in known:
            raise unknown(f"claim of {name}", claim, sorted(known))
    has_twin = rule_type().twin([torch.zeros((1,) * max(rule_type.ndims or (1,)))]) is not None
    source = [
        *conduct.import_of(rule_type),
        f"def mine(params, **hyper):\n    return {rule_type.__name__}(**hyper).optimizer(params)",
    ]
    if has_twin:
        source.append(_REFERENCE.replace("RULE", rule_type.__name__))
    claims = rule_type.claims | {"validates"} | (set() if rule_type.per_tensor else {"coordinatewise"})
    return OptimizerSubject(
        name, make, reference if has_twin else None, hyper, frozenset(claims), tuple(source),
        shared_state=rule_type.slots, domains={} if fixed else {n: domains(rule_type)[n] for n in names},
        wrongs=outside(rule_type), repair=lambda drawn, keep: reconciled(rule_type, drawn, keep),
        shapes=tuple(s for s in SHAPES if rule_type.ndims is None or len(s) in rule_type.ndims if prod(s) or rule_type.empty),
    )  # fmt: skip
