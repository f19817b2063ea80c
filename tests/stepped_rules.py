"""Shared by tests of the optimizer: a rule, parameters, the gradients of each step, and what is stepped together."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mlp_core import MLP, rules
from mlp_core.rules import RuleOptimizer

SGD: Any = rules.get("sgd")
RULE = SGD(lr=0.25, momentum=0.5, weight_decay=0.125)


def values(size: int, seed: int) -> Tensor:
    return torch.randn(size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def parameters(*sizes: int) -> list[torch.nn.Parameter]:
    return [torch.nn.Parameter(values(n, seed)) for seed, n in enumerate(sizes)]


def set_grads(params: list[Any], step: int) -> None:
    for k, p in enumerate(params):
        p.grad = values(p.numel(), 100 * step + k).view(p.shape).to(p.dtype)


def assert_same(ours: list[Any], theirs: list[Any]) -> None:
    assert [p.tolist() for p in ours] == [p.tolist() for p in theirs]


def segments(optimizer: RuleOptimizer, group: int = 0) -> list[int]:
    """How many parameters each segment of a group joins."""
    optimizer.step()
    return [len(segment.params) for segment in optimizer._segments[group].segments]


def in_use(model: MLP) -> Tensor:
    """1 for the parameters in the model's buffer, 0 for the padding."""
    used = torch.zeros_like(model.flat)
    for view in model.layout.views(used):
        view.fill_(1.0)
    return used
