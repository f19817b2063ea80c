"""How much a training step asks of torch: operations and new tensors, which no machine's mood changes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch
from stepped_rules import RULE
from torch.profiler import ProfilerActivity, profile
from torch.utils._python_dispatch import TorchDispatchMode

from mlp_core import MLP, fit, rules

BATCH = 4


class Counted(TorchDispatchMode):
    """Counts the operations that torch dispatches, and those of them that return a tensor of its own memory."""

    def __init__(self) -> None:
        super().__init__()
        self.operations, self.tensors = Counter[str](), Counter[str]()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        self.operations[name] += 1
        self.tensors[name] += sum(returned.alias_info is None for returned in func._schema.returns)
        return func(*args, **(kwargs or {}))


def of_a_step(*sizes: int) -> tuple[Counter[str], Counter[str]]:
    """The calls that one more batch needs in `fit`."""
    counts = []
    for batches in (2, 3):
        model = MLP(sizes)
        x, y = torch.ones(BATCH * batches, sizes[0]), torch.zeros(BATCH * batches, dtype=torch.int64)
        with Counted() as counted:
            fit(model, x, y, loss="cross_entropy", rule=RULE, epochs=1, batch_size=BATCH)
        counts.append(counted)
    fewer, more = counts
    return more.operations - fewer.operations, more.tensors - fewer.tensors


@pytest.mark.parametrize("depth", [2, 3, 20])
def test_a_step_is_its_formulas_and_nothing_else(depth: int) -> None:
    operations, tensors = of_a_step(*[3] * (depth + 1))
    layers = {
        "addmm": depth, "relu_": depth - 1,  # z[l], a[l]
        "threshold_backward": depth - 1, "mm": 2 * depth - 1,  # delta[l], dL/dW[l]
        "sum": 2,  # dL/db[L], and of all layers below at once, which are of one shape
    }  # fmt: skip
    loss = {"_log_softmax": 1, "nll_loss": 1, "_log_softmax_backward_data": 1}
    update = {"add": 1, "addcmul": 1, "add_": 1}  # g + wd p;  v <- mu v + (g + wd p);  p <- p - lr v
    assert operations == Counter({**layers, **loss, **update})
    assert not +tensors  # all into memory that is there


def test_a_step_of_8_16_8_4_is_21_operations() -> None:
    operations, _ = of_a_step(8, 16, 8, 4)
    assert operations.total() == 21


def allocated(batches: int) -> int:
    """How often `fit` on so many batches takes memory of the CPU."""
    model = MLP([8, 16, 8, 4])
    x, y = torch.ones(8 * batches, 8), torch.zeros(8 * batches, dtype=torch.int64)
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        fit(model, x, y, loss="cross_entropy", rule=RULE, epochs=1, batch_size=8)
    return sum(event.name == "[memory]" for event in profiled.events())


def test_a_step_takes_no_memory() -> None:
    assert 0 < allocated(3) == allocated(30)


@pytest.mark.parametrize("name", rules.names())
def test_an_update_does_not_grow_with_the_depth(name: str) -> None:
    rule: Any = rules.get(name)()
    if rule.per_tensor:
        pytest.skip(f"{name} needs the shape of each parameter")
    asked = []
    for depth in (2, 20):
        model = MLP([3] * (depth + 1))
        optimizer = rule.optimizer(model.parameters())
        model.flat_grad.fill_(0.5)
        optimizer.step()  # makes its state
        with Counted() as counted:
            optimizer.step()
        asked.append((counted.operations, counted.tensors))
    assert asked[0] == asked[1]
