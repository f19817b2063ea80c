"""Hyperparameters whose meaning is known from their names. A class that is passed by its name alone is tried with
them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from mlp_core.testing.examples.choices import drawn_bytes
from mlp_core.testing.examples.scenario import Make
from mlp_core.testing.subjects import constructors

KNOWN = ("lr", "betas", "momentum", "weight_decay", "eps")


def values(name: str, default: Any) -> tuple[Any, ...]:
    """The default, and other values that are valid if the name has its usual meaning; none if the name is not known.

    >>> values("momentum", 0.9), values("betas", (0.9, 0.999)), values("eps", None)
    ((0.9, 0.5, 0.75), ((0.9, 0.999), (0.75, 0.9), (0.5, 0.95)), ())
    """
    if name == "betas":
        plain = isinstance(default, (tuple, list)) and all(isinstance(b, float) for b in default)
        return (tuple(default), *(tuple(two[min(k, 1)] for k in range(len(default))) for two in BETAS)) if plain else ()
    if not isinstance(default, (int, float)) or isinstance(default, bool):
        return ()
    others = {
        "lr": (default / 4, default / 2, 2 * default), "momentum": (0.5, 0.75), "weight_decay": (0.0, 0.01, 0.1),
        "eps": (default * 8, default * 64),
    }[name]  # fmt: skip
    return tuple(dict.fromkeys((float(default), *others)))


BETAS = ((0.75, 0.9), (0.5, 0.95))


def guessed(
    make: Make, parameters: Mapping[str, inspect.Parameter], shapes: constructors.Shapes | None
) -> dict[str, list[Any]]:
    """The known names of a constructor with a default, each with the values that it accepts and steps with."""
    found = {}
    for name in KNOWN:
        default = getattr(parameters.get(name), "default", None)
        given = values(name, default)
        taken = [value for value in given[1:] if constructors.steps_in_some_form(make, {name: value}, shapes)]
        if taken:
            found[name] = [given[0], *taken]
    return found


def shared(
    make: Make, tried: Mapping[str, list[Any]], hyper: dict[str, Any], shapes: constructors.Shapes
) -> list[str]:  # fmt: skip
    """The hyperparameters that must be equal in two groups: with different values it does not step."""
    return [name for name, given in tried.items() if not constructors.steps_apart(make, hyper, name, given, shapes)]


def one_of(values: list[Any]) -> st.SearchStrategy[Any]:
    """Read from bytes, like all other choices: see SIZE in choices.py."""
    return drawn_bytes.map(lambda data: values[data[0] % len(values)])
