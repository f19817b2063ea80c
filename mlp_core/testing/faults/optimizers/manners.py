"""Wrong torch optimizers, as published code has them: Adam with the correct formula, each with one wrong side
effect."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import torch
from annotated_types import Ge, Lt
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.rules import RuleOptimizer, Typical
from mlp_core.rules.asgd import ASGD
from mlp_core.rules.nadam import NAdam
from mlp_core.testing import subjects
from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.optimizers.adam import Adam
from mlp_core.testing.faults.optimizers.against import Against

CATALOGUE = Catalogue()

FEW = 60

Beta = Annotated[float, Ge(0), Lt(1), Typical(0.3, 0.99)]

HYPERPARAMETERS: dict[str, Any] = {
    "lr": Annotated[float, Ge(0), Typical(1e-3, 1)],
    "betas": st.tuples(st.floats(0.3, 0.99), st.floats(0.3, 0.99)),
    "eps": Annotated[float, Ge(0), Typical(1e-8, 0.1)],
    "weight_decay": Annotated[float, Ge(0), Typical(1e-3, 1)],
}


adam = Against(torch.optim.Adam, HYPERPARAMETERS, ("coordinatewise", "odd", "validates"))
"""an optimizer that claims to be torch's Adam"""


def caught_by(*laws: str, origin: str, right: Any = Adam, subject: Any = adam, examples: int = FEW) -> Any:
    return CATALOGUE.caught_by(*laws, right=right, origin=origin, subject=subject, examples=examples)


@caught_by("equals its reference", origin="site: one entry; the smallest error that the bound detects")
class IsOffByOneInTenBillionInOneEntry(Adam):
    """the last entry of the update has a relative error of 1e-10"""

    def update(self, m: Tensor, v: Tensor, t: int, h: dict[str, Any]) -> Tensor:
        update = super().update(m, v, t, h)
        update.view(-1)[-1:] *= 1 + 1e-10
        return update


@caught_by("gives every group its own hyperparameters", origin="site: lr = self.param_groups[0]['lr']")
class RemembersTheFirstGroup(Adam):
    """the lr of the first group is used for all groups"""

    def begin(self, group: dict[str, Any]) -> None:
        self.first = getattr(self, "first", group)

    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        super().apply(p, {**h, "lr": self.first["lr"]}, update)


@caught_by("takes every shape and stride", origin="reshape(-1) instead of view(-1)")
class MovesACopyOfWhatIsStrided(Adam):
    """reshape copies a strided parameter, and only the copy moves"""

    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        p.reshape(-1).sub_(h["lr"] * update.reshape(-1))


@caught_by("takes every shape and stride", origin="site: as_strided, data_ptr and the like")
class AddsToTheMemoryBeside(Adam):
    """it writes into the memory next to a strided parameter"""

    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        super().apply(p, h, update)
        if p.numel() > 1 and p.stride(-1) > 1:
            p.as_strided((1,), (1,), p.storage_offset() + 1).add_(1)


@caught_by("takes a gradient of any strides", origin="fused kernels that use data_ptr without the strides")
class ReadsGradientsAsTheyLie(Adam):
    """the gradient is read in memory order, as if it had the strides of the parameter"""

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], state: dict[str, Any]) -> None:
        super().move(p, g.as_strided(g.shape, p.stride()), h, state)


@caught_by("moves every coordinate independently", origin="You et al. (2020), LAMB: an update is scaled by norms")
class ClipsUpdatesByTheirNorm(Adam):
    """the update of a parameter is clipped by its norm"""

    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        p.sub_(h["lr"] * update / update.norm().clamp(min=1))


@caught_by("gives the negated result for negated arguments", origin="site: eps, added to the quotient")
class LeansToOneSide(Adam):
    """1e-6 is added to the update"""

    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        p.sub_(h["lr"] * (update + 1e-6))


@caught_by("keeps dtype and device", origin="numpy's default dtype: p.data = torch.from_numpy(...)")
class WidensItsParameters(Adam):
    """parameters are converted to float64"""

    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        p.data = p.data.double() - h["lr"] * update.double()


@caught_by("refuses values outside their domain", origin="torch.optim: most constructors check only their defaults")
class ChecksItsDefaultsAlone(Adam):
    """hyperparameters are checked only in the constructor, not in the groups"""

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        torch.optim.Optimizer.add_param_group(self, param_group)


class SharesItsNumbers(RuleOptimizer):
    """A number shared by neighbours in a run remains shared when one of them has no gradient."""

    def _own(self, p: Tensor, name: str) -> Tensor | None:
        return self.state[p][name]


@caught_by(
    "lets a parameter join late", right=NAdam, subject=subjects.rule, origin="site: one number for a whole flat buffer"
)
class NAdamOnSharedNumbers(NAdam):
    """adjacent parameters share the product of mu, even if one of them has no gradient"""

    def optimizer(self, params: Iterable[Any]) -> RuleOptimizer:
        return SharesItsNumbers(self, params)


class CastsItsNumbers(RuleOptimizer):
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        torch.optim.Optimizer.load_state_dict(self, state_dict)
        self._segments.clear()


@caught_by(
    "goes on after save and load",
    right=ASGD,
    subject=subjects.rule,
    origin="torch.optim.Optimizer.load_state_dict: all state but step is cast",
)
class ASGDCastsItsNumbersToTheDtypeOfTheParameter(ASGD):
    """loading casts eta and mu to the dtype of the parameter"""

    def optimizer(self, params: Iterable[Any]) -> RuleOptimizer:
        return CastsItsNumbers(self, params)


bare = Against()
"""an optimizer without a reference, as a class is verified"""


@caught_by(
    "moves nothing at an lr of 0", subject=bare, examples=20,
    origin="site: the centering of a gradient, or noise, added to p itself",
)  # fmt: skip
class DriftsBesideItsRate(Adam):
    """a part of the step is not multiplied by lr: 1e-4 of the update is added at any rate"""

    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        p.sub_((h["lr"] + 1e-4) * update)


@caught_by(
    "moves nothing at an lr of 0", subject=bare, examples=20,
    origin="site: lr = max(lr, min_lr), meant for the end of a schedule, although a warmup begins at 0",
)  # fmt: skip
class NeverStepsByLessThanItsLeast(Adam):
    """an lr below 1e-6 acts as 1e-6"""

    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        super().apply(p, {**h, "lr": max(h["lr"], 1e-6)}, update)


@caught_by(
    "applies its lr to every shape", "moves nothing at an lr of 0", subject=bare, examples=20,
    origin="self.lr = 1e-3, left in step() from a first version",
)  # fmt: skip
class NeverReadsItsRate(Adam):
    """lr is accepted and ignored: the step uses 0.001"""

    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        super().apply(p, {**h, "lr": 1e-3}, update)


@caught_by(
    "applies its lr to every shape", "moves nothing at an lr of 0", subject=bare, examples=20,
    origin="Jordan et al. (2024), Muon: a separate branch for matrices, with a fixed rate",
)  # fmt: skip
class MovesMatricesAtARateOfTheirOwn(Adam):
    """matrices ignore lr and use 0.02"""

    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        super().apply(p, {**h, "lr": 0.02} if p.ndim == 2 and min(p.shape) > 1 else h, update)


@caught_by(
    "applies its lr to every shape", subject=bare, examples=20,
    origin="site: if p.ndim < 2: continue, for biases that should only skip the decay",
)  # fmt: skip
class LeavesBiasesWhereTheyAre(Adam):
    """vectors and scalars never move"""

    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        super().apply(p, h, update if p.ndim > 1 else 0 * update)
