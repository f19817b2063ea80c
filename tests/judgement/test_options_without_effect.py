"""Hyperparameters that an optimizer takes and never reads, with as few examples as the pages run: it is not lawful."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import strategies as st

from mlp_core.testing import Report, subjects, verify

LAW = "uses every hyperparameter"
DRAWN = {
    "lr": st.floats(1e-4, 1e-1), "beta": st.floats(0.1, 0.95), "beta2": st.floats(0.5, 0.999),
    "eps": st.floats(1e-8, 1e-2), "weight_decay": st.floats(0.0, 0.1),
}  # fmt: skip


def adam(**fixed: float) -> type[torch.optim.Optimizer]:
    """Adam without bias correction, in which some hyperparameters are constants."""

    class Written(torch.optim.Optimizer):
        def __init__(
            self, params: Any, lr: float = 1e-3, beta: float = 0.9, beta2: float = 0.99, eps: float = 1e-6,
            weight_decay: float = 0.0,
        ) -> None:  # fmt: skip
            super().__init__(
                params, {"lr": lr, "beta": beta, "beta2": beta2, "eps": eps, "weight_decay": weight_decay}
            )

        @torch.no_grad()
        def step(self, closure: Any = None) -> None:  # type: ignore[override]
            for group in self.param_groups:
                now = {**group, **fixed}
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    m, v = (self.state[p].setdefault(name, torch.zeros_like(p)) for name in ("m", "v"))
                    d = p.grad + now["weight_decay"] * p
                    m.mul_(now["beta"]).add_(d, alpha=1 - now["beta"])
                    v.mul_(now["beta2"]).addcmul_(d, d, value=1 - now["beta2"])
                    p.sub_(now["lr"] * m / (v.sqrt() + now["eps"]))

    return Written


def judged(seed: int, **fixed: float) -> Report:
    return verify(subjects.optimizer(adam(**fixed), hyperparameters=DRAWN), examples=20, seed=seed)


@pytest.mark.parametrize("name", ["beta", "beta2", "eps", "weight_decay"])
def test_one_that_is_never_read_is_untested(name: str) -> None:
    report = judged(0, **{name: 0.01})
    (found,) = [r for r in report.results if r.law == LAW]
    assert found.verdict == "UNTESTED"
    assert name in found.reason
    assert not report.ok


@pytest.mark.parametrize("seed", range(3))
def test_if_all_are_read_it_is_lawful(seed: int) -> None:
    assert judged(seed).ok
