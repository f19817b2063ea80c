"""Torch optimizers that are wrong with other code, as bug reports describe: groups and copies."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.optimizers.adam import Adam
from mlp_core.testing.faults.optimizers.against import Against
from mlp_core.testing.faults.optimizers.manners import HYPERPARAMETERS, bare

CATALOGUE = Catalogue()


def caught_by(*laws: str, origin: str, right: Any = Adam, subject: Any = bare) -> Any:
    return CATALOGUE.caught_by(*laws, right=right, origin=origin, subject=subject)


with_several_values = Against(hyperparameters=HYPERPARAMETERS)
"""an optimizer of hyperparameters that vary"""


class Early(Adam):
    """Creates the state together with the group, as code does that avoids a branch in step."""

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        super().add_param_group(param_group)
        self.prepare(self.param_groups[-1])

    def prepare(self, group: dict[str, Any]) -> None:
        for p in group["params"]:
            self.state[p].update(step=0, m=torch.zeros_like(p), v=torch.zeros_like(p))


@caught_by(
    "takes a group added later", right=Early, origin="site: state created in a loop over the groups, in __init__"
)
class HasNoStateForLateGroups(Early):
    """a group that is added later has no state, because state is created in the constructor"""

    def prepare(self, group: dict[str, Any]) -> None:
        if not hasattr(self, "made"):
            super().prepare(group)

    def begin(self, group: dict[str, Any]) -> None:
        self.made = True

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], state: dict[str, Any]) -> None:
        super().move(p, g, h, {"m": state["m"], "v": state["v"], "step": state["step"]})


@caught_by("takes a group added later", origin="site: self.rates = [g['lr'] for g in self.param_groups], in __init__")
class KnowsTheFirstGroupsAlone(Adam):
    """groups that are added later do not move: step loops over a list that is made once"""

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        self.known = getattr(self, "known", None) or list(self.param_groups)
        every, self.param_groups = self.param_groups, self.known
        super().step()
        self.param_groups = every


@caught_by("takes a group of frozen parameters", origin="site: next(p.grad for p in group if p.grad is not None)")
class LooksForAGradient(Adam):
    """it looks for the first gradient of each group, and a frozen group has none"""

    def begin(self, group: dict[str, Any]) -> None:
        next(p.grad for p in group["params"] if p.grad is not None)


@caught_by(
    "takes a group of frozen parameters", origin="decay applied to all parameters before gradients are checked"
)
class DecaysWhatIsFrozen(Adam):
    """weight decay shrinks the parameters of frozen groups"""

    def begin(self, group: dict[str, Any]) -> None:
        if all(p.grad is None for p in group["params"]):
            for p in group["params"]:
                p.mul_(0.99)


@caught_by(
    "steps the same if a group is split in two", origin="Paszke et al. (2017): optimizers in Lua kept state by position"
)
class KeepsStateByPosition(Adam):
    """state is stored by position in the group, so that groups share it"""

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for index, p in enumerate(group["params"]):
                if p.grad is not None:
                    own = self.state[
                        self.param_groups[0]["params"][min(index, len(self.param_groups[0]["params"]) - 1)]
                    ]
                    fits = not own or own["m"].shape == p.shape
                    self.move(p, p.grad, group, own if fits else self.state[p])


@caught_by("goes on as a deep copy", origin="site: a buffer on the class, with id(p) as key")
class CopiesShareTheirCount(Adam):
    """the step count is stored outside the state, and a copy begins without it"""

    taken = 0

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        self.taken += 1
        super().step()

    def count(self, group: dict[str, Any], state: dict[str, Any]) -> int:
        return self.taken


@caught_by("goes on as a deep copy", origin="__repr__ of a wrapper that names a missing attribute")
class HasNoText(Adam):
    """repr(optimizer) raises"""

    def __repr__(self) -> str:
        return f"{type(self).__name__} of {self.param_groups[0]['inner']}"


@caught_by("leaves a checkpoint alone", origin="Lookahead: state_dict.pop('slow_state') in load_state_dict")
class TakesKeysOutOfACheckpoint(Adam):
    """load_state_dict removes keys from the checkpoint"""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        state_dict.pop("state")


@caught_by(
    "restores its hyperparameters from a checkpoint",
    subject=with_several_values,
    origin="site: self.eps = eps, outside the groups",
)
class KeepsItsEpsBesideItsGroups(Adam):
    """eps is stored outside the groups, and loading a checkpoint does not restore it"""

    def __init__(
        self, params: Any, lr: float = 1e-3, betas: Any = (0.9, 0.999), eps: float = 1e-8, **more: Any
    ) -> None:
        self.own = eps
        super().__init__(params, lr, betas, eps, **more)

    def update(self, m: Tensor, v: Tensor, t: int, h: dict[str, Any]) -> Tensor:
        return super().update(m, v, t, {**h, "eps": self.own})


@caught_by(
    "obeys what is written into its groups", subject=with_several_values,
    origin="site: state['betas'] = group['betas'], when the state is created",
)  # fmt: skip
class CopiesItsBetasWithItsState(Adam):
    """betas are copied when the state is created, and later changes of them are ignored"""

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], state: dict[str, Any]) -> None:
        kept = state.setdefault("betas", h["betas"])
        super().move(p, g, {**h, "betas": kept}, state)


class Warms(Adam):
    """A warm-up that multiplies the rate of the group by a factor."""

    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        super().apply(p, {**h, "lr": h["lr"] / 2}, update)


@caught_by(
    "leaves the values of its groups alone", "obeys schedulers", right=Warms,
    origin="fairseq's Adafactor: group['lr'] = self._get_lr(group, state)",
)  # fmt: skip
class WarmsByWriting(Warms):
    """its warm-up multiplies the rate in the group, and so compounds with itself and with schedulers"""

    def begin(self, group: dict[str, Any]) -> None:
        group["lr"] = group["lr"] * 0.9


@caught_by(
    "lets a parameter join late", right=Early, origin="site: for p in group['params']: p.sub_(lr * self.state[p]['m'])"
)
class GoesOnWithoutAGradient(Early):
    """a parameter whose grad is None goes on moving by its last momentum"""

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        super().step()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    self.apply(p, group, self.state[p]["m"])
