"""The subject of a training function, whose parameters are known by their names or by a mapping."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.testing.engine.source import name_of
from mlp_core.testing.subjects.heads import Head
from mlp_core.testing.subjects.training_functions import TrainerSubject
from mlp_core.testing.subjects.training_roles import (
    ROLES,
    globals_of,
    parameters_of,
    says_that_it_spares,
    told,
    trains,
)  # fmt: skip


def as_fit(function: Callable[..., Any]) -> bool:
    """Whether a function has the signature of mlp_core.fit: the same names, or **options."""
    head = Head.of(function)
    if head is None or head.form() == "training":
        return True
    options = any(p.kind is p.VAR_KEYWORD for p in inspect.signature(function).parameters.values())
    return options and not trains(told([*head.positional, *head.others]))


def of_training(
    function: Callable[..., Any], roles: Mapping[str, str] | None = None, given: Mapping[str, Any] | None = None,
    weighted: bool = False, spares: bool | None = None,
) -> TrainerSubject:  # fmt: skip
    """The subject of a training function. Parameters are known by their names, except those in `roles` (parameter ->
    role) and `given` (parameter -> value). Raises ArgumentError if a role is missing or unknown.
    """
    own, given = dict(roles or {}), dict(given or {})
    parameters = [p for p in parameters_of(function) if p.name not in given]
    names = [p.name for p in parameters]
    for name, role in own.items():
        if name not in names or role not in ROLES:
            raise ArgumentError("roles", Described(f"{name!r}: {role!r}"), f"a parameter ({names}) and {list(ROLES)}")
    found = told([name for name in names if name not in own])
    found = {**{r: p for r, p in found.items() if r not in own.values()}, **{r: p for p, r in own.items()}}
    around = globals_of(function, found)
    for p in parameters:
        if p.name not in found.values() and p.default is p.empty:
            raise ArgumentError(
                name_of(function), Described(f"the parameter {p.name!r}, whose role is unknown"),
                f"roles={{{p.name!r}: one of {', '.join(ROLES)}}}, or given={{{p.name!r}: its value}}",
            )  # fmt: skip
    both = {**{role: name for name, role in around.items()}, **found}
    if not trains(both):
        raise ArgumentError(
            name_of(function), Described(f"parameters {', '.join(names)}"),
            "a module, its data (a loader, or x and y), and the number of epochs, a learning rate or an optimizer; say "
            "which parameter is which with roles={...}",
        )  # fmt: skip
    if "lr" not in both and "optimizer" not in both:
        raise ArgumentError(
            name_of(function), Described(f"parameters {', '.join(names)}"), "a learning rate or an optimizer"
        )
    defaults = {p.name for p in parameters if p.default is not p.empty}
    optional = frozenset(role for role, name in found.items() if name in defaults)
    spares = says_that_it_spares(function) if spares is None else spares
    return TrainerSubject(function, name_of(function), found, around, given, optional, weighted, spares)
