"""The questions that a gradient check is asked, and what it must report of every tensor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core import activations, gradcheck, losses
from mlp_core.testing import networks
from mlp_core.testing.bounds import quotients
from mlp_core.testing.gradcheck_subjects import Question
from mlp_core.testing.gradient_edges import on_kinks
from mlp_core.testing.problem import Problem
from mlp_core.testing.strategies import Numbers, all_activations, all_losses, blobs, problems, textures

SIZES = (0.5, -1.0, 0.01, 3.0, -1e-3)
"""of planted errors, in norms of their tensor"""


def small(**options: Any) -> st.SearchStrategy[Problem]:
    """Networks small enough to move every entry of every parameter."""
    chosen = {"dtypes": (torch.float64,), "objectives": all_losses(), **options}
    return problems(batch=(1, 5), depth=(1, 3), width=(1, 4), **chosen)


def right(**options: Any) -> st.SearchStrategy[Question]:
    """Right gradients."""
    return small(**options).map(Question)


def wrong(**options: Any) -> st.SearchStrategy[Question]:
    """Gradients with one wrong entry."""
    where = st.integers(0, 255)
    chosen = {"problem": small(), "tensor": where, "entry": where, "size": st.sampled_from(SIZES), **options}
    return st.builds(Question, **chosen)


@st.composite
def wide(draw: st.DrawFn) -> Problem:
    """Two layers, the first of 24 to 48 large inputs."""
    sizes = (draw(st.integers(24, 48), label="inputs"), draw(st.integers(2, 4), label="width"), 1)
    rows, blob, texture = draw(st.integers(1, 3), label="batch size"), draw(blobs), draw(textures)
    shapes = [(sizes[1], sizes[0]), (sizes[1],), (1, sizes[1]), (1,)]
    numbers = Numbers(blob, sum(a[0] * (a[1] if len(a) == 2 else 1) for a in shapes) + rows * (sizes[0] + 1), texture)
    parameters = tuple(numbers.take(shape, 2.0**-6) for shape in shapes)
    x, y = numbers.take((rows, sizes[0]), 4.0), numbers.take((rows, 1))
    identity = activations.get("identity")
    return Problem(sizes, (identity, identity), parameters, x, y, losses.get("squared_error"))


def bent() -> st.SearchStrategy[Question]:
    """Right gradients at points where some pre-activations stand on a kink."""
    return small(functions=[f for f in all_activations() if f.kinks]).map(lambda drawn: Question(on_kinks(drawn)))


@dataclass(frozen=True)
class Known:
    """What a check must report of a tensor: the relative error it has, and how far a right report may be off."""

    name: str
    error: float
    limit: float
    entries: int
    planted: bool
    """whether the planted error is among the entries that are looked at"""


def known(asked: Question) -> list[Known]:
    """The same of every tensor, without its entries at a kink; one with entries so near a kink that it depends on the
    step whether they cross it has no limit."""
    case, right, step = asked.case(), asked.right(), gradcheck.STEP * quotients.LARGER
    model, x = case.model, case.trace.a[0]
    assert asked.problem.loss is not None
    assert case.y is not None
    loss, y = asked.problem.loss, case.y
    widest, half = (
        gradcheck.central_difference(
            lambda flats: networks.losses_at(model, flats, x, y, loss), model.flat, step=h, batched=True
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
        error, scale = gradcheck.relative_error(d[keep], told[keep]), (d[keep].norm() + told[keep].norm()).item()
        limit = quotients.relative_error(n[keep].norm().item(), scale) if torch.equal(always, perhaps) else float("inf")
        planted = mine and bool(keep.view(-1)[asked.place[1]])
        found.append(Known(name, error, limit, int(keep.sum()), planted))
    return found


def crossings(asked: Question) -> list[Tensor]:
    """The entries of model.flat whose step crosses a kink, be it as small as may be, or as large."""
    case = asked.case()
    steps = (gradcheck.STEP / quotients.SMALLER, gradcheck.STEP * quotients.LARGER)
    return [gradcheck.crosses_kink(case.model, case.trace.a[0], step) for step in steps]
