"""A layer with its correct backward pass; wrong backward passes are planted in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from mlp_core.testing import subjects
from mlp_core.testing.faults.catalogue import Catalogue

OWN, LINEAR = "is the derivative of its own forward", "is linear in the upstream gradient"
STRIDES, CONDUCT = "takes upstream gradients of any strides", "leaves arguments and cache alone"


@dataclass(frozen=True)
class Family:
    """forward(*args) -> out, ..., cache; the correct backward(dout, ..., cache); and arguments to try them on."""

    forward: Callable[..., Any]
    backward: Callable[..., Any]
    inputs: st.SearchStrategy[Any]
    more: tuple[Callable[..., Any], ...] = ()
    """further functions that a snippet imports"""

    def subject(self, backward: Any) -> Any:
        return subjects.pair(self.forward, backward, self.inputs)

    def names(self) -> dict[str, Any]:
        return {f.__name__: f for f in (self.forward, *self.more)}


KNOWN: list[tuple[Callable[..., Any], Family]] = []
"""wrong backward passes, each with its layer"""


def planted(catalogue: Catalogue) -> Callable[..., Callable[[Any], Any]]:
    """A function that enters wrong backward passes of families into a catalogue."""

    def caught_by(family: Family, *laws: str, origin: str) -> Callable[[Any], Any]:
        enter = catalogue.caught_by(
            *laws, right=family.backward, origin=origin, subject=family.subject, examples=60, **family.names()
        )

        def both(thing: Any) -> Any:
            KNOWN.append((thing, family))
            return enter(thing)

        return both

    return caught_by
