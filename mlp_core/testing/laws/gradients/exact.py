"""A gradient equals exact arithmetic, on numbers so short that floats do not round."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Evidence
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.exact import networks
from mlp_core.testing.exact.tensors import exact_gradient
from mlp_core.testing.examples.problem import Problem
from mlp_core.testing.laws.gradients.shared import VALUE

book = LawBook(judges=True)

MANY = 8
"""samples, unless the subject needs more: fractions are slow"""


def problems(subject: Any) -> st.SearchStrategy[Problem]:
    low, high = subject.batch_sizes
    batch = low, max(low, min(high, MANY))
    return networks.problems(batch=batch, dtypes=subject.dtypes, powers=not subject.to_the_bit)


def no_power(subject: Any) -> str | None:
    """A correct gradient may divide by B and multiply by B again, which rounds if B is not a power of two."""
    low, high = subject.batch_sizes
    found = subject.to_the_bit or networks.power_from(low) <= high
    return None if found else "no batch size is a power of two; batch_sizes=(1, 8) contains some"


@book.law(problems, skip=no_power)
def equals_exact_rational_arithmetic(subject: Any, problem: Problem) -> Evidence:
    """For piecewise linear networks with the squared error and short binary numbers, the gradient equals exact rational
    arithmetic, because floats do not round there. Some pre-activations are exactly at a kink.

    Every tolerance can hide an error. Floats do not round on short binary numbers, so every bit of every entry is
    checked, without a tolerance.
    """
    case, expected = problem.case(), exact_gradient(problem)
    found = compare(case.names, subject.gradient(case), expected, [0.0] * len(expected), closing=VALUE)
    found.counted = any(bool(g.any()) for g in expected)
    return found
