"""Gradients by one argument of a function with several, one function each, recognised from names alone: grad_U(R, U, V)
beside loss(R, U, V), and dH_dq(q, p) beside H(q, p)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mlp_core.base.lazy import later
from mlp_core.testing.foreign.alone import clips
from mlp_core.testing.foreign.beside import VALUED, belong, of_fields
from mlp_core.testing.foreign.doors import wanted

of_derivative = later("mlp_core.testing.subjects.doors.recognised_derivative", "of_derivative")

PARTIAL = re.compile(r"(?:grad(?:ient)?_|d|d_|dL_d|dJ_d|compute_grad_|nabla_)(\w+)|(\w+)_grad(?:ient)?", re.IGNORECASE)
"""names of the gradient by one parameter: grad_U"""

OWNED = re.compile(r"d(\w+?)_?d_?(\w+)")
"""the same with the name of its function: dH_dq, of H"""


def partials(file: Any) -> Iterator[tuple[str, tuple[str, ...], Any, frozenset[str], tuple[str, ...]]]:
    """A cost, and a gradient by one of its arguments: loss(R, U, V), grad_U(R, U, V) and grad_V(R, U, V)."""
    nodes = of_fields(file)
    names = [n.name for n in nodes]
    for slope in nodes:
        match, owner = PARTIAL.fullmatch(slope.name), OWNED.fullmatch(slope.name)
        of = owner[1] if owner and owner[1] in names else ""
        by = owner[2] if owner and of else (match[1] or match[2]) if match else ""
        whose = [k for k, n in enumerate(wanted(slope)) if n.lower() == by.lower()]
        same = [n for n in nodes if wanted(n) == wanted(slope) and n is not slope]
        values = [n for n in same if n.name == of or (not of and VALUED.fullmatch(n.name) and belong(n.name, ""))]
        if len(values) == len(whose) == 1 and not clips(slope):
            needs = (slope.name, values[0].name)
            yield slope.name, needs, _partial(whose[0]), frozenset(), (slope.name,)


def _partial(at: int) -> Any:
    return lambda slope, value, _: of_derivative(value, slope, at=at, one_value=True)
