"""Wrong functional rules: init(params) -> state, step(gradients, state, params) -> (params, state), in numpy."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from hypothesis import strategies as st

from mlp_core.testing import subjects
from mlp_core.testing.faults.catalogue import Catalogue

CATALOGUE = Catalogue()

HYPER = {"lr": st.floats(1e-2, 1), "momentum": st.floats(0.1, 0.9)}

FEW = 40

Arrays = list[Any]


def init(params: Arrays) -> Arrays:
    """Velocities that are zero."""
    return [0 * p for p in params]


def right(grads: Arrays, state: Arrays, params: Arrays, lr: float, momentum: float) -> tuple[Arrays, Arrays]:
    """v <- momentum v + g;  p <- p - lr v."""
    state = [momentum * v + g for v, g in zip(state, grads, strict=True)]
    return [p - lr * v for p, v in zip(params, state, strict=True)], state


def as_subject(step: Callable[..., Any], **options: Any) -> Any:
    """The subject of a step, with torch.optim.SGD as its reference."""
    return subjects.update(init, step, reference=torch.optim.SGD, hyperparameters=HYPER, **options)


def wrong(*laws: str, origin: str, claims: tuple[str, ...] = ()) -> Callable[[Any], Any]:
    subject = partial(as_subject, claims=claims)
    return CATALOGUE.caught_by(*laws, right=right, origin=origin, subject=subject, examples=FEW, init=init)


@wrong("leaves its arguments alone", origin="site: v *= momentum; v += g, in the arrays of the given state")
def moves_its_state_in_place(
    grads: Arrays, state: Arrays, params: Arrays, lr: float, momentum: float
) -> tuple[Arrays, Arrays]:  # fmt: skip
    """it changes the state that it is given in place"""
    for v, g in zip(state, grads, strict=True):
        v *= momentum
        v += g
    return [p - lr * v for p, v in zip(params, state, strict=True)], state


KEPT: dict[str, int] = {"steps": 0}


@wrong("repeats from the same start", origin="site: a step counter in a global, for a warm-up")
def warms_up_by_a_global(
    grads: Arrays, state: Arrays, params: Arrays, lr: float, momentum: float
) -> tuple[Arrays, Arrays]:  # fmt: skip
    """it counts steps in a global: a second run continues the count of the first"""
    KEPT["steps"] += 1
    return right(grads, state, params, lr * (1 + KEPT["steps"] % 97 / 97), momentum)


CACHE: dict[tuple[int, ...], Any] = {}


@wrong("goes on from a copy of its state", origin="site: a velocity cached with the id of the state's list as key")
def keeps_its_velocity_elsewhere(
    grads: Arrays, state: Arrays, params: Arrays, lr: float, momentum: float
) -> tuple[Arrays, Arrays]:  # fmt: skip
    """the velocity is not part of the state: a run from a copy begins with another velocity"""
    if not any(v.any() for v in state):
        CACHE.clear()
    kept = CACHE.get((len(grads),), [0 * g for g in grads])
    kept = [v if v.shape == g.shape else 0 * g for v, g in zip(kept, grads, strict=True)]
    new = [momentum * v + g for v, g in zip(kept, grads, strict=True)]
    CACHE[(len(grads),)] = new
    return [p - lr * v for p, v in zip(params, new, strict=True)], [0 * v + 1 for v in new]


@wrong("equals its reference", origin="autograd.misc.optimizers.sgd: the velocity is an average, (1 - mass) g")
def averages_its_gradients(
    grads: Arrays, state: Arrays, params: Arrays, lr: float, momentum: float
) -> tuple[Arrays, Arrays]:  # fmt: skip
    """the velocity is the average momentum v + (1 - momentum) g instead of momentum v + g"""
    return right([(1 - momentum) * g for g in grads], state, params, lr, momentum)
