"""The gradient by autograd and by central differences."""

from __future__ import annotations

import torch
from torch import Tensor

from mlp_core.quotients import central_difference
from mlp_core.testing.examples.problem import Case, Problem
from mlp_core.testing.oracles import stacked


def autograd(case: Case) -> list[Tensor]:
    """The gradients of all parameters, W1, b1, W2, ..., by autograd from dL/dy at the output."""
    with torch.enable_grad():
        y_hat = case.model(case.trace.a[0])
        return list(torch.autograd.grad(y_hat, list(case.model.parameters()), case.dL_dy))


def central_differences(problem: Problem, case: Case, step: float) -> tuple[list[Tensor], list[Tensor]]:
    """Quotients with steps h and 2 h for every parameter, from values of the loss only, in float64."""
    y = case.dL_dy if case.y is None else case.y
    x = case.trace.a[0]

    def objectives(flats: Tensor) -> Tensor:
        _, outputs = stacked.pre_activations(case.model, flats, x)
        return torch.vmap(problem.objective, in_dims=(0, None))(outputs, y)

    fine, coarse = (
        central_difference(objectives, case.model.flat, step=h, batched=True) for h in (step, 2 * step)
    )
    return case.model.layout.views(fine), case.model.layout.views(coarse)
