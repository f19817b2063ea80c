"""The optimizer of a rule steps parameters that are adjacent in memory as one flat segment, and only those."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from stepped_rules import RULE, in_use, parameters, segments, set_grads, values
from torch import Tensor

from mlp_core import MLP, rules


def test_one_segment_for_a_whole_model() -> None:
    model = MLP([3, 5, 4, 2])
    optimizer = RULE.optimizer(model.parameters())
    model.flat_grad.fill_(1.0)
    assert segments(optimizer) == [6]
    assert segments(RULE.optimizer(parameters(2, 3))) == []  # no gradients yet
    apart = parameters(2, 3)
    set_grads(apart, 0)
    assert segments(RULE.optimizer(apart)) == [1, 1]  # memory of their own


def test_a_frozen_parameter_between_two_trained_ones_stays() -> None:
    model = MLP([3, 5, 4, 2], dtype=torch.float64)
    frozen = model.weights[1].detach().clone()
    optimizer = RULE.optimizer(p for p in model.parameters() if p is not model.weights[1])
    for step in range(3):
        model.flat_grad.copy_(values(len(model.flat), step))
        optimizer.step()
    assert torch.equal(model.weights[1], frozen)
    assert segments(optimizer) == [2, 3]


def test_the_padding_is_never_moved_away_from_zero() -> None:
    model = MLP([3, 5, 2], dtype=torch.float64)
    used = in_use(model)
    optimizer = RULE.optimizer(model.parameters())
    for step in range(3):
        model.flat_grad.copy_(values(len(used), step) * used)
        optimizer.step()
    assert not model.flat[used == 0].any()


def test_the_padding_stays_zero_where_a_zero_gradient_is_divided_by_zero() -> None:
    model = MLP([3, 5, 2], dtype=torch.float64)
    used = in_use(model)
    for eps, joined in ((1e-8, [4]), (0.0, [1, 1, 1, 1])):
        optimizer = rules.get("adam")(eps=eps).optimizer(model.parameters())
        model.flat_grad.copy_(used)
        assert segments(optimizer) == joined
        assert not model.flat[used == 0].any()


def test_parameters_part_when_their_padding_would_no_longer_rest() -> None:
    """eps becomes zero between two steps: from then on the padding's zero gradient would be divided by zero."""
    model = MLP([3, 5, 2], dtype=torch.float64)
    used = in_use(model)
    optimizer = rules.get("adam")().optimizer(model.parameters())
    model.flat_grad.copy_(used)
    assert segments(optimizer) == [4]
    optimizer.param_groups[0]["eps"] = 0.0
    assert segments(optimizer) == [1, 1, 1, 1]
    assert not model.flat[used == 0].any()


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
