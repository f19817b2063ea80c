"""Random numbers of code that is not ours: seen when they are drawn, and the same every time from then on."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

SEED = 0


def states() -> tuple[Any, ...]:
    """The states of the generators that everybody shares."""
    kind, key, *more = np.random.get_state(legacy=True)  # noqa: NPY002  (whoever draws from it is what is asked)
    return random.getstate(), torch.get_rng_state().numpy().tobytes(), (kind, np.asarray(key).tobytes(), *more)


@contextmanager
def draws(seen: list[bool]) -> Iterator[None]:
    """Note in `seen` whether what runs inside draws from a generator that everybody shares; put it back."""
    before = states()
    own = np.random.get_state()  # noqa: NPY002
    yield
    if states() != before:
        seen.append(True)
        random.setstate(before[0])
        torch.set_rng_state(torch.frombuffer(bytearray(before[1]), dtype=torch.uint8))
        np.random.set_state(own)  # noqa: NPY002


@contextmanager
def seeded() -> Iterator[None]:
    """Inside, every generator that everybody shares begins at the same place; afterwards it is where it was."""
    numbers, own, torchs = np.random.get_state(), random.getstate(), torch.get_rng_state()  # noqa: NPY002
    np.random.seed(SEED)  # noqa: NPY002
    random.seed(SEED)
    torch.default_generator.manual_seed(SEED)  # torch.manual_seed asks every kind of device, for 1 ms
    try:
        yield
    finally:
        np.random.set_state(numbers)  # noqa: NPY002
        random.setstate(own)
        torch.set_rng_state(torchs)
