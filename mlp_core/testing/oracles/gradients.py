"""What is held against the hand-written: autograd, central differences, a training loop of torch alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor

from mlp_core import gradcheck
from mlp_core.model import MLP
from mlp_core.testing import networks
from mlp_core.testing.problem import Case, Problem


class Steps(Protocol):
    """What a training loop needs of an optimizer."""

    param_groups: list[dict[str, Any]]

    def zero_grad(self) -> None: ...
    def step(self) -> object: ...


def autograd(case: Case) -> list[Tensor]:
    """The gradients of all parameters, W1, b1, W2, ..., by autograd from dL/dy at the output."""
    with torch.enable_grad():
        y_hat = case.model(case.trace.a[0])
        return list(torch.autograd.grad(y_hat, list(case.model.parameters()), case.dL_dy))


def central_differences(problem: Problem, case: Case, step: float) -> tuple[list[Tensor], list[Tensor]]:
    """Quotients with steps h and 2 h of every parameter; black box, float64."""
    y = case.dL_dy if case.y is None else case.y
    x = case.trace.a[0]

    def objectives(flats: Tensor) -> Tensor:
        _, outputs = networks.pre_activations(case.model, flats, x)
        return torch.vmap(problem.objective, in_dims=(0, None))(outputs, y)

    fine, coarse = (
        gradcheck.central_difference(objectives, case.model.flat, step=h, batched=True) for h in (step, 2 * step)
    )
    return case.model.layout.views(fine), case.model.layout.views(coarse)


def train(
    model: MLP, x: Tensor, y: Tensor, value: Callable[[Tensor, Tensor], Tensor],
    optimizer: Steps, epochs: int, batch_size: int, rate: Callable[[int], float] | None = None,
) -> Tensor:  # fmt: skip
    """The training loop everybody writes with torch: forward, backward, step; the loss of every step. rate: the
    learning rate of step 0, 1, ..."""
    step_losses: list[Tensor] = []
    for _ in range(epochs):
        for xb, yb in zip(x.split(batch_size), y.split(batch_size), strict=True):
            optimizer.zero_grad()
            loss = value(model(xb), yb)
            loss.backward()
            if rate is not None:
                optimizer.param_groups[0]["lr"] = rate(len(step_losses))
            optimizer.step()
            step_losses.append(loss.detach())
    return torch.stack(step_losses)
