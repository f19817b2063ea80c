"""One training step by hand beside nn.Module, autograd and torch.optim.SGD: same weights, same batch, same run.

No time is asserted: the table puts the two beside each other, a group a shape.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mlp_core import MLP, backprop, losses, rules

RULE: Any = rules.get("sgd")(lr=1e-4, momentum=0.9, weight_decay=0.01)
LOSS = losses.get("cross_entropy")
SHAPES = [([8, 16, 8, 4], 8), ([784, 256, 256, 10], 128), ([3072, 512, 128, 32, 2], 256)]


def batch(sizes: list[int], rows: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(rows, sizes[0], generator=generator), torch.randint(sizes[-1], (rows,), generator=generator)


def by_hand(sizes: list[int], rows: int) -> Callable[[], None]:
    """What `fit` does for one batch."""
    model, (x, y) = MLP(sizes), batch(sizes, rows)
    optimizer = RULE.optimizer(model.parameters())

    def step() -> None:
        with torch.no_grad():
            trace = model.trace(x)
            _, dL_dy = LOSS.value(trace.output, y), LOSS.grad(trace.output, y)
        backprop(model, trace, dL_dy)
        optimizer.step()

    return step


def by_torch(sizes: list[int], rows: int) -> Callable[[], None]:
    """The usual loop over the usual module, with torch's own choice of SGD implementation."""
    with torch.random.fork_rng():  # nn.Linear draws its weights from the global generator
        layers = [layer for n, m in pairwise(sizes) for layer in (nn.Linear(n, m), nn.ReLU())]
    model, (x, y) = nn.Sequential(*layers[:-1]), batch(sizes, rows)
    optimizer = torch.optim.SGD(model.parameters(), RULE.lr, RULE.momentum, weight_decay=RULE.weight_decay)

    def step() -> None:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()

    return step


@pytest.mark.parametrize("loop", [by_hand, by_torch])
@pytest.mark.parametrize(("sizes", "rows"), SHAPES, ids=["-".join(map(str, s)) + f" batch {b}" for s, b in SHAPES])
def test_one_training_step(benchmark: Any, sizes: list[int], rows: int, loop: Callable[..., Any]) -> None:
    benchmark.group = f"{'-'.join(map(str, sizes))}, batch {rows}, {torch.get_num_threads()} thread(s)"
    step = loop(sizes, rows)
    for _ in range(3):  # first steps allocate state
        step()
    benchmark(step)
