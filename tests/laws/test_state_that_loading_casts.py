"""State that torch's load_state_dict casts to the dtype of its parameter: numbers that it keeps are no mistake."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from mlp_core.testing import subjects
from mlp_core.testing.engine.result import Result
from mlp_core.testing.laws.books import laws_of
from mlp_core.testing.verification.verify import run

LOADING = ("goes on after save and load", "restores its hyperparameters from a checkpoint")


class Slowing(torch.optim.Optimizer):
    """Gradient descent with a rate lr / (1 + seen), which counts its steps in an integer tensor."""

    def __init__(self, params: Any, lr: float = 0.1) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.sub_(group["lr"] / (1 + self.counted(p)) * p.grad)

    def counted(self, p: Tensor) -> float:
        """The number of steps before this one, which is one more after it."""
        state: dict[str, Tensor] = self.state[p]
        state.setdefault("seen", torch.tensor(0)).add_(1)
        return float(state["seen"]) - 1


class FromTheBeginning(Slowing):
    """Counts from 0 again after loading."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        for state in self.state.values():
            state["seen"].zero_()


class InHalves(Slowing):
    """Rounds its counter to a multiple of a half while loading, which a float can hold and the integer cannot."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        for state in self.state.values():
            state["seen"].sub_(0.5)


def judged(optimizer: type[Slowing], name: str) -> Result:
    (law,) = [law for law in laws_of(subjects.optimizer(optimizer)) if law.name == name]
    return run(law, examples=40)


@pytest.mark.parametrize("law", LOADING)
def test_a_counter_that_became_a_float_is_right(law: str) -> None:
    result = judged(Slowing, law)
    assert result.verdict == "PASS", result.reason


@pytest.mark.parametrize("law", LOADING)
@pytest.mark.parametrize("wrong", [FromTheBeginning, InHalves])
def test_a_counter_that_changed_is_not(wrong: type[Slowing], law: str) -> None:
    result = judged(wrong, law)
    assert result.verdict == "FAIL", result.verdict
    assert result.diagnosis is not None, result.reason
    assert "seen" in result.diagnosis, result.diagnosis
