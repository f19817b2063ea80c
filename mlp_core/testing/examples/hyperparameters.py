"""Hyperparameters of an update rule, drawn from the domains of its fields."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any

from hypothesis import strategies as st

from mlp_core.rules import UpdateRule
from mlp_core.rules._domains import Domain, domains, is_tuple
from mlp_core.testing.examples.changes import Outside, Wrongs
from mlp_core.testing.examples.choices import Codes, drawn_bytes
from mlp_core.testing.examples.sample import sample


def inside(rule_type: type[UpdateRule]) -> st.SearchStrategy[dict[str, Any]]:
    """All hyperparameters of a rule, most of them not at their defaults, without conflicts."""
    parts, defaults = domains(rule_type), _defaults(rule_type)
    several = {name: is_tuple(rule_type, name) for name in parts}

    def read(data: bytes) -> dict[str, Any]:
        codes, drawn = Codes(data), {}
        for name, wanted in parts.items():
            own = defaults[name] if several[name] else (defaults[name],)
            values = tuple(codes.value(domain, one) for domain, one in zip(wanted, own, strict=True))
            drawn[name] = values if several[name] else values[0]
        return reconciled(rule_type, drawn)

    return drawn_bytes.map(read)


def outside(rule_type: type[UpdateRule]) -> st.SearchStrategy[Wrongs]:
    """For every hyperparameter a value outside its domain, with the others inside theirs."""
    parts, several = domains(rule_type), {name: is_tuple(rule_type, name) for name in domains(rule_type)}

    def read(good: dict[str, Any], data: bytes, which: bytes) -> Wrongs:
        codes, turn, each = Codes(data), Codes(which), []
        for name, wanted in parts.items():
            wrong = [codes.outside(domain) for domain in wanted]
            if several[name]:  # one element is wrong, the others are right
                k = turn.count(0, len(wanted) - 1)
                each.append(Outside(good, name, (*good[name][:k], wrong[k], *good[name][k + 1 :])))
            else:
                each.append(Outside(good, name, wrong[0]))
        return Wrongs(tuple(each))

    return st.builds(read, inside(rule_type), drawn_bytes, drawn_bytes)


def reconciled(rule_type: type[UpdateRule], drawn: Mapping[str, Any], keep: str = "") -> dict[str, Any]:
    """`drawn`, with the first field (except `keep`) that ends a conflict set to its default; if none does, all."""
    defaults = _defaults(rule_type)
    singles = [{**drawn, name: default} for name, default in defaults.items() if name != keep]
    accepted = (attempt for attempt in [dict(drawn), *singles] if _accepts(rule_type, attempt, defaults))
    return next(accepted, defaults)


def _accepts(rule_type: type[UpdateRule], attempt: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    try:
        rule_type(**{k: v for k, v in attempt.items() if k in known})
    except Exception:
        return False  # with any kind of exception
    return True


def plain(parts: Mapping[str, tuple[Domain, ...]], drawn: Mapping[str, Any]) -> dict[str, Any]:
    """`drawn` with every decay off, and with positive values for fields that keep a denominator from zero."""
    changed = {}
    for name, wanted in parts.items():
        several = isinstance(drawn[name], tuple)
        values = tuple(map(_plain, wanted, drawn[name] if several else (drawn[name],)))
        changed[name] = values if several else values[0]
    return {**drawn, **changed}


def example_of(hyper: st.SearchStrategy[dict[str, Any]]) -> dict[str, Any]:
    """The simplest choice."""
    return sample(hyper, 1)[0]


def shortened(drawn: Mapping[str, Any], fraction: int, names: Collection[str] | None = None) -> dict[str, Any]:
    """`drawn` with its floats, or those in `names`, cut to multiples of 2^-fraction; nonzero values remain nonzero.

    >>> shortened({"lr": 0.01, "momentum": 0.99, "nesterov": True}, 3)
    {'lr': 0.125, 'momentum': 0.875, 'nesterov': True}
    """

    def cut(value: float) -> float:
        return math.copysign(max(math.floor(abs(value) * 2**fraction), 1) / 2**fraction, value) if value else value

    chosen = drawn if names is None else names
    return {name: cut(v) if isinstance(v, float) and name in chosen else v for name, v in drawn.items()}


def _plain(domain: Domain, value: Any) -> Any:
    if domain.decay:
        return domain.decay.off
    return domain.typical.low if domain.epsilon and domain.typical and value == 0 else value


def _defaults(rule_type: type[UpdateRule]) -> dict[str, Any]:
    return {f.name: f.default for f in fields(rule_type)}
