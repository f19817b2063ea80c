"""Pairs about memory, files, groups and crashes, rebuilt from issues of pytorch_optimizer, prodigy, sam and others."""

from __future__ import annotations

from typing import Any

import torch
from field import RATES, Momentum, reported
from hypothesis import strategies as st
from torch import Tensor


@reported("GrokFastAdamW, pytorch_optimizer #279: it raises in the step in which it would begin",
          "keeps descending in a long run", words="KeyError")  # fmt: skip
class CrashesWhereItBegins(Momentum):
    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], s: dict[str, Any]) -> None:
        s["n"] = s.get("n", 0) + 1
        super().move(p, g + s["average"] if s["n"] == 100 else g, h, s)


@reported("pytorch-a3c #12, SharedAdam: the count of steps is not in the state", "goes on after save and load",
          torch.optim.Adam, reference=torch.optim.Adam, claims=(),
          hyper={"lr": st.floats(1e-3, 1), "eps": st.floats(1e-8, 0.1)})  # fmt: skip
class CountsOutsideItsState(torch.optim.Adam):
    def __init__(self, params: Any, lr: float = 1e-3, eps: float = 1e-8) -> None:
        super().__init__(params, lr=lr, eps=eps)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        for s in self.state.values():
            s["step"] = torch.zeros_like(s["step"])


@reported("ScheduleFreeWrapper, pytorch_optimizer #363: it cannot be resumed", "goes on after save and load",
          words="KeyError")  # fmt: skip
class CannotBeResumed(Momentum):
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict["base"])


@reported("prodigy #20: the rate of the first group is that of all", "gives every group its own hyperparameters",
          words="moves by the hyperparameters of the first group: by lr")  # fmt: skip
class TakesTheFirstGroupsRate(Momentum):
    def move_group(self, group: dict[str, Any]) -> None:
        for p in group["params"]:
            if p.grad is not None:
                self.move(p, p.grad, {**group, "lr": self.param_groups[0]["lr"]}, self.state[p])


class Adagrad(torch.optim.Optimizer):
    """The sums are in a list, by the number of the parameter."""

    def __init__(self, params: Any, lr: float = 1e-2, eps: float = 1e-10) -> None:
        super().__init__(params, {"lr": lr, "eps": eps})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for k, p in enumerate(group["params"]):
                if p.grad is not None:
                    s = self.state[self.of(group, k)]
                    s["sum"] = s.get("sum", torch.zeros_like(p)) + p.grad**2
                    p.sub_(group["lr"] * p.grad / (s["sum"].sqrt() + group["eps"]))

    def of(self, group: dict[str, Any], k: int) -> Any:
        return group["params"][k]


@reported("PennyLane #1929: the index of the accumulator is not increased",
          "steps the same if a group is split in two", Adagrad,
          reference=torch.optim.Adagrad, hyper={"lr": RATES["lr"], "eps": st.floats(1e-8, 0.1)},
          words="parameters of one shape share their state")  # fmt: skip
class SharesItsAccumulator(Adagrad):
    def of(self, group: dict[str, Any], k: int) -> Any:
        shape = group["params"][k].shape
        return next(p for p in group["params"] if p.shape == shape)


class Foreach(Momentum):
    """Lists of tensors at once, where that is asked for."""

    def __init__(self, params: Any, lr: float = 1e-2, momentum: float = 0.9, foreach: bool = False) -> None:
        torch.optim.Optimizer.__init__(self, params, {"lr": lr, "momentum": momentum, "foreach": foreach})

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], s: dict[str, Any]) -> None:
        super().move(p, g * self.weight(h) if h["foreach"] else g, h, s)

    def weight(self, h: dict[str, Any]) -> float:
        return 1.0


@reported("SGDW, pytorch_optimizer #519: foreach has another recurrence",
          "steps the same with foreach or fused", Foreach,
          words="foreach=True")  # fmt: skip
class DampensInLists(Foreach):
    def weight(self, h: dict[str, Any]) -> float:
        return 1 - float(h["momentum"])


@reported("apex and others: views of the memory are made with the optimizer", "follows its parameters into new memory",
          words="writes to the old memory")  # fmt: skip
class MovesOldMemory(Momentum):
    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], s: dict[str, Any]) -> None:
        self.held = getattr(self, "held", {})
        super().move(self.held.setdefault(p, p.data), g, h, s)


@reported("Adahessian: state grows a graph where gradients have one", "keeps no graph", words="graph")
class KeepsAGraph(Momentum):
    def step(self, closure: Any = None) -> Any:
        loss = closure() if closure is not None else None
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    s = self.state[p]
                    s["v"] = group["momentum"] * s.get("v", torch.zeros_like(p)) + p.grad
                    p.data.sub_(group["lr"] * s["v"].detach())
        return loss


class Sharp(torch.optim.Optimizer):
    """SAM: the gradient at p + rho g / |g|, and a step from p."""

    def __init__(self, params: Any, lr: float = 1e-2, rho: float = 0.05) -> None:
        super().__init__(params, {"lr": lr, "rho": rho})

    def step(self, closure: Any) -> Any:  # type: ignore[override]
        with torch.enable_grad():
            loss = closure()
        with torch.no_grad():
            self.climb()
        with torch.enable_grad():
            closure()
        with torch.no_grad():
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        self.back(p)
                        p.sub_(group["lr"] * p.grad)
        return loss

    def back(self, p: Tensor) -> None:
        if "old" in self.state[p]:
            p.copy_(self.state[p]["old"])

    def climb(self) -> None:
        every = [(group, p) for group in self.param_groups for p in group["params"] if p.grad is not None]
        norm = torch.stack([p.grad.norm().double() for _, p in every]).norm() if every else torch.ones(())
        for group, p in every:
            self.state[p]["old"] = p.clone()
            p.add_(group["rho"] * p.grad / (norm + 1e-12).to(p.dtype))


SHARP = {"lr": RATES["lr"], "rho": st.floats(0.01, 0.2)}


@reported("davda54/sam: it returns from where it climbed to a point of the step before", "equals its reference", Sharp,
          reference=Sharp, hyper=SHARP, claims=())  # fmt: skip
class StaysWhereItClimbed(Sharp):
    def back(self, p: Tensor) -> None:
        """It is forgotten."""


class Normed(Momentum):
    """The gradients of a group, over the norm of all of them."""

    def move_group(self, group: dict[str, Any]) -> None:
        norms = [p.grad.norm().double() for p in group["params"] if p.grad is not None]
        self.norm = torch.stack(norms).norm() if norms else torch.ones(())
        super().move_group(group)

    def move(self, p: Tensor, g: Tensor, h: dict[str, Any], s: dict[str, Any]) -> None:
        super().move(p, g / self.guarded(self.norm).to(p.dtype), h, s)

    def guarded(self, norm: Tensor) -> Tensor:
        return norm.clamp(min=1e-12)


@reported("optax #1743, SAM: the norm of all gradients may be zero",
          "leaves a parameter with zero gradients at zero", Normed,
          reference=Normed, claims=("odd",), words="where all gradients are zero")  # fmt: skip
class DividesByTheNorm(Normed):
    def guarded(self, norm: Tensor) -> Tensor:
        return norm


class Bounds(torch.optim.Optimizer):
    """AdaBound's schedule alone: lr in the group, relative to the lr it was made with."""

    def __init__(self, params: Any, lr: float = 1e-2, final: float = 0.1) -> None:
        super().__init__(params, {"lr": lr, "final": final})
        self.begun()

    def begun(self) -> None:
        for group in self.param_groups:
            group.setdefault("begun", group["lr"])

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        super().add_param_group(param_group)
        self.param_groups[-1].setdefault("begun", self.param_groups[-1]["lr"])

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for k, group in enumerate(self.param_groups):
            for p in group["params"]:
                if p.grad is not None:
                    rate = group["final"] * group["lr"] / (self.base(k) or 1.0)
                    p.sub_(torch.clamp(group["lr"] * p.grad, -rate, rate))

    def base(self, k: int) -> float:
        return float(self.param_groups[k]["begun"])


@reported("AdaBound: base_lrs is a list of the optimizer, which no checkpoint holds",
          "restores its hyperparameters from a checkpoint",
          Bounds, reference=Bounds, hyper={"lr": st.floats(1e-3, 1), "final": st.floats(0.01, 0.5)},
          claims=("odd", "fixed_point"))  # fmt: skip
class KeepsItsBasesInAList(Bounds):
    def begun(self) -> None:
        self.bases = [group["lr"] for group in self.param_groups]

    def base(self, k: int) -> float:
        self.bases += [group["lr"] for group in self.param_groups[len(self.bases) :]]
        return float(self.bases[k])
