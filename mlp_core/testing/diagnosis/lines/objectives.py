"""Follows objectives: compares the gradient with the loss's derivative, and the hessian with the gradient's
derivative."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mlp_core.testing.diagnosis.lines.cases import Case, Output, numbers_in, telling
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.engine.guards import foreign
from mlp_core.testing.examples.rows import Rows
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.oracles.entries import Derivatives
from mlp_core.testing.oracles.objectives import gradient_of_the_loss, own_derivative, own_noise
from mlp_core.testing.subjects.doors.objective import ObjectiveSubject

COARSE = 1e-3
"""an expected value that may be wrong by more than this fraction is not used"""

CASES, DRAWN = 3, 6
"""the number of examples that are followed, and the number of new ones that are drawn"""


def cases(subject: ObjectiveSubject, examples: Sequence[Any]) -> list[Case]:
    several = [e for e in (*examples, *sample(subject.rows, DRAWN)) if isinstance(e, Rows)]
    several.sort(key=lambda e: telling([e.scores, e.labels]), reverse=True)
    found = (_case(subject, e) for e in several)
    return [case for case in found if case is not None][:CASES]


def _case(subject: ObjectiveSubject, at: Rows) -> Case | None:
    """Rows on which the gradient or the hessian is wrong; None if both are correct."""
    try:
        got = subject.both(at)
        found = {"gradient": gradient_of_the_loss(subject, at)}
        if subject.hessian == "exact" and got[1].shape == got[0].shape:
            found["hessian"] = own_derivative(subject, at)
    except Broken:
        return None
    sign = -1.0 if subject.call.order.startswith("derivatives") else 1.0
    right = {
        name: (sign * torch.where(one.telling & ~one.kink, one.value, g), _off(one, own_noise(subject, at, which)))
        for which, ((name, one), g) in enumerate(zip(found.items(), got, strict=False))
    }  # fmt: skip
    right = {name: (value, near) for name, (value, near) in right.items() if near < COARSE}

    def run(recorder: Any) -> list[Output]:
        labels, scores, _ = at.arrays()
        with np.errstate(all="ignore"), foreign(), recorder:
            both = dict(zip(("gradient", "hessian"), subject.called(labels, scores, None), strict=False))
        arrays = {name: both[name] for name in right if numbers_in(both.get(name)) is not None}
        return [
            Output(name, thing, _as(thing, subject, *right[name][:1]), right[name][1]) for name, thing in arrays.items()
        ]

    if not right or all(one.wrong() is None for one in run(nullcontext())):
        return None
    known = {"hessian": [right["gradient"][0]]} if "gradient" in right else {}
    return Case(run, (subject.function,), lambda output, depth: known.get(output.name, []))


def _off(one: Derivatives, own: Tensor) -> float:
    """The possible error of the derivatives that the numbers are compared with, doubled, relative to the largest of
    them.
    """
    known = one.telling & ~one.kink
    if not known.any():
        return 1.0
    size = one.value[known].abs().max().clamp_min(torch.finfo(torch.float64).tiny)
    return float(2 * (one.bound + own)[known].max() / size)


def _as(thing: Any, subject: ObjectiveSubject, right: Tensor) -> Tensor:
    """The correct numbers in the shape that the objective returns: flat ones class by class or row by row."""
    numbers = numbers_in(thing)
    shape = right.shape if numbers is None else numbers.shape
    if right.ndim == 2 and len(shape) == 1:
        right = right if subject.memo.get("layout") == "row by row" else right.T
    return right.reshape(shape) if right.numel() == np.prod(shape) else right
