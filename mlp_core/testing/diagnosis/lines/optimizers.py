"""Follows optimizers: compares every parameter, and the state that the reference keeps too, after the first wrong
step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.diagnosis.lines import updates
from mlp_core.testing.diagnosis.lines.cases import Case, Output, telling
from mlp_core.testing.diagnosis.replay import run as ran
from mlp_core.testing.engine import guards
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.examples.scenario import Make, Scenario, state_tensors
from mlp_core.testing.subjects.functional import Functional
from mlp_core.testing.subjects.optimizers import OptimizerSubject
from mlp_core.testing.subjects.updates import UpdateSubject

NEAR = {torch.float64: 1e-9, torch.float32: 1e-4}
CASES, DRAWN, LARGEST = 3, 6, 100
"""the number of scenarios that are followed, of new ones that are drawn, and of parameter entries in one"""

State = dict[str, Tensor]


def cases(subject: OptimizerSubject, examples: Sequence[Any]) -> list[Case]:
    if subject.reference is None:
        return []
    own = [e for e in examples if isinstance(e, Scenario) and not e.taken]
    several = own + [s for s in sample(subject.telling(), DRAWN) if isinstance(s, Scenario)]
    if torch.float64 in subject.dtypes:
        several = [replace(s, dtype=torch.float64) for s in several]
    several = [s for s in several if s.dtype in NEAR and sum(p.numel() for g in s.parameters for p in g) <= LARGEST]
    several.sort(key=lambda s: telling([p for g in s.parameters for p in g]), reverse=True)
    found = (_case(subject, s) for s in several)
    return [case for case in found if case is not None][:CASES]


def _case(subject: OptimizerSubject, scenario: Scenario) -> Case | None:
    """A scenario up to its first wrong step; None if there is none."""
    assert subject.reference is not None
    mine, right = ran(scenario, subject.make), ran(scenario, subject.reference)
    if mine is None or right is None:
        return None
    near = NEAR[scenario.dtype]
    apart = [
        any(Output("", got, e, near).wrong() is not None for got, e in zip(a, b, strict=True))
        for a, b in zip(mine.params, right.params, strict=True)
    ]
    if not any(apart):
        return None
    step = apart.index(True)
    first = replace(scenario, gradients=scenario.gradients[: step + 1], lr_factors=scenario.lr_factors[: step + 1])
    before = _states(replace(first, gradients=first.gradients[:step]), subject.reference) if step else []
    after = _states(first, subject.reference)
    names = first.names()
    given = [g for row in first.gradients for g in row if g is not None]

    def run(recorder: Any) -> list[Output]:
        params = first.fresh()
        with guards.globals_kept():
            optimizer, since = first.optimizer(subject.make, params), 0
            with recorder:
                for _ in first.run(optimizer, params):
                    done, since = since, len(recorder.runs)
        if isinstance(optimizer, Functional):
            old = right.params[step - 1] if step else [p.double() for g in first.parameters for p in g]
            return updates.outputs(optimizer, names, right.params[step], old, near=near, since=done)
        outputs = list[Output]()
        for name, p, expected, q in zip(names, params, right.params[step], after, strict=True):
            state = {k: v for k, v in optimizer.state.get(p, {}).items() if isinstance(v, Tensor) and k in q}
            outputs += [
                Output(f"{k} of {name}", v, q[k], near, done) for k, v in state.items() if v.shape == q[k].shape
            ]
            outputs.append(Output(name, p, expected, near, done))
        return outputs

    def known(output: Output, depth: int) -> list[Tensor]:
        """The reference's state before and after the step, the parameter before it, and the gradients."""
        own = names.index(output.name.rpartition(" of ")[2])
        kept = [*(before[own].values() if before else ()), *after[own].values()]
        old = right.params[step - 1][own] if step else [p for g in first.parameters for p in g][own]
        return [*kept, old, *given]

    def steps(output: Output) -> list[Tensor]:
        """The reference's state after the step. A functional rule creates its state in its first step; correcting that
        state instead of the step is not a repair.
        """
        own = names.index(output.name.rpartition(" of ")[2])
        return [] if " of " in output.name or isinstance(subject, UpdateSubject) else list(after[own].values())

    return Case(run, tuple(_methods(subject, first)), known, steps, near)


def _states(scenario: Scenario, make: Make) -> list[State]:
    """The state of each parameter after all steps."""
    params = scenario.fresh()
    with guards.globals_kept():
        optimizer = scenario.optimizer(make, params)
        for _ in scenario.run(optimizer, params):
            pass
    return [{k: v.clone() for k, v in state_tensors(optimizer, p).items() if v.numel() > 0} for p in params]


def _methods(subject: OptimizerSubject, scenario: Scenario) -> list[Any]:
    """The step of the rule on which an optimizer is built, or its own step if it is in the subject's file and not
    torch's.
    """
    made = scenario.optimizer(subject.make, scenario.fresh())
    if isinstance(made, Functional):
        return list(made.rule)
    step = getattr(type(getattr(made, "rule", made)), "step", None)
    step = getattr(step, "__wrapped__", step)
    return [] if str(getattr(step, "__module__", "")).startswith("torch.") else [step]
