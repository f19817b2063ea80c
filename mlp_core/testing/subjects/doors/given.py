"""The arguments of a door's constructor besides functions: names of parameters, inputs, wrt, waives."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

from mlp_core.base.errors import ArgumentError, meant, unknown
from mlp_core.testing.examples.arguments import Arguments, arguments


def required(function: Callable[..., Any]) -> tuple[str, ...]:
    """The positional parameters without a default."""
    kinds = inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = inspect.signature(function).parameters.values()
    return tuple(p.name for p in parameters if p.kind in kinds and p.default is p.empty)


def every(function: Callable[..., Any]) -> tuple[str, ...]:
    """All positional parameters."""
    kinds = inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD
    return tuple(p.name for p in inspect.signature(function).parameters.values() if p.kind in kinds)


def defaults_of(function: Callable[..., Any]) -> dict[str, Any]:
    """The defaults of its parameters; none if it has no signature, as some functions in C."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return {}
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def takes_any(function: Callable[..., Any]) -> bool:
    """Whether it has *args, whose number and names cannot be known."""
    return any(p.kind is p.VAR_POSITIONAL for p in inspect.signature(function).parameters.values())


def large_defaults(function: Callable[..., Any]) -> dict[str, int]:
    """The parameters whose default is a whole number above 2, such as 32 groups."""
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if type(p.default) is int and p.default > 2}


def smaller_defaults(function: Callable[..., Any]) -> list[dict[str, int]]:
    """Smaller values for these parameters, for when small arrays do not run with the defaults."""
    large = large_defaults(function)
    return [dict.fromkeys(large, n) for n in (2, 1)] if large else []


def in_words(smaller: dict[str, Any]) -> str:
    """Values that replace defaults.

    >>> in_words({"groups": 2}), in_words({"width": 3, "reg": 0.5})
    ('groups 2 instead of its default', 'width 3, reg 0.5 instead of their defaults')
    """
    given = ", ".join(f"{name} {n}" for name, n in smaller.items())
    return f"{given} instead of {'its default' if len(smaller) == 1 else 'their defaults'}" if smaller else ""


def strategy_of(inputs: Any) -> st.SearchStrategy[Arguments]:
    """Examples from the user's inputs; raises ArgumentError if they are not a strategy."""
    if not isinstance(inputs, st.SearchStrategy):
        raise ArgumentError("inputs", inputs, "a Hypothesis strategy for the arguments, such as arrays('(n,d),(d,h)')")
    return arguments(inputs)


def indices(wrt: Sequence[str | int] | None, names: Sequence[str]) -> tuple[int, ...] | None:
    """Arguments given by name or index, as indices."""
    if wrt is None:
        return None
    found = []
    for one in [wrt] if isinstance(wrt, (str, int)) else wrt:
        if isinstance(one, str) and one not in names:
            raise ArgumentError("wrt", one, f"one of {', '.join(names)}")
        found.append(names.index(one) if isinstance(one, str) else int(one))
    return tuple(found)


OWN = "is the derivative of its own forward", "is right where entries are equal"

WAIVERS: dict[str, tuple[str, ...]] = {
    "straight-through": OWN,
    "surrogate": OWN,
    "reversed": OWN,
    "averaged": OWN,
    "once": ("is right or refused when differentiated twice",),
}
"""per name of a deliberate deviation: the laws that do not hold then"""


def waived(waives: Sequence[str]) -> tuple[str, ...]:
    """Names of laws, from names of laws and of deliberate deviations."""
    several = [waives] if isinstance(waives, str) else list(waives)
    for one in several:
        if one not in WAIVERS and meant(one, WAIVERS):
            raise unknown("waives", one, ["the names of laws", *WAIVERS])
    return tuple(law for one in several for law in WAIVERS.get(one, (one,)))
