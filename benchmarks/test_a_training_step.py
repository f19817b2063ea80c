"""The backprop loop: a whole training step of fit, beside its floor and all contenders.

Two threads, float32. No time is asserted: the ratios go to the table and the pictures of `nox -s bench`.
"""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import pytest
from rounds import OURS, REPLAY, Figures, figures
from steps import Shape, by_compile, by_func, by_jax, by_torch, floor, ours

ROUNDS = 15

SHAPES = [
    Shape((3072, 512, 128, 32, 2), 256, 8, 2), Shape((3072, 512, 128, 32, 2), 32, 20, 3),
    Shape((784, 256, 256, 10), 128, 20, 4), Shape((8, 16, 8, 4), 8, 100, 5), Shape((32,) * 21, 16, 40, 5),
    Shape((3, 4, 2), 1, 100, 5),
]  # fmt: skip

PEERS = {
    OURS: ours, "floor": floor,
    "torch, SGD single": by_torch(foreach=False), "torch, SGD foreach": by_torch(foreach=True),
    "torch, SGD fused": by_torch(fused=True), "torch.func": by_func, "torch.compile": by_compile, "jax.jit": by_jax,
}  # fmt: skip

BY_SIZE = [Shape((n, n, n, 10), 64, 10, max(1, 2048 // n // 10)) for n in (16, 32, 64, 128, 256, 512, 1024)]
BY_DEPTH = [Shape((32,) * (depth + 1), 16, 20, 5) for depth in (1, 2, 4, 8, 16, 32)]
BY_BATCH = [Shape((64, 64, 64, 10), batch, 20, 3) for batch in (1, 4, 16, 64, 256, 1024)]
SCALING = {"parameters": BY_SIZE, "depth": BY_DEPTH, "batch": BY_BATCH}
THREE = (OURS, "floor", "torch, SGD fused")


@cache
def measured(shape: Shape, names: tuple[str, ...], kind: str) -> Figures:
    makers: Any = {name: partial(PEERS[name], shape) for name in names}
    parameters = sum(n * m + m for n, m in zip(shape.sizes, shape.sizes[1:], strict=False))
    return figures(
        f"{kind}: {shape}", makers, rounds=ROUNDS, repeats=shape.steps,
        kind=kind, shape=str(shape), parameters=parameters, depth=len(shape.sizes) - 1, batch=shape.batch,
    )  # fmt: skip


@pytest.mark.benchmark(timer=REPLAY)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", PEERS)
def test_a_training_step(benchmark: Any, shape: Shape, name: str) -> None:
    measured(shape, tuple(PEERS), "a training step").hand_to(benchmark, name)


@pytest.mark.benchmark(timer=REPLAY)
@pytest.mark.parametrize(("by", "shape"), [(by, s) for by, shapes in SCALING.items() for s in shapes], ids=str)
@pytest.mark.parametrize("name", THREE)
def test_scaling(benchmark: Any, by: str, shape: Shape, name: str) -> None:
    measured(shape, THREE, f"scaling with {by}").hand_to(benchmark, name)
