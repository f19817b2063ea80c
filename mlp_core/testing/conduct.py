"""How code that is not ours is run and named."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from mlp_core.testing.law import Raised


@contextmanager
def foreign() -> Iterator[None]:
    """Inside, the subject's own code runs: what it raises is a verdict about it, not an error of ours."""
    try:
        yield
    except Exception as error:
        raise Raised(error) from error


@contextmanager
def globals_kept() -> Iterator[None]:
    """Put default dtype, thread count and random states back as they were."""
    dtype, threads, numbers, own = (
        torch.get_default_dtype(), torch.get_num_threads(), torch.get_rng_state(), random.getstate(),
    )  # fmt: skip
    try:
        yield
    finally:
        torch.set_default_dtype(dtype)
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        torch.set_rng_state(numbers)
        random.setstate(own)


@contextmanager
def default_dtype(dtype: torch.dtype) -> Iterator[None]:
    """Run with another default dtype, and set it back."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def import_of(thing: Any) -> list[str]:
    """The line that imports a function or class, or a comment where no line can."""
    module, name = getattr(thing, "__module__", "__main__"), getattr(thing, "__qualname__", "<")
    if module == "__main__" or not name.isidentifier():
        return [f"# {name_of(thing)}: yours, as handed to verify"]
    return [f"from {module} import {name}"]


def name_of(thing: Any) -> str:
    """What a function or class is called; a name that can stand in a line of Python."""
    name = getattr(thing, "__name__", "") or getattr(getattr(thing, "func", None), "__name__", type(thing).__name__)
    return name if name.isidentifier() else "yours"
