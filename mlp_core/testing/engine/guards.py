"""Runs code that is not this package's: an exception becomes a failure, and changes of global state are undone."""

from __future__ import annotations

import builtins
import math
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from mlp_core.testing.engine.evidence import Broken, Raised


def flushes_denormals() -> bool:
    """Whether this thread replaces numbers too small to be normal by 0, as after torch.set_flush_denormal."""
    return LEAST / 2 == 0


LEAST = sys.float_info.min
"""the smallest normal number"""

_switched = False
"""whether foreign code has switched the flushing of denormals since this was last reset"""

_device: torch.device | None = None
"""the default device that foreign code has set since this was last reset"""


_contexts: Callable[[], int] = torch._C._len_torch_function_stack
"""the number of contexts that change calls of torch: a default device is one. To ask for the device takes 100 times as
long"""


@contextmanager
def foreign() -> Iterator[None]:
    """A context in which the subject's own code runs. An exception in it is a failure of the subject, not an error of
    this package. If the code switches the flushing of denormals, that is undone at once, because Hypothesis cannot draw
    floats with it; so is another default device, because tensors of this package would be on it.
    """
    global _switched, _device
    before, depth = flushes_denormals(), _contexts()
    try:
        yield
    except Broken:
        raise
    except Exception as error:
        raise Raised(error) from error
    finally:
        if flushes_denormals() != before:
            _switched = torch.set_flush_denormal(before)
        if _contexts() > depth:
            _device = torch.get_default_device()
            torch.set_default_device(None)


FLUSHED = """\
RUN
least = 2.0**-1022
assert least / 2, "denormal numbers are flushed to 0"
"""
"""RUN is replaced by the line that runs the subject"""


def _put_device(device: torch.device) -> None:
    """Set the default device; the CPU is the default without a mode, which costs time in every call."""
    if torch.get_default_device() != device:
        torch.set_default_device(None if device.type == "cpu" else device)


DEVICE = "default device"

MODES: dict[str, tuple[str, Callable[[], Any], Callable[[Any], object]]] = {
    "default dtype": ("torch.get_default_dtype()", torch.get_default_dtype, torch.set_default_dtype),
    DEVICE: ("torch.get_default_device()", torch.get_default_device, _put_device),
    "thread count": ("torch.get_num_threads()", torch.get_num_threads, torch.set_num_threads),
    "gradient mode": ("torch.is_grad_enabled()", torch.is_grad_enabled, torch.set_grad_enabled),
    "autocast mode": (
        'torch.is_autocast_enabled("cpu")', lambda: torch.is_autocast_enabled("cpu"),
        lambda on: torch.set_autocast_enabled("cpu", on),
    ),
    "deterministic mode": (
        "torch.are_deterministic_algorithms_enabled()", torch.are_deterministic_algorithms_enabled,
        torch.use_deterministic_algorithms,
    ),
    "anomaly mode": ("torch.is_anomaly_enabled()", torch.is_anomaly_enabled, torch.set_anomaly_enabled),
}  # fmt: skip
"""global modes of torch: the expression in a snippet, how the mode is read, and how it is set"""

LEFT = """\
import torch
before = MODE
RUN
assert MODE == before, MODE"""
"""MODE is replaced by the expression, RUN by the line that runs the subject"""


SETTINGS: dict[str, Callable[[], Any]] = {
    "numpy's error handling": np.geterr,
    "Python's warning filters": lambda: list(warnings.filters),
}
"""settings that decide what is warned of, and no number"""


def _reset(settings: dict[str, Any]) -> None:
    """Put these settings back, where they have changed."""
    errors, filters = settings.values()
    if np.geterr() != errors:
        np.seterr(**errors)
    if list(warnings.filters) != filters:
        warnings.resetwarnings()  # so that what was shown once is looked up again
        list.extend(warnings.filters, filters)  # type: ignore[arg-type]  # a list, typed as a sequence


def in_words(changed: list[str]) -> str:
    """Changed settings as a note; empty if there are none."""
    return f"it leaves {' and '.join(changed)} changed" if changed else ""


@contextmanager
def modes_kept(run: str) -> Iterator[list[str]]:
    """A context in which the subject runs. Raises Broken if the subject leaves another global mode of torch, or
    switches the flushing of denormals; both are put back. `run`: the line of a snippet that does what happens in
    the context. The list that it yields then has the names of changed settings, which are put back too.
    """
    global _switched, _device
    before, _switched, _device = flushes_denormals(), False, None
    modes = {name: read() for name, (_, read, _) in MODES.items()}
    settings, changed = {name: read() for name, read in SETTINGS.items()}, list[str]()
    try:
        yield changed
    finally:
        changed += [name for name, read in SETTINGS.items() if read() != settings[name]]
        _reset(settings)
        if flushes_denormals() != before:
            _switched = torch.set_flush_denormal(before)
    if _switched:
        got = f"switched {'off' if before else 'on'} by the call"
        raise Broken("flush-denormal mode", got, "untouched", closing=FLUSHED.replace("RUN", run))
    left = {name: read() for name, (_, read, _) in MODES.items()}
    if _device is not None:
        left[DEVICE] = _device
    for name, (_source, read, write) in MODES.items():
        if read() != modes[name]:
            write(modes[name])  # so that the next call changes it again
    for name, (source, _, _) in MODES.items():
        if (now := left[name]) != modes[name]:
            closing = LEFT.replace("RUN", run).replace("MODE", source)
            raise Broken(name, now, f"{modes[name]}, untouched", closing=closing)


GENERATORS = {
    "torch": "torch.get_rng_state().tolist()",
    "Python": "__import__('random').getstate()",
    "numpy": "repr(__import__('numpy').random.get_state(legacy=False))",
}
"""the global random generators: per library, the expression of its state in a snippet"""


def random_states() -> dict[str, Any]:
    """The states of these generators, which can be compared."""
    kind, key, *more = np.random.get_state(legacy=True)  # noqa: NPY002
    return {
        "torch": torch.get_rng_state().numpy().tobytes(),
        "Python": random.getstate(),
        "numpy": (kind, np.asarray(key).tobytes(), *more),
    }


def seed_all(seed: int) -> None:
    """Seed these generators."""
    torch.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002


@contextmanager
def globals_kept() -> Iterator[None]:
    """Restore the global modes of torch, the random states, the flushing of denormals, and what is warned of."""
    modes = [(read, write, read()) for _, read, write in MODES.values()]
    numbers, own, flushes = torch.get_rng_state(), random.getstate(), flushes_denormals()
    numpys, settings = np.random.get_state(), {name: read() for name, read in SETTINGS.items()}  # noqa: NPY002
    try:
        yield
    finally:
        if flushes_denormals() != flushes:
            torch.set_flush_denormal(flushes)
        for read, write, value in modes:
            if read() != value:
                write(value)
        torch.set_rng_state(numbers)
        random.setstate(own)
        np.random.set_state(numpys)  # noqa: NPY002
        _reset(settings)


WATCHED: tuple[Any, ...] = (torch, torch.Tensor, torch.autograd, torch.linalg, torch.nn.functional, builtins, math)
"""modules and a class that all code shares"""

AS_IMPORTED = [dict(vars(module)) for module in WATCHED]
"""their attributes when this module was imported"""


def replaced() -> list[str]:
    """The names in the shared modules that have another value than at first. Their first values are restored."""
    names = []
    for module, before in zip(WATCHED, AS_IMPORTED, strict=True):
        now = vars(module)
        for name in [n for n, value in before.items() if now.get(n) is not value and not _ours(now.get(n))]:
            setattr(module, name, before[name])
            names.append(f"{module.__name__}.{name}")
    return names


def _ours(value: object) -> bool:
    """Whether a replacement is legitimate: torch wraps its own functions when its compiler is imported, this package
    does so too, and the kernel of a notebook has another `input` for every cell.
    """
    return str(getattr(value, "__module__", "")).startswith(("torch", "mlp_core", "ipykernel", "IPython"))


@contextmanager
def default_dtype(dtype: torch.dtype) -> Iterator[None]:
    """Run with another default dtype, and restore it afterwards."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
