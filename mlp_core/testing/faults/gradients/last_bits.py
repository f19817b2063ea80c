"""Mistakes that only the laws of exact arithmetic detect: too small for a bound, or in a place that no other law
tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import torch
from annotated_types import Ge, Lt
from torch import Tensor

from mlp_core import MLP, Trace, backprop, fit
from mlp_core.rules import Typical
from mlp_core.testing import subjects
from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.gradients.reverse import reverse
from mlp_core.training import History

CATALOGUE = Catalogue()

caught_by = CATALOGUE.caught_by


def err(tensor: Tensor) -> None:
    """Change one entry by at most four units in the last place."""
    tensor.view(-1)[-1:] *= 1 + 4 * torch.finfo(tensor.dtype).eps


@caught_by("equals exact rational arithmetic", right=backprop, origin="site: one entry, four units in its last place")
def errs_in_the_last_bits_of_one_entry(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """one weight gradient has wrong last bits"""
    reverse(model, trace, dL_dy)
    err(model.grad_views[0])


@caught_by("equals exact rational arithmetic", right=backprop, origin="site: one entry, only in float32")
def errs_in_the_last_bits_of_float32_alone(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    """one bias gradient has wrong last bits in float32"""
    reverse(model, trace, dL_dy)
    if dL_dy.dtype == torch.float32:
        err(model.grad_views[-1])


HYPERPARAMETERS: dict[str, Any] = {
    "lr": Annotated[float, Ge(0), Typical(1e-3, 1)], "momentum": Annotated[float, Ge(0), Lt(1), Typical(0.1, 0.99)],
}  # fmt: skip


@caught_by(
    "steps as exact rational arithmetic does", right=torch.optim.SGD,
    subject=lambda made: subjects.optimizer(made, torch.optim.SGD, HYPERPARAMETERS),
    origin="site: one entry of the parameter, four units in its last place",
)  # fmt: skip
class ErrsInTheLastBitsOfOneEntry(torch.optim.SGD):
    """one entry of every parameter has wrong last bits"""

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        before = [p.clone() for group in self.param_groups for p in group["params"]]
        super().step(closure)
        for p, old in zip([p for group in self.param_groups for p in group["params"]], before, strict=True):
            if not torch.equal(p, old) and p.is_contiguous():
                err(p)


@caught_by(
    "trains as exact rational arithmetic does", right=fit, origin="site: the widths for which torch is used"
)
def forgets_momentum_where_a_layer_has_one_unit(
    model: MLP, x: Tensor, y: Tensor, *, rule: Any, epochs: int, batch_size: int, **more: Any
) -> History:
    """momentum is ignored if a layer has one unit"""
    if 1 in model.sizes and "momentum" in vars(rule):
        rule = replace(rule, momentum=0.0, nesterov=False)
    return fit(model, x, y, rule=rule, epochs=epochs, batch_size=batch_size, **more)
