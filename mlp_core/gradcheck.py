"""Gradient checking: the gradient of a network against central differences of its loss, tensor by tensor.

quotients.py defines the quotient, which does not depend on the checked gradient, and the relative error.
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
from mlp_core.best_steps import by_best_steps
from mlp_core.differences import by_parameters, crosses_kink
from mlp_core.losses import Loss
from mlp_core.model import MLP, Trace
from mlp_core.quotients import BANDS, STEP, band, central_difference, relative_error

__all__ = [
    "BANDS", "STEP", "Gradient", "RelativeErrors", "band", "central_difference", "check_model", "crosses_kink",
    "relative_error",
]  # fmt: skip

Gradient = Callable[[MLP, Trace, Tensor], object]
"""f(model, trace, dL_dy), which fills the gradients of the model like `backprop`"""


class RelativeErrors(dict[str, float]):
    """The relative error of each parameter by name (W1, b1, ...).

    NaN means not tested: every entry crosses a kink, or the loss is rounded so coarsely that no quotient can separate
    correct from incorrect. 0 for a tensor in `by_bound`: rounding and truncation explain all of its error.
    """

    def __init__(self, errors: dict[str, float], skipped: int, by_bound: frozenset[str] = frozenset()) -> None:
        super().__init__(errors)
        self.skipped = skipped
        """number of skipped entries, whose step moves a pre-activation across a kink"""
        self.by_bound = by_bound
        """tensors whose quotient is too coarse for the bands, but agrees within its rounding and truncation"""

    @property
    def worst(self) -> float:
        """The largest relative error of any tensor; NaN if some were not tested and the others are fine."""
        tested = max((q for q in self.values() if not math.isnan(q)), default=math.nan)
        untested = any(map(math.isnan, self.values()))
        return math.nan if untested and band(tested) == BANDS[0][1] else tested


def check_model(
    model: MLP, x: Tensor, y: Tensor, loss: str | Loss = "squared_error", *, gradient: Gradient = backprop,
    step: float = STEP,
) -> RelativeErrors:  # fmt: skip
    """Check a hand-written gradient in every entry of every parameter, and return the relative error of each tensor by
    name.

    gradient: `backprop`, or yours: gradient(model, trace, dL_dy) fills model.flat_grad, or the grad of each parameter;
    an entry that it leaves out counts as wrong. step: how far an entry moves; if a tensor is not fine with it, each
    entry moves by a step that suits its input and the loss (best_steps.py), and the derived bound decides where the
    quotient cannot. Runs in float64 on a copy of the model. Raises ArgumentError for x or y that do not fit or contain
    NaN, and for a gradient that cannot be called.

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
    model = copy.deepcopy(model).requires_grad_()  # frozen ones have gradients too
    if model.flat.dtype != torch.float64:
        model.double()
    x, y = x.double(), y if loss.classes else y.double()
    if not 0 < step < math.inf:
        raise ArgumentError("step", step, "a positive finite number")
    approx = by_parameters(model, x, y, loss, step)
    smooth = ~crosses_kink(model, x, step)
    trace = model.trace(x.clone())  # last, so that a gradient that changes its arguments affects nothing above
    _, dL_dy = loss.value_and_grad(trace.output, y)
    model.flat_grad.fill_(math.nan)
    gradient(model, trace, dL_dy)
    exact = model.flat_grad
    errors, skipped, doubtful = dict[str, float](), 0, list[int]()
    names = [name for name, _ in model.named_parameters()]
    views = (model.layout.views(t) for t in (approx, exact, smooth))
    for index, (name, a, d, keep) in enumerate(zip(names, *views, strict=True)):
        errors[name] = relative_error(a[keep], d[keep])
        skipped += int((~keep).sum())
        fine = band(errors[name]) == BANDS[0][1] and (bool(keep.any()) or not d.numel())
        if not fine and d[keep].isfinite().all():  # the step may be lost in a large weight: then a is not finite
            doubtful.append(index)
    by_bound = set[str]()
    if doubtful:
        best, bound = by_best_steps(model, x, y, loss, step)
        views = (model.layout.views(t) for t in (best, exact, bound))
        for index, (a, d, off) in enumerate(zip(*views, strict=True)):
            if index in doubtful:
                errors[names[index]] = _beyond(a, d, off)
                by_bound |= {names[index]} if errors[names[index]] == 0 else set()
    return RelativeErrors(errors, skipped, frozenset(by_bound))


def _beyond(approx: Tensor, exact: Tensor, bound: Tensor) -> float:
    """The relative error of a tensor, each quotient off by up to its bound: 0 if the bounds explain all of it, NaN if
    they would explain as much of a wrong gradient."""
    keep = bound.isfinite()
    a, d, off = approx[keep], exact[keep], bound[keep]
    if not a.numel():
        return math.nan
    q = relative_error(a, d)
    if band(q) == BANDS[0][1] or ((a - d).abs() > off).any():
        return q
    telling = BANDS[1][0] * (a.norm() + d.norm())  # nothing that is called fine may be "probably wrong"
    return 0.0 if off.norm() <= telling else math.nan
