"""Torch optimizers that are wrong beside other code: empty groups, global generators and global modes."""

from __future__ import annotations

from typing import Any

import torch

from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.optimizers.adam import Adam
from mlp_core.testing.faults.optimizers.manners import bare

CATALOGUE = Catalogue()

FEW = 20


def caught_by(*laws: str, origin: str) -> Any:
    return CATALOGUE.caught_by(*laws, right=Adam, origin=origin, subject=bare, examples=FEW)


@caught_by("takes an empty group", origin="site: device = group['params'][0].device")
class LooksAtTheFirstOfAGroup(Adam):
    """it reads the first parameter of each group, which an empty group does not have"""

    def begin(self, group: dict[str, Any]) -> None:
        assert group["params"][0].is_floating_point()


@caught_by("takes an empty group", origin="site: return instead of continue, for a group with nothing to step")
class StopsAtAnEmptyGroup(Adam):
    """the groups after an empty one do not move"""

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]  # it returns no loss
        every = self.param_groups
        end = next((k for k, group in enumerate(every) if not group["params"]), len(every))
        self.param_groups = every[:end]
        super().step()
        self.param_groups = every


@caught_by("repeats and touches nothing else", origin="torch.manual_seed(0) from a recipe, pasted into step()")
class SeedsForEverybody(Adam):
    """every step seeds the global random generator"""

    def begin(self, group: dict[str, Any]) -> None:
        torch.manual_seed(0)


@caught_by(
    "repeats and touches nothing else", origin="torch.set_flush_denormal, recommended against slow small numbers"
)
class FlushesSmallNumbers(Adam):
    """from the first step on, denormal numbers are flushed to 0 in the whole process"""

    def begin(self, group: dict[str, Any]) -> None:
        torch.set_flush_denormal(True)
