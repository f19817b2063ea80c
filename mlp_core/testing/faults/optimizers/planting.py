"""Mistakes that any optimizer may have: they do something before and after each step of a correct optimizer.

Each is planted in one optimizer, and a law must catch it. A diagnosis tries it on the reference of the failing
optimizer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any

import torch
from annotated_types import Ge
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.rules import Typical
from mlp_core.testing import subjects
from mlp_core.testing.examples.scenario import Make
from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.optimizers.manners import HYPERPARAMETERS

PLANTED = Catalogue()
"""of generic_faults.py"""

FEW = 60

Around = Callable[[torch.optim.Optimizer], Iterator[None]]
"""what a mistake does before (up to its yield) and after a step of the given optimizer"""

Begun = Callable[[torch.optim.Optimizer], Around]
"""the same, from the optimizer at construction"""


@dataclass(frozen=True)
class Alteration:
    """A mistake in the form of code around the steps of any optimizer."""

    words: str
    name: str
    around: Begun
    """optimizer at construction -> the code around each of its steps; it may remember the initial state"""

    def __call__(self, make: Make) -> Make:
        """The same optimizer with the mistake."""

        def made(params: Any, **hyper: Any) -> torch.optim.Optimizer:
            return _attached(make(params, **hyper), self.around)

        return made


def _attached(optimizer: torch.optim.Optimizer, around: Begun) -> torch.optim.Optimizer:
    own, running = around(optimizer), list[Iterator[None]]()

    def before(_: Any, args: Any, kwargs: Any) -> None:
        running.append(own(optimizer))
        with torch.no_grad():
            next(running[-1])

    def after(_: Any, args: Any, kwargs: Any) -> None:
        with torch.no_grad():
            next(running.pop(), None)

    optimizer.register_step_pre_hook(before)
    optimizer.register_step_post_hook(after)
    return optimizer


ALTERATIONS: list[Alteration] = []

RATES: dict[str, Any] = {
    "lr": Annotated[float, Ge(0), Typical(1e-3, 1)],
    "momentum": st.floats(0.3, 0.99),
    "dampening": st.floats(0.1, 0.9),
    "weight_decay": Annotated[float, Ge(0), Typical(1e-3, 1)],
}


def planted(
    *laws: str, origin: str, on: Any = torch.optim.Adam, examples: int = FEW, every: bool = True
) -> Callable[[Begun], Make]:
    """Enter `around` as a mistake, planted in an optimizer; as one of `every` optimizer if it needs nothing special."""
    hyper = HYPERPARAMETERS if on is torch.optim.Adam else RATES
    claims = ["coordinatewise", "odd", "descends"]

    def enter(around: Begun) -> Make:
        alteration = Alteration(" ".join((around.__doc__ or "").split()), around.__name__, around)
        if every:
            ALTERATIONS.append(alteration)

        @wraps(around, assigned=("__module__", "__name__", "__qualname__", "__doc__"), updated=())
        def make(params: Any, **hyper: Any) -> torch.optim.Optimizer:
            return alteration(on)(params, **hyper)

        del make.__wrapped__  # its signature is not that of `around`
        wrong = PLANTED.caught_by(
            *laws, right=on, origin=origin, examples=examples,
            subject=lambda thing: subjects.optimizer(thing, on, hyper, claims),
        )  # fmt: skip
        wrong(make)
        return make

    return enter


def every(optimizer: torch.optim.Optimizer) -> list[Tensor]:
    """All parameters."""
    return [p for group in optimizer.param_groups for p in group["params"]]


@contextmanager
def instead(optimizer: torch.optim.Optimizer, gradients: list[Tensor | None]) -> Iterator[None]:
    """A context in which the parameters have other gradients."""
    own = [p.grad for p in every(optimizer)]
    for p, g in zip(every(optimizer), gradients, strict=True):
        p.grad = g
    yield
    for p, g in zip(every(optimizer), own, strict=True):
        p.grad = g


def from_gradients(change: Callable[[list[Tensor | None]], list[Tensor | None]]) -> Around:
    """Steps with changed gradients."""

    def around(optimizer: torch.optim.Optimizer) -> Iterator[None]:
        with instead(optimizer, change([p.grad for p in every(optimizer)])):
            yield

    return around


def each(change: Callable[[Tensor], Tensor]) -> Around:
    """Steps in which every gradient is changed separately."""
    return from_gradients(lambda gradients: [None if g is None else change(g) for g in gradients])
