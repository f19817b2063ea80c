"""The catalogue of known mistakes: what the laws are measured by, and what a diagnosis chooses from.

An entry has a cited occurrence or a place of its own in a formula; no two have the same law, place and numbers.
"""

from __future__ import annotations

from mlp_core.testing.faults import (
    backprop,
    course,
    epochs,
    functions,
    gradcheck,
    normalisation,
    optimizers,
    records,
    rules,
    selection,
    training,
    verdicts,
)
from mlp_core.testing.faults.catalogue import Fault

KINDS = (
    backprop,
    rules,
    optimizers,
    functions,
    training,
    course,
    epochs,
    normalisation,
    selection,
    records,
    gradcheck,
    verdicts,
)
"""modules with a CATALOGUE each"""


def every() -> list[Fault]:
    """All known mistakes.

    >>> "bias_gradient_of_the_first_sample" in [fault.name for fault in every()]
    True
    """
    return [fault for kind in KINDS for fault in kind.CATALOGUE.faults]
