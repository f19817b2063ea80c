"""The optimizer of a rule steps parameters that lie side by side as one flat segment, and only those."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import torch
from stepping import RULE, assert_same, parameters, set_grads, values
from torch import Tensor

from mlp_core import MLP, rules
from mlp_core.rules import RuleOptimizer, _segment


def segments(optimizer: RuleOptimizer, group: int = 0) -> list[int]:
    """How many parameters each segment of a group joins."""
    optimizer.step()
    return [len(segment.params) for segment in optimizer._segments[group].segments]


def test_one_segment_for_a_whole_model() -> None:
    model = MLP([3, 5, 4, 2])
    optimizer = RULE.optimizer(model.parameters())
    model.flat_grad.fill_(1.0)
    assert segments(optimizer) == [6]
    assert segments(RULE.optimizer(parameters(2, 3))) == []  # no gradients yet
    apart = parameters(2, 3)
    set_grads(apart, 0)
    assert segments(RULE.optimizer(apart)) == [1, 1]  # memory of their own


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


def test_parameters_part_when_their_padding_would_no_longer_rest() -> None:
    """eps becomes zero between two steps: from then on the padding's zero gradient would be divided by zero."""
    model = MLP([3, 5, 2], dtype=torch.float64)
    outside = torch.ones_like(model.flat)
    for view in model.layout.views(outside):
        view.fill_(0.0)
    optimizer = rules.get("adam")().optimizer(model.parameters())
    model.flat_grad.copy_(1 - outside)
    assert segments(optimizer) == [4]
    optimizer.param_groups[0]["eps"] = 0.0
    assert segments(optimizer) == [1, 1, 1, 1]
    assert not model.flat[outside == 1].any()


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
    """As torch's optimizers do: another tensor for a slot, another state, or none, which begins anew."""
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


def side_by_side(rule: Any, lay: Callable[[Tensor], list[Tensor]], size: int = 24) -> tuple[list[int], bool]:
    """The segments of parameters and gradients laid out by `lay`, and whether each moves as if it were alone."""
    buffers = [torch.linspace(1, 2, size, dtype=torch.float32) for _ in range(4)]
    joined, alone = ([torch.nn.Parameter(view) for view in lay(buffer)] for buffer in buffers[:2])
    for params, buffer in ((joined, buffers[2]), (alone, buffers[3])):
        for p, grad in zip(params, lay(buffer), strict=True):
            p.grad = grad
    optimizer, others = rule.optimizer(joined), [rule.optimizer([p]) for p in alone]
    for one in (optimizer, optimizer, *others, *others, *others):
        one.step()
    return segments(optimizer), [p.tolist() for p in joined] == [p.tolist() for p in alone]


LAID: dict[str, tuple[Callable[[Tensor], list[Tensor]], list[int]]] = {
    "one after the other": (lambda b: [b[:2], b[2:6].view(2, 2), b[6:7]], [3]),
    "the other way round": (lambda b: [b[2:4], b[:2]], [1, 1]),
    "a gap": (lambda b: [b[:2], b[3:5]], [1, 1]),
    "other memory that begins where the first ends": (lambda b: [b[:2], b.clone()[2:4]], [1, 1]),
    "the first a transpose": (lambda b: [b[:6].view(2, 3).t(), b[6:8]], [1, 1]),
    "the second a transpose": (lambda b: [b[:2], b[2:8].view(2, 3).t()], [1, 1]),
    "every other entry": (lambda b: [b[:8:2], b[4:6]], [1, 1]),
    "two dtypes": (lambda b: [b[:2], b.view(torch.float64)[2:4]], [1, 1]),
    "numbers without a dimension": (lambda b: [b[0], b[1]], [1, 1]),
    "a vector and a number": (lambda b: [b[:2], b[2]], [1, 1]),
    "a number and a vector": (lambda b: [b[0], b[1:3]], [1, 1]),
}


@pytest.mark.parametrize("rule", [RULE, rules.get("nadam")(lr=0.01)], ids=["sgd", "nadam"])
@pytest.mark.parametrize("case", LAID)
def test_what_lies_side_by_side_is_one_segment_and_nothing_else(case: str, rule: Any) -> None:
    lay, expected = LAID[case]
    assert side_by_side(rule, lay) == (expected, True)


def test_gradients_that_lie_apart_keep_parameters_apart() -> None:
    buffer, grads = torch.ones(4), torch.ones(5)
    params = [torch.nn.Parameter(buffer[:2]), torch.nn.Parameter(buffer[2:])]
    params[0].grad, params[1].grad = grads[:2], grads[3:]
    assert segments(RULE.optimizer(params)) == [1, 1]


def test_neighbours_of_one_age_whose_numbers_differ_stay_apart() -> None:
    """Both have taken two steps, at different betas: their products of momenta are not the same."""
    buffer, grads, ends = torch.ones(4), torch.ones(4), []
    for apart in (False, True):
        place = buffer.clone()
        params = [torch.nn.Parameter(place[:2]), torch.nn.Parameter(place[2:].clone() if apart else place[2:])]
        optimizer = rules.get("nadam")(lr=0.5).optimizer(params)
        for beta, first, second in ((0.5, True, False), (0.6, True, True), (0.7, False, True), (0.8, True, True)):
            optimizer.param_groups[0]["betas"] = (beta, 0.9)
            params[0].grad, params[1].grad = grads[:2] if first else None, grads[2:] if second else None
            optimizer.step()
        assert [optimizer.state[p]["step"] for p in params] == [3, 3]
        ends.append([p.tolist() for p in params])
    assert ends[0] == ends[1]


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


def test_what_segments_were_made_of_lives_as_long_as_they_do() -> None:
    """Else another tensor could be made in its place, with its number, and be taken for it."""
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
    assert len(blocks) == (1 if shared else 4)  # one number for the whole may be moved once a step
