"""The scratch of a rule: given to those that take one, never larger than a block, and one for all of an optimizer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
import torch
from stepped_rules import RULE, SGD, assert_same, parameters, set_grads
from torch import Tensor

from mlp_core import MLP
from mlp_core.rules import UpdateRule, _segment


@dataclass(frozen=True)
class Seen(UpdateRule):
    """Writes down what it is given."""

    given: ClassVar[list[Any]] = []

    def step(self, p: Tensor, g: Tensor, t: int, scratch: Tensor | None = None) -> None:  # type: ignore[override]
        self.given.append(scratch)


@dataclass(frozen=True)
class SlotOfThisName(UpdateRule):
    slots: ClassVar = ("scratch",)

    def step(self, p: Tensor, g: Tensor, t: int, scratch: Tensor) -> None:  # type: ignore[override]
        scratch.add_(1)


@dataclass(frozen=True)
class Inherited(SGD):  # type: ignore[misc]  # SGD is found by name
    def step(self, p: Tensor, g: Tensor, t: int, *slots: Any) -> None:
        super().step(p, g, t, *slots)


def test_parameters_of_one_optimizer_share_it_and_it_grows_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    Seen.given.clear()
    optimizer, params = Seen().optimizer(ours := parameters(3, 5, 40)), ours
    monkeypatch.setattr(_segment, "SCRATCHED", 20 * 8)
    set_grads(params, 0)
    optimizer.step()
    given = [None if scratch is None else len(scratch) for scratch in Seen.given]
    assert given == [3, 5, 20, 20]  # 40 in two blocks
    assert {scratch.dtype for scratch in Seen.given} == {torch.float64}
    assert Seen.given[2].data_ptr() == Seen.given[3].data_ptr()


def test_what_is_no_block_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    Seen.given.clear()
    monkeypatch.setattr(_segment, "SCRATCHED", 20 * 8)
    p = torch.nn.Parameter(torch.zeros(8, 5, dtype=torch.float64).t())  # in no order, so not cut
    p.grad = torch.zeros_like(p)
    Seen().optimizer([p]).step()
    assert Seen.given == [None]


def test_a_slot_of_this_name_is_a_slot() -> None:
    p = torch.nn.Parameter(torch.zeros(2))
    p.grad = torch.zeros(2)
    optimizer = SlotOfThisName().optimizer([p])
    optimizer.step()
    assert optimizer.state[p]["scratch"].tolist() == [1, 1]


def test_a_step_of_its_own_over_an_inherited_one_works_without() -> None:
    ours, theirs = parameters(3, 5), parameters(3, 5)
    own, other = Inherited(lr=0.25, momentum=0.5, weight_decay=0.125).optimizer(ours), RULE.optimizer(theirs)
    for step in range(3):
        set_grads(ours, step)
        set_grads(theirs, step)
        own.step()
        other.step()
        assert_same(ours, theirs)


@pytest.mark.parametrize("options", [{"maximize": True}, {"nesterov": True}, {"nesterov": True, "maximize": True}])
@pytest.mark.parametrize("weight_decay", [0.0, 0.125])
def test_every_use_of_it_has_the_bits_of_torch(options: dict[str, bool], weight_decay: float) -> None:
    rule = SGD(lr=0.25, momentum=0.5, weight_decay=weight_decay, **options)
    own, theirs = (MLP([5, 7, 3]) for _ in range(2))
    optimizer, twin = rule.optimizer(own.parameters()), rule.twin(theirs.parameters())
    generator = torch.Generator().manual_seed(0)
    for _ in range(3):
        gradient = torch.randn(own.flat.shape, generator=generator) * (own.flat != 0)
        own.flat_grad.copy_(gradient)
        theirs.flat_grad.copy_(gradient)
        optimizer.step()
        twin.step()
        assert torch.equal(own.flat, theirs.flat)
        assert torch.equal(own.flat_grad, gradient)


def test_a_scratch_made_under_inference_mode_serves_outside_of_it() -> None:
    ours = parameters(3)
    optimizer = RULE.optimizer(ours)
    set_grads(ours, 0)
    optimizer.step()
    kept = optimizer._scratch.kept
    kept.clear()
    with torch.inference_mode():
        view = optimizer._scratch.like(ours[0])
    assert view is not None
    assert not any(scratch.is_inference() for scratch in kept.values())
