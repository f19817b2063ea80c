"""The optimizer of a rule steps parameters that lie side by side as one flat segment, and only those."""

from __future__ import annotations

from typing import Any

import torch
from stepping import RULE, assert_same, parameters, set_grads, values

from mlp_core import MLP, rules
from mlp_core.rules import RuleOptimizer


def segments(optimizer: RuleOptimizer, group: int = 0) -> list[int]:
    """How many parameters each segment of a group joins."""
    optimizer.step()
    return [len(segment.params) for segment in optimizer._segments[group][1]]


def test_one_segment_for_a_whole_model() -> None:
    model = MLP([3, 5, 4, 2])
    optimizer = RULE.optimizer(model.parameters())
    model.flat_grad.fill_(1.0)
    assert segments(optimizer) == [6]
    assert segments(RULE.optimizer(parameters(2, 3))) == []  # no gradients yet
    apart = parameters(2, 3)
    set_grads(apart, 0)
    assert segments(RULE.optimizer(apart)) == [1, 1]  # memory of their own


def step_both(model: MLP, optimizer: RuleOptimizer, theirs: list[Any], twin: torch.optim.Optimizer) -> None:
    for p, q in zip(model.parameters(), theirs, strict=True):
        q.grad = None if p.grad is None else p.grad.clone()
    optimizer.step()
    twin.step()
    assert_same(list(model.parameters()), theirs)


def test_a_frozen_parameter_between_two_trained_ones_stays() -> None:
    model = MLP([3, 5, 4, 2], dtype=torch.float64)
    frozen = model.weights[1].detach().clone()
    optimizer = RULE.optimizer(p for p in model.parameters() if p is not model.weights[1])
    for step in range(3):
        model.flat_grad.copy_(values(len(model.flat), step))
        optimizer.step()
    assert torch.equal(model.weights[1], frozen)
    assert segments(optimizer) == [2, 3]


def test_grads_that_autograd_put_elsewhere_are_followed() -> None:
    model = MLP([3, 5, 2], dtype=torch.float64)
    theirs = [torch.nn.Parameter(p.detach().clone()) for p in model.parameters()]
    optimizer, twin = RULE.optimizer(model.parameters()), RULE.twin(theirs)
    model.flat_grad.copy_(values(len(model.flat), 0))
    step_both(model, optimizer, theirs, twin)
    for step in (1, 2):
        set_grads(list(model.parameters()), step)  # fresh memory every time
        step_both(model, optimizer, theirs, twin)
    model.flat_grad.mul_(0.5)  # back in the buffer
    step_both(model, optimizer, theirs, twin)
    assert segments(optimizer) == [4]


def test_the_padding_is_never_moved_away_from_zero() -> None:
    model = MLP([3, 5, 2], dtype=torch.float64)
    used = torch.zeros_like(model.flat)
    for view in model.layout.views(used):
        view.fill_(1.0)
    optimizer = RULE.optimizer(model.parameters())
    for step in range(3):
        model.flat_grad.copy_(values(len(used), step) * used)
        optimizer.step()
    assert not model.flat[used == 0].any()


def test_the_padding_stays_zero_where_a_zero_gradient_is_divided_by_zero() -> None:
    model = MLP([3, 5, 2], dtype=torch.float64)
    outside = torch.ones_like(model.flat)
    for view in model.layout.views(outside):
        view.fill_(0.0)
    for eps, joined in ((1e-8, [4]), (0.0, [1, 1, 1, 1])):
        optimizer = rules.get("adam")(eps=eps).optimizer(model.parameters())
        model.flat_grad.copy_(1 - outside)
        assert segments(optimizer) == joined
        assert not model.flat[outside == 1].any()
