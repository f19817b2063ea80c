"""The law of an optimizer about its forms: every implementation that its constructor can choose computes the same."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.engine.evidence import Broken, Evidence, Rejected
from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.examples.scenario import Make, Scenario
from mlp_core.testing.laws.optimizers.book import FEW, OptimizerBook
from mlp_core.testing.laws.optimizers.shared import agree, shown_on

FORM = """\
plainly = fresh
def of(value):
    return lambda params, **own: mine(params, **{{**own, "SWITCH": value}})
*_, (params, optimizer) = run(of(True), params=[TAKEN for p in plainly()])
got = look(params, optimizer, "{name}")[{index}].item()
PREPARED
*_, (params, optimizer) = run(of(False))
expected = look(params, optimizer, "{name}")[{index}].item()
assert abs(got - expected) <= {bound} or got == expected or got != got and expected != expected, (got, expected)"""
"""SWITCH, TAKEN and PREPARED are filled in by the law"""

ROUNDS_MORE = ("capturable", "differentiable")
"""forms that count steps in a tensor, which torch keeps in float32, and so have bias corrections in float32"""

NEGATED = "gradients = [[-g for g in row] for row in gradients]"

book = OptimizerBook(waivable=True)


def needs_forms(subject: Any) -> str | None:
    return None if _forms(subject) else "its constructor has no switch (foreach, fused, ...) that works here"


def _forms(subject: Any) -> list[str]:
    """The switches of its constructor with which it can step."""
    if "forms" not in subject.memo:
        (scenario,) = sample(subject.telling(steps=(2, 2)), 1)
        subject.memo["forms"] = [switch for switch in subject.switches if _works(subject, scenario, switch)]
    return list(subject.memo["forms"])


def _works(subject: Any, scenario: Scenario, switch: str) -> bool:
    with globals_kept():
        try:
            for value in (True, False):
                _end(subject, scenario, switch, value=value)
        except (Broken, Rejected, RuntimeError):
            return False
    return True


def switched(make: Make, switch: str, *, value: bool) -> Make:
    """`make` with a switch on or off."""

    def made(params: Any, **hyper: Any) -> torch.optim.Optimizer:
        return make(params, **{**hyper, switch: value})

    return made


def _end(subject: Any, scenario: Scenario, switch: str, *, value: bool) -> list[Tensor]:
    params = scenario.fresh()
    if value and switch == "differentiable":
        params = [p.clone() for p in params]  # torch steps in place, which leaves that require gradients do not allow
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns about gradients of tensors that are not leaves
        optimizer = subject.optimizer(scenario, params, switched(subject.make, switch, value=value))
        for _ in subject.run(scenario, optimizer, params):
            pass
    return [p.detach() for p in params]


@book.law(
    lambda s: s.telling(shapes=s.steady or s.shapes, per_group=(2, 3), groups=(1, s.max_groups)), skip=needs_forms,
    share=FEW, doing="in another form",
)  # fmt: skip
def steps_the_same_with_foreach_or_fused(subject: Any, scenario: Scenario) -> Evidence:
    """With foreach, fused, capturable or differentiable on, all parameters move as with it off. With maximize on, they
    move as with negated gradients. Switches that the constructor does not have, or that do not work here, are left out.

    Users choose a form for its speed. Each form is separate code, and an option that one of them ignores is easily
    missed.
    """
    evidence, given = Evidence(), scenario
    for switch in _forms(subject):
        single = switch in ROUNDS_MORE and torch.float32 in subject.dtypes
        plain = scenario = replace(given, dtype=torch.float32) if single else given
        if switch == "maximize":
            plain = scenario.with_gradients(torch.neg)
        closing = FORM.replace("SWITCH", switch).replace("PREPARED", NEGATED if switch == "maximize" else "")
        closing = closing.replace("TAKEN", "p.clone()" if switch == "differentiable" else "p")
        off = replace(subject, make=switched(subject.make, switch, value=False))
        got = _end(subject, scenario, switch, value=True)
        expected = _end(subject, plain, switch, value=False)
        try:
            with shown_on(scenario):
                found = agree(off, plain, scenario.names(), got, expected, what=f"{switch}=True: ", closing=closing)
        except Broken as broken:
            broken.measured = f"{switch}=True does not compute the same as {switch}=False" + (
                " with negated gradients" if switch == "maximize" else ""
            ) + f": {broken.where.removeprefix(f'{switch}=True: ')} is {broken.got}, not {broken.expected}"  # fmt: skip
            raise
        evidence.join(found)
    return evidence
