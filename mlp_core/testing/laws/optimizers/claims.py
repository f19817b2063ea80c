"""The possible claims of an optimizer: it is coordinatewise, odd, does not move under zero gradients, and descends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.examples.scenario import Scenario
from mlp_core.testing.laws.optimizers.book import OptimizerBook
from mlp_core.testing.laws.optimizers.shared import (
    ADJACENT,
    LITERAL,
    SAME,
    SEVERAL,
    agree,
    claimed,
    shown_on,
)

TURNED = """\
*_, (pieces, _) = run(mine)
turned = lambda tensors: torch.cat([t.detach().flatten() for t in tensors]).flip(0)
start = turned(fresh())
fresh = lambda: [start.clone().requires_grad_()]
groups = lambda params: [{{"params": params, **hyper[0]}}]
gradients = [[turned(row)] for row in gradients]
*_, (together, _) = run(mine)
expected = turned(pieces)
assert torch.equal(together[0].nan_to_num(), expected.nan_to_num()), (together[0], expected)"""

MIRRORED = (
    """\
*_, (params, optimizer) = run(mine)
got = look(params, optimizer, "{name}")[{index}].item()
plus, gradients = fresh, [[-g for g in row] for row in gradients]
*_, (params, optimizer) = run(mine, params=[(-p.detach()).requires_grad_() for p in plus()])
expected = -look(params, optimizer, "{name}")[{index}].item()
"""
    + SAME
)

DESCENDS = """\
sign, lr = (-1 if hyper[0].get("maximize") else 1), hyper[0]["lr"]
ends = []
for k in range(0, 40, 3):
    params = [p.detach().to(DTYPE).requires_grad_() for p in fresh()]
    optimizer = mine([{"params": params, **hyper[0], "lr": lr / 2**k}], **hyper[0])
    value = lambda: sum(float(((p.detach() - 1) ** 2).sum()) for p in params)
    first = value()
    for _ in gradients:
        for p in params:
            p.grad = sign * 2 * (p.detach() - 1)
        optimizer.step()
    ends.append(value() - first)
assert min(ends) < 0, ends"""

book = OptimizerBook()


@book.law(
    lambda subject: subject.scenarios(kinds=("zero",), decay=False, steps=SEVERAL),
    skip=claimed("fixed_point", "a zero gradient with a fresh state moves nothing"),
    beside="the only law that checks this for an optimizer without a reference",
)
def stays_put_under_zero_gradients(subject: Any, scenario: Scenario) -> Evidence:
    """With a fresh state, zero gradients and no decay, no parameter moves.

    A zero gradient has nothing to teach. A movement without a gradient is a drift, which adds up over every step of
    training.
    """
    start = [p.detach().clone() for p in scenario.fresh()]
    params, _ = subject.finished(scenario)
    after, what = [p.detach() for p in params], "after zero gradients: "
    return agree(subject, scenario, scenario.names(), after, start, what=what, closing=LITERAL)


@book.law(
    lambda subject: subject.scenarios(steps=SEVERAL),
    skip=claimed("odd", "negating parameters and gradients negates the step"),
    beside="the only law that checks this for an optimizer without a reference",
)
def gives_the_negated_result_for_negated_arguments(subject: Any, scenario: Scenario) -> Evidence:
    """If all parameters and gradients are negated, the result is negated.

    Changing the sign of every weight and gradient gives the mirror image of the problem. A rule that does not follow
    has a bias to one side, which no single step shows.
    """
    params, _ = subject.finished(scenario)
    mirrored = scenario.mapped(lambda t: -t)
    negated, _ = subject.finished(mirrored)
    expected = [-p.detach() for p in params]
    with shown_on(mirrored):
        return agree(subject, scenario, scenario.names(), negated, expected, what="negated: ", closing=MIRRORED)


@book.law(
    lambda subject: subject.scenarios(decay=False, groups=(1, 1), steps=(2, 4), schedule=False),
    skip=lambda subject: (
        claimed("descends", "small enough steps decrease a convex function")(subject)
        or (None if subject.has_lr else "it has no lr that could be reduced")
    ),
    beside="the only law that checks the direction of an optimizer without a reference",
)
def descends_with_a_small_enough_step(subject: Any, scenario: Scenario) -> Evidence:
    """On a convex quadratic function some lr / 2^k decreases the function within a few steps (or increases it with
    maximize).

    The least that an optimizer must get right is the direction. The steps are made so small that only a wrong direction
    can fail.
    """
    hyper = scenario.groups[0]
    if not hyper.get("lr") or not sum(p.numel() for p in scenario.parameters[0]):
        return Evidence(counted=False)
    sign = -1.0 if hyper.get("maximize") else 1.0
    finest = min(subject.dtypes, key=lambda dtype: torch.finfo(dtype).eps)
    seen = []
    for k in range(0, 40, 3):
        params = replace(scenario, dtype=finest).fresh()
        if not any(p.ne(1).any() for p in params):
            return Evidence(counted=False)  # at the minimum already
        trial = scenario.with_hyper(lr=hyper["lr"] / 2**k)
        optimizer = subject.optimizer(trial, params)
        values = []
        for _ in range(len(scenario.gradients) + 1):
            values.append(sum(float(((p.detach() - 1) ** 2).sum()) for p in params))  # sum (p - 1)^2
            for p in params:
                p.grad = sign * 2 * (p.detach() - 1)
            subject.step(trial, optimizer, params)
        if values[-1] < values[0]:
            return Evidence(entries=1)
        seen.append(values[-1] - values[0])
    raise Broken(
        "sum (p - 1)^2 after a few steps, with every lr / 2^k",
        f"increased by {min(seen):.3g} or more",
        "smaller",
        closing=DESCENDS.replace("DTYPE", str(finest)),
    )


def single_group(subject: Any) -> st.SearchStrategy[Scenario]:
    return subject.scenarios(groups=(1, 1), steps=SEVERAL)


@book.law(
    single_group,
    skip=claimed("coordinatewise", "it treats every coordinate separately"),
    beside="the only law that checks this for an optimizer without a reference",
)
def moves_every_coordinate_independently(subject: Any, scenario: Scenario) -> Evidence:
    """If a long parameter is permuted or cut into pieces, every coordinate moves as before. The same holds if the
    pieces are adjacent in one buffer, which an optimizer may step at once.

    This property allows a whole network to be stepped as one flat vector. An optimizer that uses a norm, or adjacent
    tensors, depends on the layout in memory.
    """
    n = sum(p.numel() for p in scenario.parameters[0])
    if not n:
        return Evidence(counted=False)
    order = torch.arange(n - 1, -1, -1)

    def joined(tensors: Sequence[Tensor | None]) -> Tensor:
        return torch.cat([t.flatten() for t in tensors if t is not None])[order]

    long = replace(
        scenario,
        parameters=((joined(scenario.parameters[0]),),),
        gradients=tuple((joined(row),) for row in scenario.gradients),
    )
    params, _ = subject.finished(scenario)
    together, _ = subject.finished(long)
    adjacent = subject.side_by_side(scenario)
    expected = torch.cat([p.detach().flatten() for p in params])
    got = [together[0].detach()[order], torch.cat([p.detach().flatten() for p in adjacent])]
    evidence = Evidence()
    for what, one, closing in (
        ("all coordinates in one parameter, in reverse order", got[0], TURNED),
        ("all parameters adjacent in one buffer", got[1], ADJACENT),
    ):
        found = agree(subject, scenario, [what], [one], [expected], closing=closing, arranged=_in_one)
        evidence.entries, evidence.counted = found.entries, found.counted
    return evidence


def _in_one(tensors: list[Tensor]) -> list[Tensor]:
    return [torch.cat([t.flatten() for t in tensors])]
