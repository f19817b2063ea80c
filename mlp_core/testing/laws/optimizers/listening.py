"""The laws that a step uses its own gradient, and that parameters which are zero move too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.equality import same_bits
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.examples.scenario import Make, Scenario
from mlp_core.testing.laws.optimizers.book import FEW, OptimizerBook
from mlp_core.testing.laws.optimizers.driving import copies, from_zero, steps_of

LOUD = -8.0
"""the factor that makes another gradient: it turns the sign of the gradient, and of most averages of gradients"""

HEARD = """\
begun, heard, moved = gradients, False, False
for stop in range(1, len(begun) + 1):
    gradients = begun[:stop]
    *_, (plain, _) = run(mine)
    gradients = [*begun[: stop - 1], [-8.0 * g for g in begun[stop - 1]]]
    *_, (other, _) = run(mine)
    heard |= any(not torch.equal(p, q) for p, q in zip(plain, other))
assert heard, "the gradient of a step changes nothing in that step\""""

SET_OUT = """\
everybody = fresh
def fresh():
    first, *others = everybody()
    return [torch.zeros_like(first).requires_grad_(), *others]
assert any(params[0].ne(0).any() for params, _ in run(mine)), "a parameter of zero stays zero\""""

book = OptimizerBook(waivable=True)


def _sets_out(subject: Any, scenario: Scenario, make: Make) -> bool:
    """Whether the first parameter leaves its initial value in any step."""
    params = scenario.fresh()
    start = params[0].detach().clone()
    run = subject.run(scenario, subject.optimizer(scenario, params, make), params)
    return any(not same_bits(params[0].detach(), start) for _ in run)


def _ends(subject: Any, scenario: Scenario, make: Make) -> list[Tensor]:
    params = scenario.fresh()
    for _ in subject.run(scenario, subject.optimizer(scenario, params, make), params):
        pass
    return copies(params)


def _hears(subject: Any, scenario: Scenario, make: Make) -> bool:
    """Whether another gradient in the last step changes the final parameters, for any number of steps."""
    for stop in range(1, len(scenario.gradients) + 1):
        plain = steps_of(scenario, 0, stop)
        *before, last = plain.gradients
        other = replace(plain, gradients=(*before, tuple(None if g is None else LOUD * g for g in last)))
        if not all(map(same_bits, _ends(subject, plain, make), _ends(subject, other, make))):
            return True
    return False


@book.law(
    lambda s: s.telling(steps=(5, 5), decay=False), share=FEW, closing=HEARD, doing="with another gradient in one step"
)
def uses_the_gradient_of_the_same_step(subject: Any, scenario: Scenario) -> Evidence:
    """In at least one of the first five steps, another gradient changes the parameters in the same step.

    An optimizer that applies the update of the previous step lags behind by one step. It still converges, but later,
    and it diverges at learning rates that should be safe.
    """
    found = Evidence(entries=sum(p.numel() for p in scenario.fresh()))
    if any(_hears(subject, s, subject.make) for s in (scenario, from_zero(scenario))):
        return found
    start = [p.detach() for p in scenario.fresh()]
    if all(map(same_bits, _ends(subject, scenario, subject.make), start)):
        return Evidence(counted=False)  # nothing moves, as with an lr of 0
    if subject.reference is not None and not _hears(subject, scenario, subject.reference):
        return found
    raise Broken(
        "all parameters after each of the first five steps", f"the same if its gradients are multiplied by {LOUD:g}",
        "other parameters", closing=HEARD,
        measured="the gradient of a step changes nothing in that step: it applies the update of an earlier step",
    )  # fmt: skip


def beginning_at_zero(subject: Any) -> st.SearchStrategy[Scenario]:
    """The first parameter begins at zero."""
    return subject.telling(per_group=(2, 2), steps=(4, 5), decay=False)


def _with_a_zero(scenario: Scenario) -> Scenario:
    (first, *others), *groups = scenario.parameters
    return replace(scenario, parameters=((torch.zeros_like(first), *others), *groups))


@book.law(beginning_at_zero, share=FEW, closing=SET_OUT, doing="with a parameter that begins at zero")
def moves_parameters_that_are_zero(subject: Any, scenario: Scenario) -> Evidence:
    """If gradients move a parameter that begins at other values, they also move it if all its entries begin at zero.

    Biases usually begin at zero, and so do the last layers of many blocks. If a step is scaled by the norm of its
    parameter, they stay zero for ever, and no error says so. Waive this law if your optimizer multiplies its parameters
    by design.
    """
    bare, count = _with_a_zero(scenario), scenario.parameters[0][0].numel()
    if not count or _sets_out(subject, bare, subject.make):
        return Evidence(entries=count, counted=bool(count))
    if not _sets_out(subject, scenario, subject.make):
        return Evidence(counted=False)
    if subject.reference is not None and not _sets_out(subject, bare, subject.reference):
        return Evidence(entries=count)
    raise Broken(
        f"params[0] after {len(scenario.gradients)} steps from zero", "zero", "moved, as from other values",
        closing=SET_OUT,
        measured="a parameter that begins at zero never moves, whatever its gradients are",
    )  # fmt: skip
