"""The laws of an optimizer about gradients of zero, and about tiny ones."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.testing.bounds.envelopes import comparable, envelopes, explained, within
from mlp_core.testing.engine.distinct import digest
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.examples.scenario import Scenario
from mlp_core.testing.laws.optimizers.book import FEW, OptimizerBook, draws
from mlp_core.testing.laws.optimizers.driving import from_zero
from mlp_core.testing.laws.optimizers.equality import WITHIN, needs_a_reference
from mlp_core.testing.laws.optimizers.shared import shown_on

ZEROS = 2
"""steps with zero gradients at the beginning"""

NOISY = 16
"""the share of the step for a gradient: less is deliberate noise, which this law ignores; and so is any step of an
optimizer that draws random numbers"""

AT_REST = """\
for step, (params, optimizer) in enumerate(run(mine)):
    if step == 1:
        least = (params[1] - fresh()[1]).abs().max() / 16
        assert ((params[0].abs() <= least) | (params[0] == 0)).all(), ("moved by gradients of zero", params[0])
assert params[0].isfinite().all() and params[0].any(), params[0]"""

ALONE = """\
*_, (params, optimizer) = run(mine)
assert params[0].isfinite().all(), params[0]"""

SMALL = (40, 66, 100)
"""binary places by which gradients are made smaller: their squares and fourth powers are not subnormal"""

book, judging = OptimizerBook(waivable=True), OptimizerBook(judges=True)


def resting_first(subject: Any) -> st.SearchStrategy[Scenario]:
    """A scenario in which the first parameter starts at zero with gradients of zero."""

    def rested(scenario: Scenario) -> Scenario:
        ((p, *others),) = scenario.parameters
        gradients = tuple(
            (torch.zeros_like(p), *row[1:]) if step < ZEROS else row for step, row in enumerate(scenario.gradients)
        )
        return replace(scenario, parameters=((torch.zeros_like(p), *others),), gradients=gradients)

    return subject.telling(per_group=(2, 2), steps=(4, 5), decay=False).map(rested)


@book.law(
    resting_first, share=FEW, closing=AT_REST, doing="with gradients of zero at first",
    beside="it needs no reference: it says that the parameter moves although its gradient is zero",
)  # fmt: skip
def leaves_a_parameter_with_zero_gradients_at_zero(subject: Any, scenario: Scenario) -> Evidence:
    """A parameter at zero whose gradients have been zero since the start does not move, although others do. When its
    first nonzero gradient comes, it moves by finite numbers.

    Unused units and padding have gradients of zero. A sign that takes zero for positive moves them, and a scale that is
    taken from the first gradient divides by zero.
    """
    if any(not value for hyper in scenario.groups for name, value in hyper.items() if name.startswith("eps")):
        return Evidence(counted=False)  # it prevents 0 / 0
    params, at_rest, least = scenario.fresh(), torch.zeros(()), 0.0
    start = params[1].detach().clone()
    for step in subject.run(scenario, subject.optimizer(scenario, params), params):
        if step == ZEROS - 1:
            at_rest = params[0].detach().clone()
            least = inf if draws(subject) else float((params[1].detach() - start).abs().max()) / NOISY
    endless = ~params[0].detach().isfinite()
    _alone(subject, scenario)
    anyway = bool(endless.any()) and not _finite_without_rest(subject, scenario)
    for what, wrong, end in (
        (f"after {ZEROS} gradients of zero", ~((at_rest.abs() <= least) | (at_rest == 0)), at_rest),
        ("after gradients that are not zero", endless & (not anyway), params[0].detach()),
    ):
        if bool(wrong.any()):
            value = end[wrong].flatten()[0].item()
            expected = "0.0" if end is at_rest else "a finite number"
            raise Broken(
                f"params[0] {what}", value, expected, closing=AT_REST,
                measured=f"gradients of zero move a parameter at zero to {value}" if end is at_rest else
                f"a parameter whose first gradients are zero becomes {value} after the first other gradient",
            )  # fmt: skip
    return Evidence(entries=at_rest.numel(), counted=bool(params[0].ne(0).any()))


def _alone(subject: Any, scenario: Scenario) -> None:
    """Whether the first parameter stays finite when the others have no gradients either."""
    alone = replace(
        scenario, parameters=((scenario.parameters[0][0],),), gradients=tuple(row[:1] for row in scenario.gradients)
    )  # fmt: skip
    end = subject.finished(alone)[0][0].detach()
    if bool(end.isfinite().all()) or not _finite_without_rest(subject, alone):
        return
    value = end[~end.isfinite()].flatten()[0].item()
    with shown_on(alone):
        raise Broken(
            "params[0], of no others, after gradients of zero", value, "a finite number", closing=ALONE,
            measured=f"where all gradients are zero, it moves a parameter to {value}",
        )  # fmt: skip


def _finite_without_rest(subject: Any, scenario: Scenario) -> bool:
    """Whether the parameter stays finite in the reference, or if its gradients are never zero. With some
    hyperparameters no optimizer keeps it finite.
    """
    later = scenario.gradients[ZEROS][0]
    gradients = tuple((later, *row[1:]) if step < ZEROS else row for step, row in enumerate(scenario.gradients))
    cases = [(replace(scenario, gradients=gradients), subject.make)]
    if subject.reference is not None:
        cases.append((scenario, subject.reference))
    for case, make in cases:
        params = case.fresh()
        for _ in subject.run(case, subject.optimizer(case, params, make), params):
            pass
        if not bool(params[0].isfinite().all()):
            return False
    return True


def tiny(subject: Any) -> st.SearchStrategy[Scenario]:
    """A scenario from zero with gradients from 1e-12 down to 1e-30."""

    def small(scenario: Scenario) -> Scenario:
        factor = 2.0 ** -SMALL[digest(scenario) % len(SMALL)]
        return from_zero(scenario.with_gradients(lambda g: g * factor))

    return subject.telling(dtypes=[torch.float64], decay=False).map(small)


def needs_double_precision(subject: Any) -> str | None:
    why = needs_a_reference(subject)
    return why or (None if torch.float64 in comparable(subject) else "it is not tested in float64")


@judging.law(tiny, skip=needs_double_precision, share=FEW, doing="with tiny gradients")
def equals_its_reference_on_tiny_gradients(subject: Any, scenario: Scenario) -> Evidence:
    """From zero, with gradients from 1e-12 down to 1e-30, every parameter equals the reference's, within what rounding
    explains.

    Gradients are tiny near the end of training and in unused units. There, the place of eps, or a constant that is
    added to a norm, decides whether a step has full size or none.
    """
    got, mine = list[list[Tensor]](), scenario.fresh()
    for _ in subject.run(scenario, subject.optimizer(scenario, mine), mine):
        got.append([p.detach().double().clone() for p in mine])
    return explained(envelopes(scenario, subject.reference), lambda found: within(scenario, got, found, WITHIN))
