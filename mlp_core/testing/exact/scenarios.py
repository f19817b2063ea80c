"""Scenarios for an optimizer that claims to equal torch's SGD, on which float arithmetic does not round."""

from __future__ import annotations

from dataclasses import fields, replace
from math import prod
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.testing.bounds import references, rounding
from mlp_core.testing.engine.evidence import Broken, Rejected
from mlp_core.testing.exact import bits as budget
from mlp_core.testing.exact.bits import Grid
from mlp_core.testing.exact.fractions import Hyper
from mlp_core.testing.examples.hyperparameters import example_of, shortened
from mlp_core.testing.examples.scenario import Scenario

SHORT = 3
"""the largest number of fraction bits of a hyperparameter"""

FINEST = 20
"""the largest number of fraction bits of a parameter or gradient"""

LEAST = 2
"""the number of fraction bits that is worth one step less"""

REACH = 2
"""the largest magnitude of parameters and gradients"""

FEW = 17
"""the largest number of entries of a parameter, because fractions are slow"""

LONG = "{} stays {!r}, which takes too many bits: let it vary, and it is cut to a multiple of 1/8"


def not_exactly_sgd(subject: Any) -> str | None:
    """Why exact arithmetic does not apply to an optimizer."""
    if subject.reference is None:
        return str(subject.unreferenced)
    if subject.equals is not torch.optim.SGD:
        return "only for an optimizer that claims to equal torch.optim.SGD: exact arithmetic knows no other formula"
    if not _dtypes(subject):
        return "16 bits are too few for a step without rounding"
    scenario = Scenario((_short(subject, example_of(subject.hyper), SHORT),), ((torch.zeros(1),),), ((None,),), (1.0,))
    try:
        ((hyper,),) = asked(subject, scenario)
    except (Broken, Rejected):
        return None  # the law will report it
    long = [(f.name, getattr(hyper, f.name)) for f in fields(Hyper)]
    return next((LONG.format(name, value) for name, value in long if Grid.of(value).fraction > SHORT), None)


def asked(subject: Any, scenario: Scenario) -> list[list[Hyper]]:
    """The hyperparameters of the reference, under torch's names: for every step, for every group."""
    reference = subject.optimizer(scenario, scenario.fresh(), subject.reference)
    found = []
    for step in range(len(scenario.gradients)):
        scenario.set_lr(reference, step)
        groups: list[dict[str, Any]] = reference.param_groups
        found.append([Hyper(**{f.name: _number(group[f.name]) for f in fields(Hyper)}) for group in groups])
    return found


def scenarios(subject: Any) -> st.SearchStrategy[Scenario]:
    """The scenarios of all other laws, with numbers rounded to what the budget allows."""
    usual = subject.steady or subject.shapes
    few = [shape for shape in usual if 0 < prod(shape) <= FEW] or usual
    drawn = subject.scenarios(missing=True, steps=(2, 6), shapes=few, dtypes=_dtypes(subject))

    def read(scenario: Scenario, fraction: int) -> Scenario:
        try:
            return within_budget(subject, replace(scenario, scheduled=False), fraction)
        except (Broken, Rejected):
            return scenario  # the reference refuses it, and the law will report it

    return st.builds(read, drawn, st.integers(1, SHORT))


def within_budget(subject: Any, scenario: Scenario, fraction: int) -> Scenario:
    """The scenario with hyperparameters of `fraction` bits, or fewer if three steps do not fit otherwise. It keeps as
    many of its steps as fit, and its numbers are as fine as these allow.
    """
    wanted = len(scenario.gradients)
    for bits in range(fraction, 0, -1):
        factors = tuple(shortened({"lr": f}, bits)["lr"] for f in scenario.lr_factors)
        short = replace(scenario, groups=tuple(_short(subject, h, bits) for h in scenario.groups), lr_factors=factors)
        hyper = asked(subject, short)
        for steps in range(wanted, min(wanted, 3) - 1 if bits > 1 else 0, -1):
            found = budget.spent(lambda k, n=steps, h=hyper: _needs(h[:n], k[0]), 1, short.dtype, FINEST)  # type: ignore[misc]
            if found and found[0] >= LEAST:
                kept = replace(short, gradients=short.gradients[:steps], lr_factors=factors[:steps])
                return kept.mapped(lambda t, k=found[0]: _rounded(t, k))  # type: ignore[misc]
    return replace(short, gradients=(), lr_factors=())  # no step without rounding: the example does not count


def _needs(hyper: list[list[Hyper]], fraction: int) -> list[Grid]:
    """Every quantity of the steps. A parameter with missing gradients has fewer steps, and needs less."""
    found: list[Grid] = []
    for group in zip(*hyper, strict=True):
        p, v, g = Grid.within(REACH, fraction=fraction), None, Grid.within(REACH, fraction=fraction)
        for h in group:
            one = budget.descent(p, g, v, h)
            p, v = one["p"], one.get("v")
            found += one.values()
    return found


def _rounded(tensor: Tensor, fraction: int) -> Tensor:
    return (tensor.fmod(REACH) * 2**fraction).round() / 2**fraction


def _short(subject: Any, hyper: dict[str, Any], fraction: int) -> dict[str, Any]:
    return shortened(hyper, fraction, {*subject.movable, "lr"})  # lr changes between steps anyway


def _dtypes(subject: Any) -> list[torch.dtype]:
    return [dtype for dtype in subject.dtypes if references.compares(rounding.unit_roundoff(dtype))]


def _number(value: Any) -> Any:
    return value.item() if isinstance(value, Tensor) else value
