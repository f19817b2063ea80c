"""At lr = 0 nothing moves, and another lr moves every kind of shape: in 20 examples, and no right one fails."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core import rules
from mlp_core.testing import laws, subjects
from mlp_core.testing.engine import runner
from mlp_core.testing.engine.result import Result
from mlp_core.testing.engine.runner import run
from mlp_core.testing.faults.optimizers.adam import Adam
from mlp_core.testing.right import torchs

REST, MOVE = "moves nothing at an lr of 0", "applies its lr to every shape"


@pytest.fixture(autouse=True)
def unshrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "SHRINKS", 0)  # how small a counterexample gets is not looked at here


def result(subject: Any, name: str, examples: int = 20) -> Result:
    (law,) = (law for law in laws(subject) if law.name == name)
    return run(law, examples=examples)


def stepping(rate: Any) -> type[torch.optim.Optimizer]:
    """Gradient descent with momentum; its step is `rate` of (lr, parameter), a number or a tensor."""

    class Stepping(torch.optim.Optimizer):
        def __init__(self, params: Any, lr: float = 1e-2, momentum: float = 0.9, weight_decay: float = 0.1) -> None:
            super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

        @torch.no_grad()
        def step(self, closure: Any = None) -> None:  # type: ignore[override]
            for group in self.param_groups:
                for p in (p for p in group["params"] if p.grad is not None):
                    b = self.state[p].setdefault("b", torch.zeros_like(p))
                    p.sub_(rate(group["lr"], p, group) * b.mul_(group["momentum"]).add_(p.grad))

    return Stepping


DEAF: dict[str, Any] = {
    "never read": lambda lr, p, group: 0.01,
    "matrices": lambda lr, p, group: 0.01 if p.ndim == 2 and min(p.shape) > 1 else lr,
    "numbers": lambda lr, p, group: lr if p.ndim else 0.01,
    "vectors": lambda lr, p, group: 0.01 if p.ndim == 1 else lr,
    "tall": lambda lr, p, group: 0.01 if p.ndim == 2 and p.shape[0] > p.shape[1] else lr,
    "wide": lambda lr, p, group: 0.01 if p.ndim == 2 and p.shape[0] < p.shape[1] else lr,
    "square": lambda lr, p, group: 0.01 if p.ndim == 2 and p.shape[0] == p.shape[1] else lr,
    "columns": lambda lr, p, group: 0.01 if p.ndim == 2 and p.shape[1] == 1 else lr,
    "of three dimensions": lambda lr, p, group: 0.01 if p.ndim == 3 else lr,
    "of one entry": lambda lr, p, group: 0.01 if p.numel() == 1 else lr,
}


@pytest.mark.parametrize("rate", DEAF.values(), ids=DEAF)
@pytest.mark.parametrize("hyper", [{}, {"lr": st.floats(1e-4, 1e-1)}], ids=["bare", "with rates"])
def test_an_lr_that_is_not_read_is_told_with_20_examples(rate: Any, hyper: Any) -> None:
    subject = subjects.optimizer(stepping(rate), hyperparameters=hyper)
    found = result(subject, MOVE)
    assert (found.verdict, found.expected) == ("FAIL", "moved by its lr")
    assert "the same with each lr of" in found.got
    assert result(subject, REST).verdict == "FAIL"


class AsMade(stepping(lambda lr, p, group: group["made"])):  # type: ignore[misc]  # a class made here
    """It reads its lr once, when it is made: no scheduler moves it."""

    def __init__(self, params: Any, lr: float = 1e-2) -> None:
        super().__init__(params, lr)
        for group in self.param_groups:
            group["made"] = group["lr"]


def test_an_lr_that_is_read_once_is_told() -> None:
    assert result(AsMade, MOVE).verdict == "FAIL"


class Alone(torch.optim.SGD):
    """Its groups have no lr that it would read."""

    def __init__(self, params: Any, rate: float = 0.1, lr: float = 1.0) -> None:
        super().__init__(params, lr=rate * lr)
        self.param_groups = [{**group, "rate": group.pop("lr")} for group in self.param_groups]
        self.defaults.pop("lr")

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in (p for p in group["params"] if p.grad is not None):
                p.sub_(group["rate"] * p.grad)


def test_an_lr_of_the_constructor_alone_is_moved_there() -> None:
    assert result(subjects.optimizer(Alone, groups=1), MOVE).verdict == "PASS"


DRIFTING: dict[str, Any] = {
    "a constant": lambda lr, p, group: lr + 1e-6,
    "a floor": lambda lr, p, group: max(lr, 1e-9),
    "a default for 0": lambda lr, p, group: lr or 1e-3,
    "its size": lambda lr, p, group: lr + 1e-9 * p.abs(),
    "momentum": lambda lr, p, group: lr + 1e-6 * group["momentum"],
    "matrices alone": lambda lr, p, group: lr + 1e-6 * (p.ndim == 2),
    "numbers alone": lambda lr, p, group: lr + 1e-6 * (p.ndim == 0),
    "one entry": lambda lr, p, group: lr + 1e-6 * (torch.arange(p.numel()).view(p.shape) == 0),
    "not a number": lambda lr, p, group: lr * lr / torch.as_tensor(lr),
    "infinite": lambda lr, p, group: lr + 1 / torch.as_tensor(1e30 * lr).sqrt(),
}


@pytest.mark.parametrize("rate", DRIFTING.values(), ids=DRIFTING)
def test_what_moves_at_an_lr_of_0_is_told_with_20_examples(rate: Any) -> None:
    found = result(subjects.optimizer(stepping(rate)), REST)
    assert found.verdict == "FAIL"
    assert found.where.startswith("at lr = 0: params[")


class DecaysByItself(stepping(lambda lr, p, group: lr)):  # type: ignore[misc]  # a class made here
    """Decay that lr does not multiply, as in Loshchilov and Hutter (2019), algorithm 2."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        super().step()
        for group in self.param_groups:
            for p in (p for p in group["params"] if p.grad is not None):
                p.mul_(1 - group["weight_decay"])


class Sign(Adam):
    """Steps of one size that may cancel."""

    def update(self, m: Tensor, v: Tensor, t: int, h: dict[str, Any]) -> Tensor:
        return m.sign()


class Averages(Adam):
    """It writes an average of where it was and where it goes, as rounding has it."""

    def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
        p.copy_(0.3 * p + 0.7 * (p - h["lr"] * update))


RIGHT: dict[str, Any] = {
    **{bare.__name__: lambda bare=bare: torchs.subjects()[f"torch: {bare.__name__}"] for bare in torchs.BARE},
    **{f"rule {name}": lambda name=name: subjects.rule(rules.get(name)) for name in rules.names()},
    **{c.__name__: lambda c=c: subjects.optimizer(c) for c in (DecaysByItself, Sign, Averages, Adam)},
    "rates alone": lambda: subjects.optimizer(torch.optim.SGD, hyperparameters={"lr": st.floats(1e-9, 1e-8)}),
    "no lr": lambda: subjects.optimizer(lambda params: torch.optim.SGD(params, lr=0.1)),
}


@pytest.mark.parametrize("subject", RIGHT.values(), ids=RIGHT)
def test_a_right_optimizer_is_not_accused(subject: Any) -> None:
    for name in (REST, MOVE):
        found = result(subject(), name)
        assert found.verdict != "FAIL", found.text()


def test_it_is_said_of_which_an_lr_of_0_is_not_asked() -> None:
    class Positive(torch.optim.SGD):
        def __init__(self, params: Any, lr: float = 0.1) -> None:
            if lr <= 0:
                raise ValueError("lr must be positive")
            super().__init__(params, lr)

    assert result(subjects.optimizer(Positive), REST).reason == "it refuses an lr of 0"
    assert result(subjects.optimizer(torch.optim.Rprop), REST).reason.startswith("its lr only sets the first step")
    assert result(RIGHT["no lr"](), REST).reason == "it has no lr"
    assert result(RIGHT["no lr"](), MOVE).reason == "it has no lr"
