"""A random optimizer is reported once, with a remedy. One that draws without effect is not; one that seeds again is."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.testing import Report, laws, subjects, verify
from mlp_core.testing.engine import runner
from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.faults.optimizers.adam import Adam
from mlp_core.testing.laws.optimizers.book import RANDOM, REPEATS


@pytest.fixture(autouse=True)
def unshrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "SHRINKS", 0)  # how small a counterexample gets is not looked at here


def verified(change: Callable[[Tensor], Tensor], *, reference: bool = False) -> Report:
    """Adam with something done to its update."""

    class Changed(Adam):
        def apply(self, p: Tensor, h: dict[str, Any], update: Tensor) -> None:
            super().apply(p, h, change(update))

    rates = {"lr": st.floats(1e-3, 0.1)}
    with globals_kept():
        return verify(subjects.optimizer(Changed, Adam if reference else None, rates), examples=20)


numpys = np.random.default_rng()
unseeded = torch.Generator()
unseeded.seed()
before = [0.0]


def remembers(update: Tensor) -> Tensor:
    before[0] = (before[0] + 0.377) % 1
    return update * (1 + before[0])


DEPENDING: dict[str, Callable[[Tensor], Tensor]] = {
    "noise": lambda u: u + 1e-3 * torch.randn_like(u), "a little": lambda u: u * (1 + 1e-9 * torch.rand_like(u)),
    "dropout": lambda u: torch.nn.functional.dropout(u, 0.5), "a half": lambda u: u * (torch.rand_like(u) < 0.5),
    "Python's": lambda u: u * random.random(), "a whole step": lambda u: u * (random.random() < 0.7),  # noqa: S311
    "of one entry": lambda u: u + 1e-3 * torch.rand(()) * (torch.arange(u.numel()).view(u.shape) == 0),
    "numpy's, without a seed": lambda u: u * (1 + 0.1 * numpys.random()), "memory of other runs": remembers,
    "a permutation": lambda u: u.flatten()[torch.randperm(u.numel())].view(u.shape),
    "a generator without a seed": lambda u: u * torch.rand((), generator=unseeded),
}  # fmt: skip


@pytest.mark.parametrize("change", DEPENDING.values(), ids=DEPENDING)
@pytest.mark.parametrize("reference", [False, True], ids=["bare", "with a reference"])
def test_a_random_optimizer_is_told_so_once(change: Callable[[Tensor], Tensor], reference: bool) -> None:
    report = verified(change, reference=reference)
    (told,) = (r for r in report.results if r.verdict in ("FAIL", "UNTESTED"))
    assert told.law == REPEATS
    assert "it is random (" in told.reason
    assert "its own generator, seeded in its constructor" in told.reason
    others = {r.reason for r in report.results if r.law != REPEATS and r.verdict == "SKIP"}
    assert RANDOM in others
    assert not [r.law for r in report.results if r.verdict == "PASS"]


def seeding(update: Tensor) -> Tensor:
    torch.manual_seed(3)
    return update * torch.rand_like(update)


def of_its_own(update: Tensor) -> Tensor:
    return update + 1e-3 * torch.rand(update.shape, generator=torch.Generator().manual_seed(0), dtype=update.dtype)


def drawing(draw: Callable[[], object]) -> Callable[[Tensor], Tensor]:
    def change(update: Tensor) -> Tensor:
        draw()
        return update

    return change


FINE: dict[str, Callable[[Tensor], Tensor]] = {
    "torch.rand": drawing(lambda: torch.rand(3)), "torch.randn": drawing(lambda: torch.randn(2, 2)),
    "torch.randperm": drawing(lambda: torch.randperm(5)), "a module": drawing(lambda: torch.nn.Linear(2, 2)),
    "random.random": drawing(random.random), "random.shuffle": drawing(lambda: random.shuffle([1, 2, 3])),
    "in place": drawing(lambda: torch.empty(4).uniform_()), "bernoulli": drawing(lambda: torch.ones(2).bernoulli(0.5)),
    "dropout of zeros": lambda u: u + torch.nn.functional.dropout(torch.zeros_like(u), 0.5),
    "numpy": drawing(numpys.random), "a generator of its own": of_its_own,
}  # fmt: skip


@pytest.mark.parametrize("change", FINE.values(), ids=FINE)
def test_drawing_without_effect_is_not_held_against_it(change: Callable[[Tensor], Tensor]) -> None:
    report = verified(change)
    assert report.ok, [r.text() for r in report.results if r.verdict in ("FAIL", "UNTESTED")]


def test_that_it_draws_is_told() -> None:
    reasons = {r.law: r.reason for r in verified(FINE["torch.rand"]).results}
    assert reasons[REPEATS] == "it draws from torch's generator; no step depends on the draws"


@pytest.mark.parametrize("change", [seeding, drawing(lambda: torch.manual_seed(0)), drawing(lambda: random.seed(0))])
def test_seeding_what_all_draw_from_is_held_against_it(change: Callable[[Tensor], Tensor]) -> None:
    (told,) = (r for r in verified(change).results if r.verdict == "FAIL")
    assert (told.law, told.got) == (REPEATS, "seeded anew")
    assert told.where.startswith("the generator of ")


def test_what_raises_is_not_called_random() -> None:
    class Raises(Adam):
        def begin(self, group: dict[str, Any]) -> None:
            raise RuntimeError("not written yet")

    reasons = {r.reason for r in verify(Raises, examples=2).results if r.verdict == "SKIP"}
    assert RANDOM not in reasons
    assert {law.name for law in laws(Raises)} >= {REPEATS}
