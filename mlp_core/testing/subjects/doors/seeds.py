"""Random numbers of foreign code: drawing them is detected, and from then on they are the same every time."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any

import numpy as np
import torch

from mlp_core.testing.engine.guards import random_states
from mlp_core.testing.subjects.doors.generators import alike, generators_of, put, state_of

SEED = 0

Kept = Sequence[tuple[Any, Any]]
"""generators that code keeps for itself, each with its first state"""


def kept_by(*things: Any) -> Kept:
    """The generators that some objects keep for themselves."""
    return [(one, state_of(one)) for one in generators_of(*things)]


@contextmanager
def fresh_ones(made: Callable[[], Any]) -> Iterator[None]:
    """A context in which numpy.random.default_rng() without a seed returns what `made` returns."""
    real = np.random.default_rng

    def default_rng(seed: Any = None) -> Any:
        return made() if seed is None else real(seed)

    np.random.default_rng = default_rng
    try:
        yield
    finally:
        np.random.default_rng = real


@contextmanager
def draws(seen: list[bool], kept: Kept = ()) -> Iterator[None]:
    """Note in `seen` whether the code inside draws from a global generator, or from its own; restore them."""
    before = random_states()
    own = np.random.get_state()  # noqa: NPY002
    at = [(one, state_of(one)) for one, _ in kept]
    real = np.random.default_rng

    def noted() -> Any:
        seen.append(True)
        return real(SEED)

    with fresh_ones(noted):
        yield
    if any(not alike(state, state_of(one)) for one, state in at):
        seen.append(True)
        for one, state in at:
            put(one, state)
    if random_states() != before:
        seen.append(True)
        random.setstate(before["Python"])
        torch.set_rng_state(torch.frombuffer(bytearray(before["torch"]), dtype=torch.uint8))
        np.random.set_state(own)  # noqa: NPY002


@contextmanager
def seeded(kept: Kept = (), seed: int = SEED) -> Iterator[None]:
    """A context in which every global generator begins at the same state, and those that code keeps for itself begin at
    their first state; afterwards all are restored.
    """
    numbers, own, torchs = np.random.get_state(), random.getstate(), torch.get_rng_state()  # noqa: NPY002
    at = [(one, state_of(one)) for one, _ in kept]
    np.random.seed(seed)  # noqa: NPY002
    random.seed(seed)
    torch.default_generator.manual_seed(seed)  # torch.manual_seed calls every kind of device, which takes 1 ms
    for one, state in kept:
        put(one, state)
    real = np.random.default_rng
    try:
        with fresh_ones(lambda: real(seed)):
            yield
    finally:
        np.random.set_state(numbers)  # noqa: NPY002
        random.setstate(own)
        torch.set_rng_state(torchs)
        for one, state in at:
            put(one, state)


def begun(run: Callable[..., Any]) -> Callable[..., Any]:
    """A function that draws the same random numbers in every call.

    >>> draw = begun(lambda: np.random.rand())
    >>> draw() == draw()
    True
    """
    kept = kept_by(run)

    @wraps(run)
    def again(*args: Any, **options: Any) -> Any:
        with seeded(kept):
            return run(*args, **options)

    return again
