"""Wrong update rules whose formula is correct: mistakes in the arguments they accept and refuse, and in side
effects."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from mlp_core.rules.sgd import SGD
from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.rules.sgd import Planted

CATALOGUE = Catalogue()

FEW = 60

caught_by = partial(CATALOGUE.caught_by, right=SGD, examples=FEW)


@caught_by("takes every shape and stride", origin="site: for row in gradient")
class GoesRowByRow(Planted):
    """it loops over the rows of a parameter, and a scalar has none"""

    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        rows = [g[i] for i in range(len(g))]  # a scalar parameter has no rows
        return super().decayed(p, torch.stack(rows) if rows else g)


class MovesACopyOfAView(Planted):
    def step(self, p: Tensor, g: Tensor, t: int, v: Tensor) -> None:  # type: ignore[override]  # one slot
        super().step(p.reshape(-1), g.reshape(-1), t, v.reshape(-1) if self.momentum else v)


@caught_by("takes every shape and stride", origin="site: as_strided, data_ptr and the like")
class WritesPastTheStrides(Planted):
    """it writes into the memory next to a strided parameter"""

    def step(self, p: Tensor, g: Tensor, t: int, v: Tensor) -> None:  # type: ignore[override]  # one slot
        super().step(p, g, t, v)
        p.as_strided((p.numel(),), (1,)).mul_(1)
        if p.numel() > 1 and not p.is_contiguous():
            p.as_strided((1,), (1,), p.storage_offset() + 1).fill_(0)


@caught_by("refuses values outside their domain", origin="torch.optim before 0.4, and most hand-ins")
class ChecksNothing(Planted):
    """no hyperparameter is checked"""

    def __post_init__(self) -> None:
        pass


@caught_by("refuses values outside their domain", origin="site: the message")
class RefusesWithoutAName(Planted):
    """the error for a wrong hyperparameter does not name it"""

    def __post_init__(self) -> None:
        try:
            super().__post_init__()
        except ValueError:
            raise ValueError("wrong") from None


@caught_by("refuses values outside their domain", origin="site: assert lr > 0")
class Asserts(Planted):
    """a wrong hyperparameter raises an AssertionError, which python -O removes"""

    def __post_init__(self) -> None:
        try:
            super().__post_init__()
        except ValueError as error:
            raise AssertionError(error) from None


@caught_by(
    "repeats and touches nothing else",
    origin="Neelakantan et al. (2015), gradient noise, without a separate generator",
)
class Trembles(Planted):
    """noise from the global generator is added to the gradient"""

    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        return super().decayed(p, g + 1e-3 * torch.rand_like(g))


CALLS: list[int] = []


@caught_by("repeats and touches nothing else", origin="site: a counter of the module")
class AgesWithEveryCall(Planted):
    """the step grows with every call in the process"""

    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        CALLS.append(1)
        return super().decayed(p, g) * (1 + len(CALLS))


@caught_by(
    "repeats and touches nothing else", origin="torch.set_default_dtype, or set_default_tensor_type, in a script"
)
class SetsTheDefaultDtype(Planted):
    """it sets the default dtype"""

    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        torch.set_default_dtype(torch.float64)
        return super().decayed(p, g)


@caught_by("goes on after save and load", "equals its twin", origin="site: a missing implementation")
class Raises(Planted):
    """it raises an exception"""

    def decayed(self, p: Tensor, g: Tensor) -> Tensor:
        raise RuntimeError("not written yet")
