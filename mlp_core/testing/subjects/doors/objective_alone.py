"""An objective of gradient boosting without its loss: the loss is searched among the usual ones.

The gradient is compared with the derivatives of usual losses, up to one factor. A factor below 0 counts as well: then
the loss is known, and the sign of the gradient is wrong. Parameters of a loss (delta, alpha, a power) are read off the
gradient far away and at 0. If no loss fits, nothing is judged.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.testing.engine.source import name_of
from mlp_core.testing.examples.rows import Rows
from mlp_core.testing.subjects.doors import usual_losses as usual
from mlp_core.testing.subjects.doors.objective import ObjectiveSubject, objective

NEAR = 1e-6
"""how near a gradient must be to that of a loss for the loss to be chosen; the laws then compare it within the bound"""

FAR, SMALL = 1e7, 1e-5
"""distances between score and label at which the parameters of a loss show"""

NAMED = re.compile(r"logistic|log_?loss|logreg|bce|(?<!softmax_)cross_?entropy|binary", re.IGNORECASE)
"""names of the logistic loss: an objective with such a name and another gradient is wrong"""

Candidate = tuple[str, Any, tuple[float, float] | None, Callable[..., Tensor]]
"""the loss in words, its labels, the scores for which it is defined, and the loss of labels and scores"""


def of_objective(f: Any) -> ObjectiveSubject:
    """The subject of an objective, with the loss that was found. Raises ArgumentError if none fits."""
    probe = objective(f, usual.half_squared_error, labels="real", hessian="told")
    name = name_of(f) if hasattr(f, "__name__") else type(f).__name__
    for words, labels, scores, loss in _candidates(probe):
        factor = _factor(probe, labels, scores, loss)
        if factor is not None:
            size = float(f"{abs(factor):.6g}")
            held = loss if size == 1 else partial(loss, times=size)
            times = "" if size == 1 else f"{size:g} times "
            return _told(f, held, labels, scores, f"{times}{words}")
    if NAMED.search(name):
        return _told(f, usual.logistic, "binary", None, "the logistic loss, by its name")
    paste = (
        "from mlp_core.testing import subjects\ndef loss(y_true, y_pred): return ...  # a number\n"
        f'subject = subjects.objective({name}, loss, hessian="exact")'
    )
    expected = "its loss, as in these three lines in the file"
    raise ArgumentError(
        "loss", Described(f"none of the usual ones whose derivative {name} is"), expected, paste=paste
    )


def _told(f: Any, loss: Any, labels: Any, scores: Any, words: str) -> ObjectiveSubject:
    found = objective(f, loss, labels=labels, hessian="told", scores=scores)
    return replace(found, found=f"its loss is not in the file: compared with {words}")


def _gradient(probe: ObjectiveSubject, labels: Tensor, scores: Tensor) -> Tensor | None:
    """The gradient that the objective gives; None if it has another shape or is not finite."""
    try:
        found = probe.both(Rows(labels, scores, torch.ones(len(labels), dtype=torch.float64)))[0]
    except Exception:  # foreign code with guessed labels
        return None
    return found if bool(found.isfinite().all()) else None


def _one(probe: ObjectiveSubject, label: float, score: float) -> float:
    """The gradient of one row; NaN if there is none."""
    found = _gradient(probe, torch.tensor([label], dtype=torch.float64), torch.tensor([score], dtype=torch.float64))
    return math.nan if found is None else float(found.sum())


def _candidates(probe: ObjectiveSubject) -> Iterator[Candidate]:
    """Usual losses, with the parameters that the gradient shows."""
    up, down = _one(probe, 0.5, 0.5 + FAR), _one(probe, 0.5, 0.5 - FAR)
    near, under = _one(probe, 0.5, 0.5 + SMALL) / SMALL, -_one(probe, 0.5, 0.5 - SMALL) / SMALL
    yield "half the squared error", "real", None, usual.half_squared_error
    if up and down and up * down < 0 and abs(up) < FAR / 10:
        alpha = float(f"{-down / (up - down):.6g}")
        if alpha != 0.5:
            yield f"the quantile loss, alpha {alpha:g}", "real", None, partial(usual.quantile, alpha=alpha)
    if near and math.isfinite(near) and math.isfinite(up) and 0 < up / near < FAR / 10:
        delta = float(f"{up / near:.5g}")
        for words, loss in (("Huber's loss", usual.huber), ("the pseudo-Huber loss", usual.pseudo_huber)):
            yield f"{words}, delta {delta:g}", "real", None, partial(loss, delta=delta)
        yield f"the fair loss, c {delta:g}", "real", None, partial(usual.fair, c=delta)
    yield "log cosh", "real", None, usual.log_cosh
    yield "the absolute error", "real", None, partial(usual.quantile, alpha=0.5)
    if near and under and near * under > 0 and near != under and math.isfinite(near * under):
        above, below = float(f"{near:.6g}"), float(f"{under:.6g}")
        words = f"the squared error, {above:g} and {below:g} times its half above and below the label"
        yield words, "real", None, partial(usual.asymmetric_squared_error, above=abs(above), below=abs(below))
    yield "half the squared error of log(1 + y)", "positive", (0.0, 8.0), usual.squared_log_error
    yield "the logistic loss", "binary", None, usual.logistic
    yield "the logistic loss of labels -1 and 1", "signs", None, usual.logistic_of_signs
    yield "the exponential loss", "signs", None, usual.exponential
    yield "the Poisson loss of a logarithm", "counts", None, usual.poisson
    yield "the gamma loss of a logarithm", "positive", None, usual.gamma
    grown = _one(probe, 0.0, 1.0) / (_one(probe, 0.0, 0.0) or math.nan)
    power = 2 - math.log(grown) if grown > 0 else math.nan
    if 1.01 < power < 1.99:
        power = float(f"{power:.6g}")
        yield f"the Tweedie loss of a logarithm, power {power:g}", "counts", None, partial(usual.tweedie, power=power)
    ratio = _one(probe, 1.0, 0.0) / (_one(probe, 0.0, 0.0) or math.nan)
    if ratio < 0:
        positive = float(f"{-ratio:.6g}")
        words = f"the logistic loss, {positive:g} times for positive labels"
        yield words, "binary", None, partial(usual.logistic, positive=positive)
        for gamma in (2.0, 1.0, 0.5, 1.5, 3.0, 4.0, 5.0):
            alpha = float(f"{-ratio / (1 - ratio):.6g}")
            words = f"the focal loss, gamma {gamma:g}, alpha {alpha:g}"
            yield words, "binary", None, partial(usual.focal, gamma=gamma, alpha=alpha)
    yield "softmax cross-entropy", 3, None, usual.softmax_cross_entropy


LABELS = {
    "real": (-1.5, 0.25, 2.0, 0.75), "binary": (0.0, 1.0, 1.0, 0.0), "signs": (-1.0, 1.0, 1.0, -1.0),
    "counts": (0.0, 3.0, 1.0, 5.0), "positive": (0.5, 3.0, 1.25, 2.0),
}  # fmt: skip

SCORES = (0.7, -1.1, 0.4, 2.3, 1.6, -0.3, 3.1, -2.2)


def _factor(probe: ObjectiveSubject, labels: Any, scores: Any, loss: Callable[..., Tensor]) -> float | None:
    """The factor between the gradient and the derivative of a loss; None if it is no multiple of it."""
    if isinstance(labels, int):
        y = torch.tensor([0.0, 2.0, 1.0, 2.0, 0.0], dtype=torch.float64)
        s = torch.tensor(np.resize(SCORES, (5, labels)), dtype=torch.float64)
    else:
        y = torch.tensor(LABELS[labels] * 2, dtype=torch.float64)
        s = torch.tensor(SCORES, dtype=torch.float64)
        s = s.abs() if scores is not None else s
    found = _gradient(replace(probe, memo={}), y, s)
    leaf = s.clone().requires_grad_()
    (own,) = torch.autograd.grad(loss(y, leaf), leaf)
    if found is None or found.shape != own.shape or not own.any():
        return None
    factor = float((found * own).sum() / (own * own).sum())
    off = (found - factor * own).abs().max() <= NEAR * own.abs().max() * max(abs(factor), NEAR)
    return factor if bool(off) and abs(factor) > NEAR else None
