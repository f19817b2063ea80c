"""The catalogue of known mistakes: what the laws are measured by, and what a diagnosis chooses from.

An entry has a cited occurrence or a place of its own in a formula; no two have the same law, place and numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mlp_core.testing.faults import (
    adam,
    adam_kin,
    adaptive,
    backprop,
    conduct,
    counting,
    course,
    derivatives,
    epochs,
    flows,
    functions,
    generic_faults,
    gradcheck,
    last_bits,
    matrices,
    memory,
    normalisation,
    optimizers,
    products,
    records,
    runs,
    selection,
    sgd,
    signs,
    training,
    upstream,
    verdicts,
)
from mlp_core.testing.faults.catalogue import Fault

RULES = (sgd, adam, adam_kin, adaptive, signs, matrices, counting, generic_faults, memory, conduct, optimizers)
"""modules with a CATALOGUE of wrong update rules each"""

KINDS = (
    upstream, derivatives, products, flows, backprop, course, *RULES, functions,
    training, runs, epochs, normalisation, selection, records, gradcheck, verdicts, last_bits,
)  # fmt: skip
"""modules with a CATALOGUE each"""


def every() -> list[Fault]:
    """All known mistakes.

    >>> "bias_gradient_of_the_first_sample" in [fault.name for fault in every()]
    True
    """
    return _of(KINDS)


def of_rules() -> list[Fault]:
    """Those of update rules and optimizers."""
    return _of(RULES)


def _of(kinds: Iterable[Any]) -> list[Fault]:
    return [fault for kind in kinds for fault in kind.CATALOGUE.faults]
