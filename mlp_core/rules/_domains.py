"""Domains of hyperparameters, each written once, in the annotation of a field.

A rule rejects values outside a domain when it is created, and the battery draws values from it.
"""

from __future__ import annotations

import sys
from dataclasses import MISSING, Field, dataclass, fields
from functools import cache, cached_property
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Literal, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, Gt, Le, Lt

from mlp_core.base.errors import ArgumentError

LARGEST = sys.float_info.max
"""the largest finite number"""


@dataclass(frozen=True)
class Typical:
    """The range of sensible values of a hyperparameter; generators stay inside it on unbounded sides."""

    low: float
    high: float


@dataclass(frozen=True)
class Decay:
    """Marks a hyperparameter that pulls parameters towards zero, unless it is `off`."""

    off: float = 0.0


@dataclass(frozen=True)
class Epsilon:
    """Marks a hyperparameter that keeps a denominator from 0: at 0, a gradient of 0 is divided by 0."""


@dataclass(frozen=True)
class Domain:
    """The allowed values of a field: a type (float, int, bool) with bounds and a typical range, or one of several
    choices.
    """

    type: type
    bounds: tuple[Ge | Gt | Le | Lt, ...] = ()
    typical: Typical | None = None
    decay: Decay | None = None
    epsilon: bool = False
    optional: bool = False
    """whether None is allowed"""
    choices: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self._words() + (" or None" if self.optional else "")

    def _words(self) -> str:
        if self.choices:
            return " or ".join(map(repr, self.choices))
        if self.type is bool:
            return "True or False"
        signs = {Ge: (">=", "ge"), Gt: (">", "gt"), Le: ("<=", "le"), Lt: ("<", "lt")}
        parts = [f"{signs[type(b)][0]} {getattr(b, signs[type(b)][1])}" for b in self.bounds]
        kind = "a whole number" if self.type is int else "a finite number"
        return " ".join([kind, " and ".join(parts)]) if parts else kind

    def holds(self, value: Any) -> bool:
        """Whether `value` is in the domain; NaN and infinities never are."""
        low, high, excluded = self._interval
        if type(value) is float and self.type is float:  # the usual case, at every step of a schedule
            return low <= value <= high and value not in excluded
        if value is None or self.choices:
            return self.optional if value is None else value in self.choices
        if self.type is bool or isinstance(value, bool):
            return self.type is bool and isinstance(value, bool)
        if not isinstance(value, int if self.type is int else (int, float)):
            return False
        return bool(low <= value <= high and value not in excluded)

    @property
    def lowest(self) -> float:
        """The lower bound of all values."""
        return self._interval[0]

    @cached_property
    def _interval(self) -> tuple[float, float, tuple[float, ...]]:
        return _interval_of(self.bounds)


def _interval_of(bounds: tuple[Ge | Gt | Le | Lt, ...]) -> tuple[float, float, tuple[float, ...]]:
    """The smallest and largest value within the bounds, and those of them that are excluded."""
    lows = [float(b.ge if isinstance(b, Ge) else b.gt) for b in bounds if isinstance(b, (Ge, Gt))]  # type: ignore[arg-type]
    highs = [float(b.le if isinstance(b, Le) else b.lt) for b in bounds if isinstance(b, (Le, Lt))]  # type: ignore[arg-type]
    excluded = [float(b.gt if isinstance(b, Gt) else b.lt) for b in bounds if isinstance(b, (Gt, Lt))]  # type: ignore[arg-type]
    return max(lows, default=-LARGEST), min(highs, default=LARGEST), tuple(excluded)


def domains(rule_type: type) -> dict[str, tuple[Domain, ...]]:
    """The domain of every field of a rule: one domain, or for a tuple field one per element.

    >>> from mlp_core import rules
    >>> str(domains(rules.get("sgd"))["lr"][0])
    'a finite number >= 0'
    """
    hints, known = _hints(rule_type), {f.name for f in fields(rule_type)}
    stray = [name for name, hint in hints.items() if name not in known and not _is_class_variable(hint)]
    if stray:
        raise ArgumentError(rule_type.__name__, stray, "fields: decorate the class with @dataclass(frozen=True)")
    if any(f.default is MISSING for f in fields(rule_type)):
        raise ArgumentError(rule_type.__name__, sorted(known), "a default for every field")
    return {f.name: _domains_of(f, hints[f.name]) for f in fields(rule_type)}


def _is_class_variable(hint: Any) -> bool:
    return hint is ClassVar or get_origin(hint) is ClassVar


def is_tuple(rule_type: type, field: str) -> bool:
    """Whether a field of a rule contains a tuple (Adam's betas)."""
    return get_origin(_hints(rule_type)[field]) is tuple


def check(rule: Any) -> None:
    """Raises ArgumentError, naming field, value and domain, if a hyperparameter is outside its domain."""
    for name, several, wanted in _checked(type(rule)):  # type: ignore[arg-type]  # a type is Hashable
        value = getattr(rule, name)
        if several and (not isinstance(value, (tuple, list)) or len(value) != len(wanted)):
            raise ArgumentError(name, value, f"{len(wanted)} numbers")
        for k, domain in enumerate(wanted):
            if not domain.holds(value[k] if several else value):
                raise ArgumentError(name, value, str(domain))


@cache  # a schedule creates a rule at every step
def _checked(rule_type: type) -> list[tuple[str, bool, tuple[Domain, ...]]]:
    return [(name, is_tuple(rule_type, name), parts) for name, parts in domains(rule_type).items()]


@cache  # otherwise every annotation is compiled again
def _hints(rule_type: Any) -> dict[str, Any]:
    return get_type_hints(rule_type, include_extras=True)


def _domains_of(field: Field[Any], hint: Any) -> tuple[Domain, ...]:
    if get_origin(hint) is tuple:
        return tuple(domain_of(field.name, part) for part in get_args(hint))
    return (domain_of(field.name, hint),)


def domain_of(name: str, hint: Any) -> Domain:
    """The domain that an annotation describes."""
    base, *extras = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    optional = isinstance(base, UnionType) or get_origin(base) is Union
    if optional:
        base = next(part for part in get_args(base) if part is not NoneType)
    if get_origin(base) is Literal:
        return Domain(str, choices=get_args(base), optional=optional)
    if base not in (float, int, bool):
        expected = "float, int or bool, Annotated with its domain, or a Literal of strings; any of them | None"
        raise ArgumentError(f"annotation of {name}", hint, expected)
    bounds = tuple(e for e in extras if isinstance(e, (Ge, Gt, Le, Lt)))
    typical = next((e for e in extras if isinstance(e, Typical)), None)
    decay = next((e for e in extras if isinstance(e, Decay)), None)
    return Domain(base, bounds, typical, decay, any(isinstance(e, Epsilon) for e in extras), optional)


def rests(rule: Any) -> bool:
    """Whether every denominator is nonzero at a zero gradient: all fields marked Epsilon are above 0."""
    values = [getattr(rule, name) if k is None else getattr(rule, name)[k] for name, k in _epsilons(type(rule))]  # type: ignore[arg-type]  # a type is Hashable
    return all(value is None or value > 0 for value in values)


@cache
def _epsilons(rule_type: type) -> list[tuple[str, int | None]]:
    """The fields marked Epsilon, with the index in those that are tuples."""
    every = [(name, several, k, one) for name, several, parts in _checked(rule_type) for k, one in enumerate(parts)]
    return [(name, k if several else None) for name, several, k, one in every if one.epsilon]
