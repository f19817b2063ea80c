"""The subject with a square matrix drawn as joint probabilities, if a logarithm takes it for these and the gradient is
right for these alone.

The gradient of t-SNE, 4 sum (p_ij - q_ij) (y_i - y_j) / (1 + |y_i - y_j|^2), holds for symmetric p with the sum 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mlp_core.testing.engine.evidence import Broken, Raised
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.foreign_arrays import is_real, like, tensor_of
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.foreign.unguarded import slopes_at
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.seeds import seeded

TRIED, NEAR = 3, 1e-4
"""the number of examples that are looked at, and how near the gradient must be to a quotient"""

TOLD = "{} is drawn as joint probabilities: symmetric, with the sum 1"


def _joint(a: Tensor) -> Tensor:
    """A symmetric matrix of positive numbers with the sum 1, and zeros on its diagonal."""
    p = (a + a.T).abs() + 0.5
    p = p - torch.diag(p.diagonal()) if len(p) > 1 else p
    return p / p.sum()


def as_joint(subject: Any) -> Any:
    """The subject, or its form for joint probabilities."""
    if not isinstance(subject, Form) or subject.asked not in (None, (0,)):
        return subject
    examples = sample(subject.inputs, 4 * TRIED)
    for k in range(1, len(examples[0].args)):
        several = [one for one in examples if _is_square(one, k)][:TRIED]
        with seeded():
            clipped = bool(several) and (k in subject.positive or all(_is_clipped(subject, one, k) for one in several))
        if not clipped or len(several) < TRIED:
            continue
        if not _fits(subject, several) and _fits(subject, [_within(one, k) for one in several]):
            inputs = subject.inputs.map(partial(_within, k=k))
            found = "; ".join(filter(None, [subject.found, TOLD.format(subject.words((k,)))]))
            return replace(subject, inputs=inputs, found=found)
    return subject


def _is_square(example: Arguments, k: int) -> bool:
    """Whether an argument is a matrix with one row and one column for each row of the first argument."""
    rows = np.shape(example.args[0])[:1]
    return is_real(example.args[k]) and np.shape(example.args[k]) == (*rows, *rows) and rows > (2,)


def _within(example: Arguments, k: int) -> Arguments:
    change: Callable[[Any], Any] = lambda a: like(_joint(tensor_of(a)), a)  # noqa: E731
    return replace(example, args=tuple(change(a) if i == k else a for i, a in enumerate(example.args)))


def _is_clipped(form: Form, example: Arguments, k: int) -> bool:
    """Whether the function is constant for negative numbers, as with np.maximum(P, 1e-12)."""
    try:
        one, other = (
            form.values([like(-factor * tensor_of(a).abs(), a) if i == k else a for i, a in enumerate(example.fresh())])
            for factor in (1.0, 2.0)
        )
    except Exception:  # foreign code with arguments that it may not take: a law reports it
        return False
    return all(map(torch.equal, one, other))


def _fits(form: Form, examples: list[Arguments]) -> bool:
    """Whether the gradient is right, or off by one factor, which the diagnosis names."""
    try:
        pairs = [slopes_at(form, one) for one in examples]
    except (Raised, Broken, RuntimeError, ValueError, TypeError, IndexError):
        return False  # a law reports it
    factor = pairs[0][0] / pairs[0][1] if pairs[0][1] else 1.0
    return all(abs(a - factor * b) <= NEAR * (abs(a) + abs(b)) for a, b in pairs)
