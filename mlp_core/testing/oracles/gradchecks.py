"""The result that a gradient check must report for every tensor."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mlp_core.differences import crosses_kink
from mlp_core.quotients import STEP, central_difference, relative_error
from mlp_core.testing.bounds import quotients
from mlp_core.testing.oracles import stacked
from mlp_core.testing.subjects.questions import Question


@dataclass(frozen=True)
class Known:
    """The result that a check must report for a tensor: its relative error, and the tolerance of a correct report."""

    name: str
    error: float
    limit: float
    entries: int
    planted: bool
    """whether the planted error is among the checked entries"""


def known(asked: Question) -> list[Known]:
    """The known result of every tensor, without its entries at a kink. A tensor has no limit if the step size decides
    whether one of its entries crosses a kink.
    """
    case, right, step = asked.case(), asked.right(), STEP * quotients.LARGER
    model, x = case.model, case.trace.a[0]
    assert asked.problem.loss is not None
    assert case.y is not None
    loss, y = asked.problem.loss, case.y
    widest, half = (
        central_difference(
            lambda flats: stacked.losses_at(model, flats, x, y, loss), model.flat, step=h, batched=True
        )
        for h in (step, step / 2)
    )
    noise = quotients.any_step(quotients.objective(asked.problem, case), model.flat, widest, half)
    everything = (right, *map(model.layout.views, (noise, *crossings(asked))))
    found = []
    for k, (name, d, n, always, perhaps) in enumerate(zip(case.names, *everything, strict=True)):
        told, mine = d.clone(), k == asked.place[0]
        if mine:
            for entry, error_of_it in asked.errors().items():
                told.view(-1)[entry] += error_of_it
        keep = ~always
        error, scale = relative_error(d[keep], told[keep]), (d[keep].norm() + told[keep].norm()).item()
        limit = quotients.relative_error(n[keep].norm().item(), scale) if torch.equal(always, perhaps) else float("inf")
        planted = mine and bool(keep.view(-1)[asked.place[1]])
        found.append(Known(name, error, limit, int(keep.sum()), planted))
    return found


def crossings(asked: Question) -> list[Tensor]:
    """The entries of model.flat whose step crosses a kink, for the smallest and for the largest allowed step."""
    case = asked.case()
    steps = (STEP / quotients.SMALLER, STEP * quotients.LARGER)
    return [crosses_kink(case.model, case.trace.a[0], step) for step in steps]
