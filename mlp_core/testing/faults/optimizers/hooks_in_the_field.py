"""Torch optimizers that are wrong with other code, as bug reports describe: hooks and closures."""

from __future__ import annotations

from typing import Any

import torch

from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.optimizers.adam import Adam
from mlp_core.testing.faults.optimizers.manners import bare

CATALOGUE = Catalogue()


def caught_by(*laws: str, origin: str, right: Any = Adam, subject: Any = bare) -> Any:
    return CATALOGUE.caught_by(*laws, right=right, origin=origin, subject=subject)


@caught_by("calls its hooks", origin="a step under its own name, without torch's hooks")
class HasAStepBeforeItsHooks(Adam):
    """its step runs before the pre-step hooks are called"""

    def register_step_pre_hook(self, hook: Any) -> Any:
        return super().register_step_post_hook(hook)


@caught_by("calls its hooks", origin="zero_grad of a wrapper that loops over its own list")
class ClearsNothing(Adam):
    """zero_grad clears no gradient"""

    def zero_grad(self, set_to_none: bool = True) -> None:
        pass


class Asks(Adam):
    """It calls the closure first."""

    def step(self, closure: Any = None) -> Any:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        super().step()
        return loss


@caught_by(
    "steps with a closure as without", right=Asks, origin="torch.no_grad() around the whole step, including the closure"
)
class AsksWithoutAutograd(Asks):
    """the closure is called with autograd disabled"""

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        loss = closure() if closure is not None else None
        Adam.step(self)
        return loss


@caught_by("steps with a closure as without", right=Asks, origin="loss = closure() at the end of step")
class AsksTooLate(Asks):
    """the closure is called after the parameters have moved instead of before"""

    def step(self, closure: Any = None) -> Any:
        Adam.step(self)
        return closure() if closure is not None else None


@caught_by("steps with a closure as without", right=Asks, origin="a wrapper: closure(), then inner.step(closure)")
class AsksTwice(Asks):
    """the closure is called twice at the same parameters"""

    def step(self, closure: Any = None) -> Any:
        if closure is not None:
            closure()
        return super().step(closure)


@caught_by(
    "steps with a closure as without", right=Asks, origin="a wrapper that does not return the value of the inner step"
)
class KeepsTheLossToItself(Asks):
    """step does not return the value of the closure"""

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        super().step(closure)
