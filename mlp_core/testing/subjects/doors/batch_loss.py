"""A class of losses as "neural networks from scratch" writes it: forward gives one loss per sample, and backward takes
the prediction, not an upstream gradient, and keeps the gradient of the mean loss in an attribute."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mlp_core.testing.examples.foreign_arrays import is_real
from mlp_core.testing.subjects.doors.asked import not_run
from mlp_core.testing.subjects.doors.beside import Beside, formed
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.given import required
from mlp_core.testing.subjects.doors.names import BELOW, OUTPUTS

ENTROPY = re.compile(r"entropy|likelihood|nll|bce|log_?loss|crossent", re.IGNORECASE)
"""names of losses of probabilities"""

LINES = """\
def both(args):
    made = NAME()
    value = np.mean(made.VALUE(*args))
    outputs = [getattr(made, n) for n in OUTPUTS if hasattr(made, n)]
    returned = made.GRADIENT(outputs[0] if outputs else args[0], *args[1:])
    found = [getattr(made, n) for n in BELOW if hasattr(made, n)]
    return value, found[0] if returned is None else returned"""


def probabilities(args: Sequence[Any]) -> list[Any]:
    """The prediction as probabilities between 0.1 and 0.9, because such losses clip it near 0 and 1."""
    first, *rest = args
    return [0.1 + 0.8 / (1 + np.exp(-first)) if is_real(first) else first, *rest]


def of_batch_loss(cls: type, value: str, gradient: str) -> Form:
    """value: the method with the loss of each sample, or their mean; gradient: the method that takes the prediction, or
    the output that `value` has kept. Raises ArgumentError if no shapes are found with which they run.
    """
    names = required(getattr(cls, value))[1:]
    lines = LINES.replace("NAME", cls.__name__).replace("VALUE", value).replace("GRADIENT", gradient)
    lines = lines.replace("OUTPUTS", repr(OUTPUTS)).replace("BELOW", repr(BELOW))
    beside = Beside(tuple(lines.split("\n")), (cls,))
    keeps_output = any(name in getattr(cls, value).__code__.co_names for name in OUTPUTS)
    narrow = ENTROPY.search(cls.__name__) is not None and not keeps_output
    form = formed(f"{cls.__name__}.{gradient}", names, beside, ("numpy",), probabilities if narrow else list)
    if form is None:
        call = f'value_and_gradient(f, subjects.arrays("(n,d),(n,d)"))  # f calls {cls.__name__}'
        raise not_run(f"{cls.__name__}.{value} runs", "a loss of a prediction and a target", call)
    told = form.found.replace("positive numbers", "probabilities")
    return replace(form, found=f"{told}; the gradient is that of the mean loss of the samples")
