"""One step of every rule on a whole network, beside its torch twin on the same parameters: a group a rule.

No time is asserted. A rule in mlp_core/rules/ is found by itself.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch

from mlp_core import MLP, rules

SIZES = [64, 128, 64, 10]


def parameters(rule: Any) -> tuple[MLP, list[Any]]:
    """A network with gradients, and those of its parameters that the rule takes."""
    model = MLP(SIZES, generator=torch.Generator().manual_seed(0))
    model.flat_grad.copy_(torch.randn(len(model.flat), generator=torch.Generator().manual_seed(1)))
    return model, [p for p in model.parameters() if rule.ndims is None or p.ndim in rule.ndims]


@pytest.mark.parametrize("who", ["by hand", "torch"])
@pytest.mark.parametrize("name", rules.names())
def test_one_update(benchmark: Any, name: str, who: str) -> None:
    rule: Any = rules.get(name)()
    _model, taken = parameters(rule)
    optimizer = rule.optimizer(taken) if who == "by hand" else rule.twin(taken)
    if optimizer is None:
        pytest.skip("torch has no such rule")
    benchmark.group = f"{name}, {'-'.join(map(str, SIZES))}, {torch.get_num_threads()} thread(s)"
    for _ in range(3):  # first steps allocate state
        optimizer.step()
    benchmark(optimizer.step)
