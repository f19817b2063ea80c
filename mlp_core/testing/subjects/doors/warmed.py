"""Layers that make their parameters when they run for the first time, because the data shows their sizes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mlp_core.equality import same_bits
from mlp_core.testing.engine.source import MADE, import_of, name_of
from mlp_core.testing.examples.foreign_arrays import copied, is_real, moved, tensor_of
from mlp_core.testing.subjects.doors.assigned import Classes, built
from mlp_core.testing.subjects.doors.held import held
from mlp_core.testing.subjects.doors.raised import note
from mlp_core.testing.subjects.doors.seeds import seeded


def warmed(make: Callable[[], Any], options: Sequence[Any], lib: str) -> Callable[[], Any]:
    """The same function, whose objects have run forward once with arguments of these shapes."""
    def made() -> Any:
        one = make()
        with np.errstate(all="ignore"):
            (getattr(one, "forward", None) or one)(*built(options, lib))
        return one

    made.__name__ = made.__qualname__ = name_of(make)
    lines = [*import_of(make), f"from {__name__} import warmed"]
    if any(isinstance(one, Classes) for one in options):
        lines.append(f"from {Classes.__module__} import Classes")
    setattr(made, MADE, (lines, f"warmed({name_of(make)}, {tuple(options)!r}, {lib!r})"))
    return made


def made_by_running(make: Callable[[], Any], call: str, args: Sequence[Any]) -> list[str]:
    """The arrays of an object that its first forward makes, and that decide what the next one returns, by their names.
    A state that each forward changes is none. Empty if forward runs only once.
    """
    try:
        return _made_by_running(make, call, args)
    except Exception as error:  # foreign code, called twice on one object
        note(error)
        return []


def _made_by_running(make: Callable[[], Any], call: str, args: Sequence[Any]) -> list[str]:
    with seeded(), np.errstate(all="ignore"):
        one = make()
        before = {each.name for each in held(one)}
        forward = getattr(one, call)
        forward(*map(copied, args))
        new = [each for each in held(one) if each.name not in before]
        second = outputs_of(forward(*map(copied, args))) if new else []
        if not new or not _alike(second, outputs_of(forward(*map(copied, args)))):
            return []
        found = []
        for each in new:
            value = copied(each.of(one))
            each.put(one, moved(value))
            found += [] if _alike(second, outputs_of(forward(*map(copied, args)))) else [each.name]
            each.put(one, value)
    return found


def of_data(make: Callable[[], Any], call: str, args: Sequence[Any], name: str) -> bool:
    """Whether the array of this name, which the first forward makes, is another one for other data."""
    found = []
    for given in (args, [moved(a) if is_real(a) else a for a in args]):
        with seeded(), np.errstate(all="ignore"):
            one = make()
            getattr(one, call)(*map(copied, given))
            found += [tensor_of(each.of(one)) for each in held(one) if each.name == name]
    return not _alike(found[:1], found[1:])


def runs_with(make: Callable[[], Any], call: str, several: Sequence[Sequence[Any]]) -> bool:
    """Whether objects run with each of several arguments."""
    try:
        with seeded(), np.errstate(all="ignore"):
            for args in several:
                getattr(make(), call)(*map(copied, args))
    except Exception as error:  # foreign code with other sizes than those of its parameters
        note(error)
        return False
    return True


def outputs_of(out: Any) -> list[Any]:
    """The numbers of what a forward returned, one tensor for each output."""
    return [tensor_of(o) for o in (out if isinstance(out, (tuple, list)) else [out])]


def _alike(one: list[Any], other: list[Any]) -> bool:
    return len(one) == len(other) and all(map(same_bits, one, other))
