"""Pairs about groups, copies, hooks, closures and what others write."""

from __future__ import annotations

from typing import Any

import torch
from field import Momentum, reported
from torch import Tensor


@reported("AdaBound: zip(self.param_groups, self.base_lrs), a list made once", "takes a group added later")
class ZipsWithAList(Momentum):
    def __init__(self, params: Any, lr: float = 1e-2, momentum: float = 0.9) -> None:
        super().__init__(params, lr, momentum)
        self.count = len(self.param_groups)

    def step(self, closure: Any = None) -> Any:
        every, self.param_groups = self.param_groups, self.param_groups[: self.count]
        loss = super().step(closure)
        self.param_groups = every
        return loss


class PerGroup(Momentum):
    """Keeps its state in a list of the group, by position."""

    def move_group(self, group: dict[str, Any]) -> None:
        for index, p in enumerate(group["params"]):
            if p.grad is not None:
                self.move(p, p.grad, group, self.state[self.of(group, index, p)])

    def of(self, group: dict[str, Any], index: int, p: Tensor) -> Any:
        return p


@reported(
    "a port from Lua: state[i] of the i-th parameter, in each group anew",
    "steps the same if a group is split in two",
    PerGroup,
)
class FindsStateByItsPlace(PerGroup):
    def of(self, group: dict[str, Any], index: int, p: Tensor) -> Any:
        return (index, tuple(p.shape))

    def state_dict(self) -> Any:
        kept, self.state = self.state, {}  # type: ignore[assignment]
        found = super().state_dict()
        self.state = kept
        return found


@reported("RAdam: self.buffer[step % 10], kept for all groups", "gives every group its own hyperparameters")
class KeepsAFactorForAllGroups(Momentum):
    def begin(self) -> None:
        self.factor: float | None = None

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], s: dict[str, Any]) -> None:
        self.factor = h["lr"] if self.factor is None else self.factor
        super().move(p, g, {**h, "lr": self.factor}, s)


@reported("Lookahead in torch_optimizer: load_state_dict pops 'slow_state'", "leaves a checkpoint alone")
class PopsFromTheCheckpoint(Momentum):
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        del state_dict["param_groups"]


class Slow(Momentum):
    """Every second step goes half the way back to slow weights."""

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], s: dict[str, Any]) -> None:
        super().move(p, g, h, s)
        self.look(p, self.kept(p, s))

    def kept(self, p: Tensor, s: dict[str, Any]) -> dict[str, Any]:
        return s

    def look(self, p: Tensor, s: dict[str, Any]) -> None:
        s["n"] = s.get("n", 0) + 1
        if "slow" not in s:
            s["slow"] = p.clone()
        if s["n"] % 2 == 0:
            p.copy_(s["slow"].lerp_(p, 0.5))


@reported("Lookahead: slow weights in self, not in state_dict", "goes on after save and load", Slow, reference=None,
          claims=("coordinatewise", "odd"))  # fmt: skip
class KeepsSlowWeightsAside(Slow):
    def kept(self, p: Tensor, s: dict[str, Any]) -> dict[str, Any]:
        self.own = getattr(self, "own", {})
        return self.own.setdefault(p, {})


class Wrapper(torch.optim.Optimizer):
    """An inner optimizer that shares its groups and state."""

    def __init__(self, params: Any, lr: float = 1e-2, momentum: float = 0.9) -> None:
        self.inner = torch.optim.SGD(params, lr=lr, momentum=momentum)
        super().__init__(self.inner.param_groups, self.inner.defaults)
        self.tie()

    def tie(self) -> None:
        self.param_groups, self.state = self.inner.param_groups, self.inner.state

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        if self.__dict__.get("tied"):
            self.inner.add_param_group(param_group)
        else:
            super().add_param_group(param_group)

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name == "state" and "inner" in self.__dict__ and value is self.inner.state:
            self.__dict__["tied"] = True

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.inner.load_state_dict(state_dict)
        self.tie()

    def step(self, closure: Any = None) -> Any:
        return self.inner.step(closure)


@reported("wrappers: load_state_dict makes groups, the inner one keeps its own", "goes on after save and load", Wrapper)
class LetsItsInnerOneGoStale(Wrapper):
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        torch.optim.Optimizer.load_state_dict(self, state_dict)


@reported("wrappers: the closure is called and handed on", "steps with a closure as without", Wrapper)
class CallsTheClosureTwice(Wrapper):
    def step(self, closure: Any = None) -> Any:
        if closure is not None:
            closure()
        return self.inner.step(closure)


@reported("torch_optimizer: @torch.no_grad() over a step that calls its closure", "steps with a closure as without")
class CallsItWithoutAutograd(Momentum):
    def step(self, closure: Any = None) -> Any:
        with torch.no_grad():
            loss = closure() if closure is not None else None
        super().step()
        return loss


@reported("fairseq's Adafactor: group['lr'] = self._get_lr(group)", "leaves the values of its groups alone",
          words="step changes the learning rate that is written in a group")  # fmt: skip
class WritesItsRate(Momentum):
    def move_group(self, group: dict[str, Any]) -> None:
        super().move_group(group)
        group["lr"] = max(group["lr"] * 0.5, 1e-8)


@reported("a rate that is a tensor, multiplied in place by a warm-up", "leaves the values of its groups alone",
          words="step changes the learning rate, a tensor, that is written in a group")  # fmt: skip
class TurnsATensorInPlace(Momentum):
    def move_group(self, group: dict[str, Any]) -> None:
        super().move_group(group)
        if torch.is_tensor(group["lr"]):
            group["lr"].mul_(0.9)


@reported("state['momentum'] = group['momentum'], where state is made", "obeys what is written into its groups",
          words="momentum written into a group after the first step changes nothing")  # fmt: skip
class CopiesItsMomentum(Momentum):
    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], s: dict[str, Any]) -> None:
        super().move(p, g, {**h, "momentum": s.setdefault("momentum", h["momentum"])}, s)


@reported("copy.deepcopy of an optimizer that finds its state by id(p)", "goes on as a deep copy")
class SharesItsStateWithCopies(Momentum):
    def __deepcopy__(self, memo: Any) -> Any:
        import copy

        made = type(self)([{**g, "params": copy.deepcopy(g["params"], memo)} for g in self.param_groups])
        pairs = zip(self.every(), made.every(), strict=True)
        made.state.update({q: self.state[p] for p, q in pairs if p in self.state})
        return made

    def every(self) -> list[Tensor]:
        return [p for group in self.param_groups for p in group["params"]]


@reported("zero_grad of a wrapper, over a list of its own", "calls its hooks")
class ClearsNoGradients(Momentum):
    def zero_grad(self, set_to_none: bool = True) -> None:
        """It is done elsewhere."""


@reported("SGDW: decay of all parameters of a group, those without gradients too", "takes a group of frozen parameters")
class DecaysFrozenOnes(Momentum):
    def move_group(self, group: dict[str, Any]) -> None:
        if all(p.grad is None for p in group["params"]):
            for p in group["params"]:
                p.mul_(1 - group["lr"] / 100)
        super().move_group(group)
