"""What is generated for optimizers: scenarios, and hyperparameters from their declared domains."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from math import prod
from typing import Any

import torch
from annotated_types import Ge, Gt, Le, Lt
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.errors import ArgumentError
from mlp_core.rules import UpdateRule
from mlp_core.rules._domains import Domain, domains
from mlp_core.testing.scenario import Scenario
from mlp_core.testing.strategies import Numbers, blobs, textures

KINDS = ("normal", "normal", "normal", "shrinking", "zero", "same")
"""what the gradient of a parameter may be in a step; "none" comes on top where missing gradients are asked for"""

SHAPES = ((), (1,), (2,), (3,), (2, 3), (5,), (3, 1), (7,), (1, 4), (17,), (33,), (70,), (0,))


def values_in(domain: Domain) -> st.SearchStrategy[Any]:
    """Values inside a domain: within its typical range, or between its bounds, and the bounds themselves."""
    if domain.type is bool:
        return st.booleans()
    low, high = limits(domain)
    if domain.type is int:
        return st.integers(int(low), int(high))
    typical = st.floats(low, high, exclude_min=_open(domain, Gt, low), exclude_max=_open(domain, Lt, high))
    edges = [edge_of(b) for b in domain.bounds if isinstance(b, (Ge, Le))]
    return st.one_of([typical] * 5 + [st.sampled_from(edges)]) if edges else typical


def limits(domain: Domain) -> tuple[float, float]:
    """The range to draw from: the typical one where there is one, else the bounds, else 0 to 1."""
    if domain.typical is not None:
        return domain.typical.low, domain.typical.high
    low = next((edge_of(b) for b in domain.bounds if isinstance(b, (Ge, Gt))), 0.0)
    high = next((edge_of(b) for b in domain.bounds if isinstance(b, (Le, Lt))), low + 1)
    return low, high


def values_outside(domain: Domain) -> st.SearchStrategy[Any]:
    """Values that a domain must refuse: beyond its bounds, not finite, of another type."""
    if domain.type is bool:
        return st.sampled_from([2, 0.5, "yes", None])
    wrong: list[st.SearchStrategy[Any]] = [
        st.sampled_from([float("nan"), float("inf"), -float("inf"), "0.1", None, True])
    ]
    for b in domain.bounds:
        if isinstance(b, (Ge, Gt)):
            wrong.append(st.floats(max_value=edge_of(b), exclude_max=isinstance(b, Ge), allow_nan=False))
        else:
            wrong.append(st.floats(min_value=edge_of(b), exclude_min=isinstance(b, Le), allow_nan=False))
    return st.one_of(wrong)


def edge_of(bound: Any) -> float:
    """The number in a bound: Ge(0) -> 0.0."""
    return float(next(getattr(bound, name) for name in ("ge", "gt", "le", "lt") if hasattr(bound, name)))


def _open(domain: Domain, kind: type, edge: float) -> bool:
    return any(isinstance(b, kind) and edge_of(b) == edge for b in domain.bounds)


def each(strategy: Callable[[Domain], st.SearchStrategy[Any]], parts: Sequence[Domain]) -> st.SearchStrategy[Any]:
    """What `strategy` gives for the domain of a field; a tuple where the field is one."""
    drawn = [strategy(domain) for domain in parts]
    return st.tuples(*drawn) if len(drawn) > 1 else drawn[0]


def hyperparameters(rule_type: type[UpdateRule]) -> st.SearchStrategy[dict[str, Any]]:
    """All hyperparameters of a rule: most away from their defaults, and no two in conflict."""
    strategies = {}
    for name, parts in domains(rule_type).items():
        away = each(values_in, parts)
        default = next(f.default for f in fields(rule_type) if f.name == name)
        strategies[name] = st.one_of(away, st.just(default))  # flattened: one in seven, at most one in two
    return st.fixed_dictionaries(strategies).map(lambda drawn: reconciled(rule_type, drawn))


def reconciled(rule_type: type[UpdateRule], drawn: Mapping[str, Any], keep: str = "") -> dict[str, Any]:
    """`drawn`, with the first field (but not `keep`) set back to its default that ends a conflict, or else all."""
    defaults = {f.name: f.default for f in fields(rule_type)}
    singles = [{**drawn, name: default} for name, default in defaults.items() if name != keep]
    for attempt in [dict(drawn), *singles]:
        try:
            rule_type(**{k: v for k, v in attempt.items() if k in defaults})
        except ArgumentError:
            continue
        return attempt
    return defaults


@st.composite
def scenarios(
    draw: st.DrawFn, hyper: st.SearchStrategy[dict[str, Any]], *, steps: tuple[int, int] = (2, 12),
    groups: tuple[int, int] = (1, 2), kinds: Sequence[str] = KINDS, shapes: Sequence[tuple[int, ...]] = SHAPES,
    per_group: tuple[int, int] = (1, 3), dtypes: Sequence[torch.dtype] = (torch.float64, torch.float32),
    schedule: bool = True,
) -> Scenario:  # fmt: skip
    """Scenarios of several steps, groups and kinds of gradient, with an lr that may change between steps."""
    blob, texture = draw(blobs, label="numbers"), draw(textures, label="texture")
    scale = draw(st.sampled_from((1.0, 0.125, 8.0)), label="scale of the gradients")
    dtype = draw(st.sampled_from(dtypes), label="dtype")
    factors = draw(
        st.lists(st.sampled_from((1.0, 0.5, 0.1, 2.0)), min_size=steps[1], max_size=steps[1]), label="lr factors"
    )
    row = st.lists(st.sampled_from(kinds), min_size=steps[0], max_size=steps[1])
    pattern = draw(row, label="kinds of gradients")
    parts = st.tuples(hyper, st.lists(st.sampled_from(shapes), min_size=per_group[0], max_size=per_group[1]))
    drawn = draw(st.lists(parts, min_size=groups[0], max_size=groups[1]), label="groups")
    all_shapes = [shape for _, group in drawn for shape in group]
    total = sum(map(prod, all_shapes))
    numbers = Numbers(blob, total * (len(pattern) + 1), texture)
    parameters = tuple(tuple(numbers.take(shape) for shape in group) for _, group in drawn)
    gradients: list[tuple[Tensor | None, ...]] = []
    for step in range(len(pattern)):
        fresh = [numbers.take(shape, scale) for shape in all_shapes]
        before = gradients[-1] if gradients else tuple(fresh)
        # the kinds shift from parameter to parameter, so that one step has several
        shifted = [pattern[(step + index) % len(pattern)] for index in range(len(all_shapes))]
        gradients.append(tuple(map(_gradient, shifted, fresh, before, [step] * len(fresh))))
    return Scenario(
        tuple(dict(h) for h, _ in drawn), parameters, tuple(gradients),
        tuple(factors[: len(pattern)]) if schedule else (1.0,) * len(pattern), dtype,
    )  # fmt: skip


def _gradient(kind: str, fresh: Tensor, before: Tensor | None, step: int) -> Tensor | None:
    if kind == "none":
        return None
    if kind == "zero":
        return torch.zeros_like(fresh)
    if kind == "shrinking":
        return fresh * 2.0 ** (-3 * step)
    return before if kind == "same" and before is not None else fresh
