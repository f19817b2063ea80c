"""Choices read from drawn bytes, one or two bytes per choice: the cheapest source of structure that shrinks.

A draw of Hypothesis costs as much as a step of an optimizer. Drawing every choice separately would take far longer than
checking a law on the result (measured: 12 ms instead of 2). Byte 0 is always the simplest choice, and Hypothesis
shrinks bytes towards 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, nan, nextafter
from typing import Any, TypeVar

from annotated_types import Ge, Gt, Le, Lt
from hypothesis import strategies as st

from mlp_core.rules._domains import Domain

T = TypeVar("T")

DEFAULT, EDGE = 32, 48
"""of the 256 codes for a hyperparameter, those below the first are its default, those below the second a bound"""

WIDE = 100
"""if the ends of a typical range have at least this ratio, half of the values are drawn on a logarithmic scale"""

SIZE = 160
"""the number of bytes in every draw, however few are needed. If draws had several lengths, Hypothesis's mutations would
make one from another and pad it with zeros (measured: beside a draw of 12 bytes, 29 of 100 draws of 127 were all
zero)"""

drawn_bytes = st.binary(min_size=SIZE, max_size=SIZE)


class Codes:
    """Reads bytes one after the other."""

    def __init__(self, data: bytes) -> None:
        self.data = iter(data)

    def pick(self, options: Sequence[T]) -> T:
        return options[next(self.data) % len(options)]

    def count(self, low: int, high: int) -> int:
        """An integer from low to high, from as many bytes as it needs."""
        several, code, read = high - low + 1, next(self.data), 256
        while read < several:
            code, read = 256 * code + next(self.data), 256 * read
        return low + code % several

    def value(self, domain: Domain, default: Any) -> Any:
        """A value inside a domain: sometimes the default or a bound, usually any value in the typical range."""
        kind, fine = next(self.data), next(self.data)
        if kind < DEFAULT:
            return default
        if domain.optional and kind < EDGE:
            return None
        if domain.choices:
            return domain.choices[fine % len(domain.choices)]
        if domain.type is bool:
            return fine % 2 == 0
        # an integer is an amount of work: beyond its typical range it only takes longer
        edges = [edge_of(b) for b in domain.bounds if isinstance(b, (Ge, Le)) and domain.type is float]
        if edges and kind < EDGE:
            return edges[fine % len(edges)]
        low, high = limits(domain)
        if domain.type is int:
            return int(low) + fine % int(high - low + 1)
        share = (fine + 0.5) / 256  # never a bound, which may be excluded
        logarithmic = low > 0 and high / low > WIDE and kind % 2
        value = low * (high / low) ** share if logarithmic else low + (high - low) * share
        return float(f"{value:.4g}")  # short in print, and not a dyadic number

    def outside(self, domain: Domain, *, strict: bool = True) -> Any:
        """A value that a domain must refuse: NaN, beyond a bound, or on an excluded bound; if strict, also infinite or
        of another type.
        """
        code = next(self.data)
        if domain.choices:
            return ("none of them", 1, True)[code % 3]
        if domain.type is bool:
            return (2, 0.5, "yes", None)[code % 4]
        wrong: list[Any] = [nan, inf, -inf, "0.1", True] if strict else [nan]
        if strict and not domain.optional:
            wrong.append(None)
        for b in domain.bounds:
            edge, away = edge_of(b), -inf if isinstance(b, (Ge, Gt)) else inf
            beyond = [nextafter(edge, away), edge + (1.0 if away > 0 else -1.0)]
            wrong += [edge, *beyond] if isinstance(b, (Gt, Lt)) else beyond
        return wrong[code % len(wrong)]


def limits(domain: Domain) -> tuple[float, float]:
    """The range to draw from: the typical one if it exists, else the bounds, else 0 to 1."""
    if domain.typical is not None:
        return domain.typical.low, domain.typical.high
    low = next((edge_of(b) for b in domain.bounds if isinstance(b, (Ge, Gt))), 0.0)
    high = next((edge_of(b) for b in domain.bounds if isinstance(b, (Le, Lt))), low + 1)
    return low, high


def edge_of(bound: Any) -> float:
    """The number in a bound: Ge(0) -> 0.0."""
    return float(next(getattr(bound, name) for name in ("ge", "gt", "le", "lt") if hasattr(bound, name)))
