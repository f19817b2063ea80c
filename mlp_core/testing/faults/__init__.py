"""The catalogue of known mistakes: what the laws are measured by, and what a diagnosis chooses from.

An entry has a cited occurrence or a place of its own in a formula; no two have the same law, place and numbers.
"""

from __future__ import annotations

from mlp_core.testing.faults import (
    backprop,
    course,
    derivatives,
    epochs,
    functions,
    gradcheck,
    last_bits,
    normalisation,
    optimizers,
    products,
    records,
    rules,
    runs,
    selection,
    training,
    upstream,
    verdicts,
)
from mlp_core.testing.faults.catalogue import Fault

KINDS = (
    upstream,
    derivatives,
    products,
    backprop,
    course,
    rules,
    optimizers,
    functions,
    training,
    runs,
    epochs,
    normalisation,
    selection,
    records,
    gradcheck,
    verdicts,
    last_bits,
)
"""modules with a CATALOGUE each"""


def every() -> list[Fault]:
    """All known mistakes.

    >>> "bias_gradient_of_the_first_sample" in [fault.name for fault in every()]
    True
    """
    return [fault for kind in KINDS for fault in kind.CATALOGUE.faults]
