"""Random number generators that foreign code keeps in attributes, defaults, closures and globals.

They are found without running anything, by following the references of functions and objects.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import partial
from types import BuiltinMethodType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import torch

MOST = 2000
"""the largest number of objects that are searched"""

PLAIN = (str, bytes, int, float, complex, bool, type(None), np.ndarray, np.generic, torch.Tensor, ModuleType)
FOREIGN = frozenset({"torch", "numpy", "builtins", "jax", "jaxlib", "scipy", "hypothesis", "mlp_core"})
"""packages whose classes are not searched"""


def is_generator(value: Any) -> bool:
    """Whether a value is a random number generator of numpy, torch or Python."""
    return isinstance(value, (np.random.Generator, np.random.RandomState, torch.Generator, random.Random))


def generators_of(*things: Any) -> list[Any]:
    """The generators that some objects refer to, except for the global ones.

    >>> rng = np.random.default_rng(3)
    >>> generators_of(lambda x: x * rng.random()) == [rng]
    True
    """
    shared = (np.random.mtrand._rand, torch.default_generator, getattr(random, "_inst", None))
    found, seen, left = list[Any](), set[int](), list(things)
    kept = list[Any]()  # keeps ids unique
    while left and len(seen) < MOST:
        one = left.pop()
        if id(one) in seen or isinstance(one, PLAIN):
            continue
        seen.add(id(one))
        kept.append(one)
        if is_generator(one):
            found += [one] * all(one is not other for other in shared)
        else:
            left += _referred(one)
    return found


def _referred(one: Any) -> Iterator[Any]:
    """The objects that an object refers to."""
    match one:
        case FunctionType():
            yield from _of_function(one)
        case MethodType():
            yield from (one.__self__, one.__func__)
        case BuiltinMethodType():
            yield one.__self__  # draw = rng.random
        case partial():
            yield from (one.func, *one.args, *one.keywords.values())
        case staticmethod() | classmethod():
            yield one.__func__
        case property():
            yield one.fget
        case list() | tuple() | set():
            yield from one
        case dict():
            yield from one.values()
        case type():
            if _package(one) not in FOREIGN:
                yield from (*vars(one).values(), *one.__bases__)
        case _:
            if _package(type(one)) not in FOREIGN or isinstance(one, torch.nn.Module) or _is_ours(one):
                yield from getattr(one, "__dict__", {}).values()
                yield type(one)


def _package(cls: type) -> str:
    return cls.__module__.partition(".")[0]


def _is_ours(one: Any) -> bool:
    """Whether a door created the object from foreign code."""
    return type(one).__module__.startswith("mlp_core.testing.subjects.doors")


def _of_function(function: FunctionType) -> Iterator[Any]:
    """The content of a function's closure and defaults, and the globals that it names."""
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # an unbound cell
            continue
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()
    yield getattr(function, "__wrapped__", None)
    if function.__module__ is not None and function.__module__.partition(".")[0] in FOREIGN - {"mlp_core"}:
        return
    yield from (function.__globals__[name] for name in _names(function.__code__) if name in function.__globals__)


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)


def state_of(generator: Any) -> Any:
    """The state of a generator; `put` restores it."""
    match generator:
        case np.random.Generator():
            return generator.bit_generator.state
        case np.random.RandomState():
            return tuple(generator.get_state(legacy=True))
        case torch.Generator():
            return generator.get_state()
    return generator.getstate()


def put(generator: Any, state: Any) -> None:
    match generator:
        case np.random.Generator():
            generator.bit_generator.state = state
        case np.random.RandomState() | torch.Generator():
            generator.set_state(state)
        case _:
            generator.setstate(state)


def alike(one: Any, other: Any) -> bool:
    """Whether two states of one generator are the same."""
    return _told(one) == _told(other)


def _told(state: Any) -> Any:
    """A state in a comparable form."""
    if isinstance(state, torch.Tensor):
        return state.numpy().tobytes()
    if isinstance(state, np.ndarray):
        return state.tobytes()
    if isinstance(state, dict):
        return {key: _told(value) for key, value in state.items()}
    return tuple(map(_told, state)) if isinstance(state, tuple) else state
