"""Segments are kept from step to step, follow everything that replaces gradients and state, and step in blocks."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
import torch
from stepped_rules import RULE, assert_same, parameters, segments, set_grads, values
from torch import Tensor

from mlp_core import MLP, rules
from mlp_core.rules import RuleOptimizer, _segment


def test_segments_are_kept_while_nothing_moves() -> None:
    model = MLP([3, 2])
    optimizer = RULE.optimizer(model.parameters())
    model.flat_grad.fill_(1.0)
    optimizer.step()
    kept = optimizer._segments[0].segments
    optimizer.step()
    assert optimizer._segments[0].segments is kept
    model.weights[0].grad = torch.ones(2, 3)
    optimizer.step()
    assert optimizer._segments[0].segments is not kept


def step_both(model: MLP, optimizer: RuleOptimizer, theirs: list[Any], twin: torch.optim.Optimizer) -> None:
    for p, q in zip(model.parameters(), theirs, strict=True):
        q.grad = None if p.grad is None else p.grad.clone()
    optimizer.step()
    twin.step()
    assert_same(list(model.parameters()), theirs)


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


def test_new_gradients_of_parameters_that_lie_apart_renew_their_segments() -> None:
    ours, theirs = parameters(2, 3), parameters(2, 3)
    optimizer, twin = RULE.optimizer(ours), RULE.twin(theirs)
    for step in range(3):
        set_grads(ours, step)  # fresh memory every time
        set_grads(theirs, step)
        optimizer.step()
        twin.step()
        assert_same(ours, theirs)
        if step == 0:
            kept = optimizer._segments[0].segments
        assert optimizer._segments[0].segments is kept
    for p in (ours[0], theirs[0]):
        p.grad = None  # another set of parameters is another set of segments
    optimizer.step()
    twin.step()
    assert_same(ours, theirs)
    assert [len(segment.params) for segment in optimizer._segments[0].segments] == [1]


def test_state_that_somebody_else_puts_there_is_followed() -> None:
    """As torch's optimizers do: another tensor for a slot, another state, or none, which begins again."""
    own, theirs = (MLP([3, 5, 2], dtype=torch.float64) for _ in range(2))
    optimizer, twin = RULE.optimizer(own.parameters()), RULE.twin(theirs.parameters())
    pairs = list(zip(own.parameters(), theirs.parameters(), strict=True))

    def step(number: int) -> None:
        for model in (own, theirs):
            model.flat_grad.copy_(values(len(model.flat), number))
        optimizer.step()
        twin.step()
        assert_same(list(own.parameters()), list(theirs.parameters()))

    step(0)
    for p, q in pairs[:1]:
        optimizer.state[p]["momentum_buffer"] = torch.ones_like(p)
        twin.state[q]["momentum_buffer"] = torch.ones_like(q)
    step(1)
    for p, q in pairs[1:2]:
        optimizer.state[p] = {"step": 7, "momentum_buffer": torch.ones_like(p)}
        twin.state[q] = {"momentum_buffer": torch.ones_like(q)}
    step(2)
    optimizer.state.clear()
    twin.state.clear()
    step(3)
    step(4)


def test_what_segments_were_made_of_lives_as_long_as_they_do() -> None:
    """Else another tensor could be made in its place, with its number, and be confused with it."""
    buffer, gradients = values(4, 0), values(4, 1)
    params = [torch.nn.Parameter(buffer[:2]), torch.nn.Parameter(buffer[2:])]  # one segment
    optimizer = RULE.optimizer(params)
    for p, rows in zip(params, (slice(2), slice(2, 4)), strict=True):
        p.grad = gradients[rows]
    optimizer.step()
    gradient = weakref.ref(params[0].grad)
    params[0].grad = None
    gc.collect()
    assert gradient() is not None
    set_grads(params, 1)
    optimizer.step()
    gc.collect()
    assert gradient() is None


@pytest.mark.parametrize("name", [name for name in rules.names() if not rules.get(name).per_tensor])
def test_a_large_parameter_is_stepped_in_blocks_to_the_same_bits(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 64 entries, the last one shorter, beside the whole: parameters, state and counts."""
    whole, cut = ([torch.nn.Parameter(values(200, 0))] for _ in range(2))
    optimizers = [rules.get(name)().optimizer(params) for params in (whole, cut)]
    for step in range(3):
        for params, optimizer, block in zip((whole, cut), optimizers, (_segment.BLOCK, 64 * 8), strict=True):
            monkeypatch.setattr(_segment, "BLOCK", block)
            params[0].grad = values(200, step + 1)
            optimizer.step()
        assert_same(cut, whole)
    blocks = optimizers[1]._segments[0].segments[0].blocks
    states = [optimizer.state[params[0]] for params, optimizer in zip((whole, cut), optimizers, strict=True)]
    assert_same(*([value for value in state.values() if isinstance(value, Tensor)] for state in states))
    assert states[1]["step"] == 3
    shared = any(isinstance(v, Tensor) and v.ndim == 0 for v in states[1].values())
    assert len(blocks) == (1 if shared else 4)  # one number for the whole may be moved once per step


@pytest.mark.parametrize("name", [name for name in rules.names() if rules.get(name).per_tensor])
def test_a_rule_that_needs_the_shape_takes_no_blocks(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = ([torch.nn.Parameter(values(200, 0).view(10, 20))] for _ in range(2))
    rule = rules.get(name)()
    optimizer, twin = rule.optimizer(ours), rule.twin(theirs)
    assert twin is not None
    monkeypatch.setattr(_segment, "BLOCK", 64 * 8)
    for step in range(3):
        for params in (ours, theirs):
            params[0].grad = values(200, step + 1).view(10, 20)
        optimizer.step()
        twin.step()
        assert_same(ours, theirs)
