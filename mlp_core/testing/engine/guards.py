"""How code that is not ours is run: what it raises is a verdict, and what it changes is put back."""

from __future__ import annotations

import builtins
import math
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from mlp_core.testing.engine.evidence import Broken, Raised


def flushes_denormals() -> bool:
    """Whether numbers too small to be normal are taken for 0 in this thread, as after torch.set_flush_denormal."""
    return LEAST / 2 == 0


LEAST = sys.float_info.min
"""the smallest normal number"""

_switched = False
"""whether foreign code has switched the flushing of denormals since that was last asked"""


@contextmanager
def foreign() -> Iterator[None]:
    """Inside, the subject's own code runs: what it raises is a verdict about it, not an error of ours. If it leaves
    denormals flushed, or not, unlike before, that is put back at once: Hypothesis draws no floats without them."""
    global _switched
    before = flushes_denormals()
    try:
        yield
    except Broken:
        raise
    except Exception as error:
        raise Raised(error) from error
    finally:
        if flushes_denormals() != before:
            _switched = torch.set_flush_denormal(before)


FLUSHED = """\
RUN
least = 2.0**-1022
assert least / 2, "denormal numbers are flushed to 0"
"""
"""RUN is what runs the subject"""


@contextmanager
def denormals_kept(run: str) -> Iterator[None]:
    """Inside, the subject runs; raises Broken if it switches the flushing of denormals, which is switched back. `run`:
    the line of a snippet that does what is done inside."""
    global _switched
    before, _switched = flushes_denormals(), False
    try:
        yield
    finally:
        if flushes_denormals() != before:
            _switched = torch.set_flush_denormal(before)
    if _switched:
        got = f"switched {'off' if before else 'on'} by the call"
        raise Broken("flush-denormal mode", got, "untouched", closing=FLUSHED.replace("RUN", run))


@contextmanager
def globals_kept() -> Iterator[None]:
    """Put default dtype, thread count, random states and the flushing of denormals back as they were."""
    dtype, threads, numbers, own = (
        torch.get_default_dtype(), torch.get_num_threads(), torch.get_rng_state(), random.getstate(),
    )  # fmt: skip
    flushes = flushes_denormals()
    try:
        yield
    finally:
        if flushes_denormals() != flushes:
            torch.set_flush_denormal(flushes)
        torch.set_default_dtype(dtype)
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        torch.set_rng_state(numbers)
        random.setstate(own)


WATCHED: tuple[Any, ...] = (torch, torch.Tensor, torch.autograd, torch.linalg, torch.nn.functional, builtins, math)
"""modules and a class that everybody shares"""

AS_IMPORTED = [dict(vars(module)) for module in WATCHED]
"""what they stood for when this was imported"""


def replaced() -> list[str]:
    """Names in the modules that everybody shares that stand for something else than at first; they are put back."""
    names = []
    for module, before in zip(WATCHED, AS_IMPORTED, strict=True):
        now = vars(module)
        for name in [n for n, value in before.items() if now.get(n) is not value and not _ours(now.get(n))]:
            setattr(module, name, before[name])
            names.append(f"{module.__name__}.{name}")
    return names


def _ours(value: object) -> bool:
    """Whether something is torch's own, which wraps what it has when its compiler is imported, this package's, or of
    the kernel of a notebook, which has another `input` for every cell."""
    return str(getattr(value, "__module__", "")).startswith(("torch", "mlp_core", "ipykernel", "IPython"))


@contextmanager
def default_dtype(dtype: torch.dtype) -> Iterator[None]:
    """Run with another default dtype, and set it back."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
