"""Gradient checking: the gradient of a network against central differences of its loss, tensor by tensor.

The quotient knows nothing of the gradient it checks: see quotients.py for it, and for the relative error.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import torch
from torch import Tensor

from mlp_core import losses
from mlp_core.backprop import backprop
from mlp_core.base.errors import ArgumentError, Described
from mlp_core.differences import by_parameters, crosses_kink
from mlp_core.losses import Loss
from mlp_core.model import MLP, Trace
from mlp_core.quotients import BANDS, STEP, band, central_difference, relative_error

__all__ = [
    "BANDS", "STEP", "Gradient", "RelativeErrors", "band", "central_difference", "check_model", "crosses_kink",
    "relative_error",
]  # fmt: skip

Gradient = Callable[[MLP, Trace, Tensor], object]
"""f(model, trace, dL_dy), which fills the model's gradients as `backprop` does"""


class RelativeErrors(dict[str, float]):
    """The relative error of each parameter by name (W1, b1, ...). skipped: how many entries were left out, because
    a pre-activation crosses a kink within the step; worst: the largest relative error."""

    def __init__(self, errors: dict[str, float], skipped: int) -> None:
        super().__init__(errors)
        self.skipped = skipped

    @property
    def worst(self) -> float:
        """The largest relative error of a tensor."""
        return max(self.values())


def check_model(
    model: MLP, x: Tensor, y: Tensor, loss: str | Loss = "squared_error", *, gradient: Gradient = backprop,
    step: float = STEP,
) -> RelativeErrors:  # fmt: skip
    """Check a gradient by hand on every entry of every parameter: the relative error per tensor, by its name.

    gradient: `backprop`, or yours: gradient(model, trace, dL_dy) fills model.flat_grad, or the grad of each parameter;
    an entry that it leaves out counts as NaN. Runs in float64 on a copy of the model. Raises ArgumentError for x or y
    that do not fit or hold NaN, and for a gradient that cannot be called.

    >>> x, y = torch.tensor([[1.0, -2.0]]), torch.tensor([[0.5]])
    >>> errors = check_model(MLP([2, 3, 1], activation="tanh"), x, y)
    >>> band(errors.worst), errors.skipped
    ('fine', 0)
    """
    loss = losses.get(loss)
    if not isinstance(model, MLP):
        raise ArgumentError("model", model, "an MLP")
    model.check(x)
    if not torch.isfinite(x).all():
        raise ArgumentError("x", Described("NaN or infinity"), "finite numbers")
    if not callable(gradient):
        raise ArgumentError("gradient", gradient, "a function of (model, trace, dL_dy)")
    model = copy.deepcopy(model)
    if model.flat.dtype != torch.float64:
        model.double()
    x, y = x.double(), y if loss.classes else y.double()
    if not 0 < step < math.inf:
        raise ArgumentError("step", step, "a positive finite number")
    approx = by_parameters(model, x, y, loss, step)
    smooth = ~crosses_kink(model, x, step)
    trace = model.trace(x.clone())  # the last: what a gradient does to its arguments changes nothing above
    _, dL_dy = loss.value_and_grad(trace.output, y)
    model.flat_grad.fill_(math.nan)
    gradient(model, trace, dL_dy)
    exact = model.flat_grad
    errors, skipped = {}, 0
    names = [name for name, _ in model.named_parameters()]
    views = (model.layout.views(t) for t in (approx, exact, smooth))
    for name, a, d, keep in zip(names, *views, strict=True):
        errors[name] = relative_error(a[keep], d[keep])
        skipped += int((~keep).sum())
    return RelativeErrors(errors, skipped)
