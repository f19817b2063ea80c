"""A gradient check of every entry, in float64, beside torch's own and scipy's forward differences."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import torch
from rounds import OURS, REPLAY, Figures, figures
from torch import Tensor
from torch.func import functional_call

from mlp_core import MLP, gradcheck, losses

ROUNDS = 5

NETWORKS = {"32-64-32-4": [32, 64, 32, 4], "8-16-8-4": [8, 16, 8, 4]}
BATCH = 16


def problem(sizes: list[int]) -> tuple[MLP, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    model = MLP(sizes, "tanh", dtype=torch.float64)
    x, y = (torch.randn(BATCH, n, generator=generator, dtype=torch.float64) for n in (sizes[0], sizes[-1]))
    return model, x, y


def by_check_model(sizes: list[int]) -> Callable[[], float]:
    model, x, y = problem(sizes)
    return lambda: gradcheck.check_model(model, x, y, "mse").worst


def by_torch(sizes: list[int], *, fast_mode: bool) -> Callable[[], bool]:
    model, x, y = problem(sizes)
    names = [name for name, _ in model.named_parameters()]
    params = tuple(p.detach().clone().requires_grad_() for p in model.parameters())

    def loss(*params: Tensor) -> Tensor:
        return losses.get("mse").value(functional_call(model, dict(zip(names, params, strict=True)), (x,)), y)

    return lambda: torch.autograd.gradcheck(loss, params, fast_mode=fast_mode)


def by_scipy(sizes: list[int]) -> Callable[[], Any]:
    from scipy.optimize import approx_fprime

    model, x, y = problem(sizes)
    start = model.flat.numpy().copy()

    def loss(flat: Any) -> float:
        with torch.no_grad():
            model.flat.copy_(torch.from_numpy(flat))
            return losses.get("mse").value(model(x), y).item()

    return lambda: approx_fprime(start, loss)


@cache
def measured(network: str) -> Figures:
    sizes = NETWORKS[network]
    makers: dict[str, Any] = {
        OURS: lambda: by_check_model(sizes), "torch gradcheck": lambda: by_torch(sizes, fast_mode=False),
        "torch gradcheck, fast mode (one direction)": lambda: by_torch(sizes, fast_mode=True),
        "scipy approx_fprime (one side)": lambda: by_scipy(sizes),
    }  # fmt: skip
    group = f"a gradient check: {network}"
    return figures(group, makers, rounds=ROUNDS, repeats=1, kind="a gradient check", shape=f"tanh {network}, batch 16")


PEERS = (OURS, "torch gradcheck", "torch gradcheck, fast mode (one direction)", "scipy approx_fprime (one side)")


@pytest.mark.benchmark(timer=REPLAY)
@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("name", PEERS)
def test_a_gradient_check(benchmark: Any, network: str, name: str) -> None:
    measured(network).hand_to(benchmark, name)
