"""The update alone: every rule beside torch's single, foreach and fused implementation, as far as torch has them.

Ours steps the parameters of an MLP, which are adjacent in memory; torch's steps separate tensors, as in an nn.Module.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import torch
from rounds import OURS, REPLAY, Figures, figures

from mlp_core import MLP, rules

ROUNDS, REPEATS = 15, 20

NETWORKS = {"1.6 million": [3072, 512, 128, 32, 2], "20 tensors": [64] * 11}
HYPERPARAMETERS = {"sgd": {"lr": 1e-4, "momentum": 0.9, "weight_decay": 0.01}}
"""where a rule's own defaults leave out what people use"""

TORCHS: dict[str, dict[str, bool]] = {
    "torch, single": {"foreach": False}, "torch, foreach": {"foreach": True}, "torch, fused": {"fused": True},
}  # fmt: skip


PAIRS = [(rule, "20 tensors") for rule in rules.names()] + [(rule, "1.6 million") for rule in ("sgd", "adam")]
"""a rule and a network: the large one is for the two rules that people ask for"""


def made(name: str) -> Any:
    return rules.get(name)(**HYPERPARAMETERS.get(name, {}))


def taken(rule: Any, sizes: list[int]) -> tuple[MLP, list[Any]]:
    """A network with gradients, and those of its parameters that the rule takes."""
    model = MLP(sizes)
    model.flat_grad.copy_(torch.randn(len(model.flat), generator=torch.Generator().manual_seed(1)) / 1000)
    return model, [p for p in model.parameters() if rule.ndims is None or p.ndim in rule.ndims]


def repeated(step: Callable[[], object]) -> Callable[[], None]:
    def steps() -> None:
        for _ in range(REPEATS):
            step()

    return steps


def of_ours(name: str, network: str) -> Callable[[], None]:
    rule = made(name)
    _, params = taken(rule, NETWORKS[network])
    return repeated(rule.optimizer(params).step)


def by_torch(rule: Any, sizes: list[int], implementation: dict[str, bool]) -> Callable[[], None]:
    """The rule's twin, remade with another implementation of the same class."""
    params = []
    for p in taken(rule, sizes)[1]:
        q = torch.nn.Parameter(p.detach().clone())
        q.grad = p.grad.clone()
        params.append(q)
    twin = rule.twin(params)
    if twin is None:
        raise LookupError(f"torch has no {type(rule).__name__}")
    chosen = {"foreach": None, "fused": None, **implementation}
    known = inspect.signature(type(twin)).parameters  # some defaults are no arguments
    options = {key: chosen.get(key, value) for key, value in twin.defaults.items() if key in known}
    if not implementation.keys() <= options.keys():
        raise LookupError(f"torch's {type(twin).__name__} has no {' '.join(implementation)} implementation")
    return repeated(type(twin)(params, **options).step)


@cache
def measured(name: str, network: str) -> Figures:
    rule, sizes = made(name), NETWORKS[network]
    makers = {OURS: lambda: of_ours(name, network)}
    makers |= {peer: lambda chosen=chosen: by_torch(rule, sizes, chosen) for peer, chosen in TORCHS.items()}  # type: ignore[misc]
    group = f"an update: {name}, {network}"
    return figures(group, makers, rounds=ROUNDS, repeats=REPEATS, kind="an update", shape=f"{name}, {network}")


@pytest.mark.benchmark(timer=REPLAY)
@pytest.mark.parametrize(("rule", "network"), PAIRS)
@pytest.mark.parametrize("name", [OURS, *TORCHS])
def test_an_update(benchmark: Any, rule: str, network: str, name: str) -> None:
    measured(rule, network).hand_to(benchmark, name)
