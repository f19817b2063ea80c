"""The value of a gradient boosting loss or metric in any form, and the labels that it accepts."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.subjects.doors.calls import Call
from mlp_core.testing.subjects.doors.dataset import Dataset, further

CLASSES = 3
"""the number of classes if a loss takes several scores per row and the user does not give a number"""

FAR, NEAR = 30.0, 15.0
"""raw scores between which a loss without a lower bound decreases"""


def _whole(labels: Any) -> Any:
    return labels.astype(np.int64) if (labels == np.round(labels)).all() else labels


FORMS: tuple[Callable[[Any, Any], tuple[Any, Any]], ...] = (
    lambda labels, scores: (labels, scores),
    lambda labels, scores: (_whole(labels), scores),
    lambda labels, scores: (torch.from_numpy(labels), torch.from_numpy(scores)),
    lambda labels, scores: (torch.from_numpy(_whole(labels)), torch.from_numpy(scores)),
)
"""labels and scores in the forms that a loss may need: arrays, tensors, labels as integers; tried in this order"""


def value(loss: Any, call: Call, labels: Tensor, scores: Tensor, memo: dict[str, Any]) -> float:
    """The loss of some rows. `memo` keeps the form in which it takes them. If it takes none, raises what it raises in
    the first form.
    """
    y, s = labels.numpy(), scores.numpy()
    if "form" in memo:
        return number(_called(loss, call, *FORMS[memo["form"]](y.copy(), s.copy())))
    first: Exception | None = None
    for k, form in enumerate(FORMS):
        try:
            found = number(_called(loss, call, *form(y.copy(), s.copy())))
        except Exception as error:  # another form may work
            first = first or error
        else:
            memo["form"] = k
            return found
    assert first is not None
    raise first


def _called(loss: Any, call: Call, labels: Any, scores: Any) -> Any:
    match call.order:
        case "labels first":
            return loss(labels, scores, *further(call, None, len(labels)))
        case "scores first":
            return loss(scores, labels, *further(call, None, len(labels)))
        case "evaluate":  # CatBoost: a row of approxes per class -> error, weight
            approxes = list(scores.T) if scores.ndim == 2 else [scores]
            total, _ = loss.evaluate(approxes, labels, None)
            best = getattr(loss, "is_max_optimal", lambda: False)()
            return -total if best else total
        case _:
            return loss(scores, Dataset(labels))


def number(found: Any) -> float:
    """A loss as a number: from (name, value, is higher better), an array with a loss per row, or a tensor."""
    if isinstance(found, (tuple, list)) and len(found) in (2, 3) and isinstance(found[0], str):
        found = -found[1] if len(found) == 3 and found[2] else found[1]
    if isinstance(found, Tensor):
        return float(found.detach().sum())
    if isinstance(found, (tuple, list)) or not np.issubdtype(np.asarray(found).dtype, np.number):
        got = f"{type(found).__name__} ({found!r:.60})"
        raise Broken("what the loss returns", got, "a number", closing="value(labels, scores)")
    return float(np.sum(found))


def labels_of(loss: Any, call: Call) -> str | int:
    """The labels that a loss accepts, found by trying: "real" if all numbers work; "counts" or "positive" if it has no
    lower bound for negative ones; "binary" if it accepts only 0 and 1; a number of classes if it takes several scores
    per row. Raises ArgumentError if nothing works.
    """
    memo: dict[str, Any] = {}

    def at(label: float, *scores: float) -> float:
        s = torch.tensor(scores, dtype=torch.float64)
        row = s if len(scores) == 1 else s[None]
        with np.errstate(all="ignore"):
            return value(loss, call, torch.tensor([label], dtype=torch.float64), row, memo)

    def fits(label: float) -> bool:
        """Whether the loss of that label exists and has a lower bound."""
        if not all(math.isfinite(at(label, s)) for s in (-2.0, 1.0)):
            return False
        return not any(at(label, side * FAR) < min(0.0, at(label, side * NEAR)) for side in (1, -1))

    def alike(one: float, other: float) -> bool:
        return all(at(one, s) == at(other, s) for s in (-2.0, 0.5, 1.0))

    try:
        if not alike(1.0, 0.0) and all(alike(label, 0.0) or alike(label, 1.0) for label in (0.37, -1.5)):
            return "binary"  # it only asks whether the label is 1, or whether it is 0, or its sign
        for kind, wanted in (("real", (-1.5, 0.37, 5.0)), ("counts", (0.0, 0.37, 5.0)), ("positive", (0.37, 5.0))):
            if all(map(fits, wanted)):
                return kind
        if fits(0.0) and fits(1.0):
            return "binary"
    except Exception as error:
        try:
            memo.clear()
            if all(math.isfinite(at(label, 0.3, -1.0, 0.5)) for label in (0.0, 1.0, 2.0)):
                return CLASSES
        except Exception as other:
            told = Described(f"none, and the loss takes neither one score per row ({error}) nor several ({other})")
            raise ArgumentError("labels", told, "labels=, the labels that the loss accepts") from other
    raise ArgumentError("labels", None, "labels=, the labels of the loss, which is not finite for the usual ones")
