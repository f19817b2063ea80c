"""Objectives of gradient boosting as subjects: a gradient and a hessian for every row, by its raw score."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.base.errors import ArgumentError, unknown
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.engine.guards import foreign
from mlp_core.testing.examples.rows import KINDS, Rows, rows
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.subjects.doors import losses
from mlp_core.testing.subjects.doors.calls import Call, call_of
from mlp_core.testing.subjects.doors.dataset import Dataset, further
from mlp_core.testing.subjects.doors.objective_source import lines_of
from mlp_core.testing.subjects.doors.results import coarsest

Hessian = Literal["exact", "bound", "any", "told"]

HESSIANS = ("exact", "bound", "any")

PAIR = "both(labels, scores)"

APART = "rows do not affect each other"
"""the law that is waived for an objective that ranks rows without groups"""


@dataclass(frozen=True)
class ObjectiveSubject:
    """objective -> (gradient, hessian) for every raw score, and the loss of which they are the derivatives."""

    name: str
    function: Any
    loss: Any
    call: Call
    loss_call: Call
    hessian: Hessian
    rows: st.SearchStrategy[Rows]
    classes: int = 0
    waived: tuple[str, ...] = ()
    memo: dict[str, Any] = field(default_factory=dict)
    found: str = ""
    """which loss was found, in words, if none was given"""

    def both(self, at: Rows, *, weighted: bool = False, order: Any = None) -> tuple[Tensor, Tensor]:
        """Gradient and hessian (float64), with the sign of the loss, each of the shape of the scores; an objective with
        matrix hessians gives (n, k, k). `order`: the memory layout of the scores. Raises Broken if there are no such
        numbers.
        """
        if "needs weights" not in self.memo:
            self._learn(at)
        labels, scores, weights = at.arrays()
        scores = scores if order is None else order(scores)
        with np.errstate(all="ignore"), foreign():
            found = self.called(labels, scores, weights if weighted else None)
        return self.read(found, at)

    def called(self, labels: Any, scores: Any, weights: Any) -> Any:
        """The value that the objective returns for the arrays; for a CatBoost object, a list of its rows."""
        f, w = self.function, weights
        if w is None and self.memo.get("needs weights"):
            w = np.ones(len(labels))
        match self.call.order:
            case "labels first":
                return f(labels, scores, *further(self.call, w, len(labels)))
            case "scores first":
                return f(scores, labels, *further(self.call, w, len(labels)))
            case "derivatives":
                return list(zip(*f.calc_ders_range(scores, labels, w), strict=True))
            case "derivatives of a row":
                w = np.ones(len(labels)) if w is None else w
                rows = zip(scores, labels.tolist(), w.tolist(), strict=True)
                return list(zip(*(f.calc_ders_multi(*row) for row in rows), strict=True))
            case _:
                needs = self.memo.get("needs weights", False)
                own = np.ones(len(labels)) if weights is None and needs == "ones" else weights
                data = Dataset(labels, own, empty=bool(needs))
                try:
                    return f(scores, data)
                finally:
                    self.memo["asked"] = self.memo.get("asked", False) or data.asked
                    self.memo["grouped"] = self.memo.get("grouped", False) or data.grouped

    @cached_property
    def weighs(self) -> bool:
        """Whether it takes weights."""
        with suppress(Broken):
            self.both(sample(self.rows, 1)[0])
        return self.call.weighted or self.call.order.startswith("derivatives") or bool(self.memo.get("asked"))

    @cached_property
    def meets(self) -> bool:
        """Whether its rows depend on each other by design: it takes groups of rows, or this is waived."""
        with suppress(Broken):
            self.both(sample(self.rows, 1)[0])
        return self.call.meets or bool(self.memo.get("grouped")) or APART in self.waived

    def u(self, at: Rows) -> float:
        """The unit roundoff of the numbers it returns."""
        if "u" not in self.memo:
            self.both(at)
        return float(self.memo["u"])

    def _learn(self, at: Rows) -> None:
        """Whether it must be given weights even if there are none: it raises for None, which LightGBM passes, but not
        for the empty array of XGBoost, or for ones.
        """
        for needs in (False, True, "ones"):
            self.memo["needs weights"] = needs
            with suppress(Broken):
                self.both(at)
                return
        self.memo["needs weights"] = False

    def read(self, found: Any, at: Rows) -> tuple[Tensor, Tensor]:
        """The returned value as two tensors."""
        if not (isinstance(found, (tuple, list)) and len(found) == 2):
            got = f"{type(found).__name__}, {len(found)} long" if isinstance(found, (tuple, list)) else type(found)
            got = got if isinstance(got, str) else got.__name__
            raise Broken("what the objective returns", got, "a gradient and a hessian", closing=PAIR)
        self.memo["u"] = max(self.memo.get("u", 0.0), coarsest(found))
        sign = -1.0 if self.call.order.startswith("derivatives") else 1.0
        shape = tuple(at.scores.shape)
        whole = (*shape, shape[-1]) if self.call.order == "derivatives of a row" else shape
        return (
            sign * self._tensor(found[0], "gradient", shape, at),
            sign * self._tensor(found[1], "hessian", whole, at),
        )

    def _tensor(self, value: Any, name: str, shape: tuple[int, ...], at: Rows) -> Tensor:
        value = value.detach() if isinstance(value, Tensor) else value
        try:
            numbers = torch.from_numpy(np.array(value, dtype=np.float64))
        except (TypeError, ValueError) as error:
            raise Broken(name, type(value).__name__, f"{shape} numbers", closing=PAIR) from error
        got = tuple(numbers.shape)
        if got == shape or (got == (*shape, 1) and len(shape) == 1):
            return numbers.reshape(shape)
        if len(shape) == 2 and got == (shape[0] * shape[1],):
            return self._flat(numbers, name, at)
        note = ""
        if got == shape[::-1] and len(shape) == 2:
            note = "it is transposed: LightGBM does not check this, and reads the numbers of other rows"
        raise Broken(name, f"shape {got}", f"shape {shape}", note=note, closing=PAIR)

    def _flat(self, numbers: Tensor, name: str, at: Rows) -> Tensor:
        """Reshape flat numbers of several classes: class by class, as in LightGBM, or row by row, as in XGBoost,
        whichever is closer to the values for single rows.
        """
        n, k = at.scores.shape
        self.memo["is flat"] = True
        by_class, by_row = numbers.view(k, n).T, numbers.view(n, k)
        if n > 1 and "layout" not in self.memo:
            which = ("gradient", "hessian").index(name)
            alone = torch.cat([self.both(at.one(row))[which].abs() for row in range(n)])
            off = [(layout.abs() - alone).abs().sum() for layout in (by_class, by_row)]
            self.memo["layout"] = "row by row" if off[1] < off[0] else "class by class"
        return by_row if self.memo.get("layout") == "row by row" else by_class

    def value(self, labels: Tensor, scores: Tensor) -> float:
        """The loss of these rows, summed."""
        with np.errstate(all="ignore"), foreign():
            return losses.value(self.loss, self.loss_call, labels, scores, self.memo)

    def snippet(self, example: Any, closing: str) -> str:
        """A snippet that calls the objective as the law did."""
        lines = lines_of(self)
        return "\n".join([*lines, "", *example.setup(), "", closing or PAIR])


def objective(
    f: Any, loss: Any, labels: Any = None, hessian: str = "exact", *, scores: tuple[float, float] | None = None,
    waives: Sequence[str] = (),
) -> ObjectiveSubject:  # fmt: skip
    """An objective of gradient boosting, f -> (gradient, hessian) with respect to the raw score of every row, and its
    loss.

    f, loss: f(y_true, y_pred[, weight]), f(preds, dataset) or f(preds, labels), recognised by the names of the
    parameters; or a CatBoost object with calc_ders_range or calc_ders_multi, whose derivatives are those of minus the
    loss. The loss is a sum, a mean or one value per row, or a metric that returns (name, value, is higher better).
    labels: "real", "binary" (0 and 1), "signs" (-1 and 1), "unit" (0 to 1), "positive", "counts", a number of classes
    (then each class has a score), or a Hypothesis strategy for one label; found by trying the loss if not given.
    hessian: "exact", "bound" (an upper bound), or "any" (any positive number). scores: (lowest, highest), if not every
    number is a valid raw score. waives: names of laws that do not hold by design.

    Raises ArgumentError if the names of the parameters do not show which are scores and labels, and for unknown
    options.

    An objective that ranks takes the groups of rows from the dataset or as a last parameter `group`, and its loss is
    the sum over all groups. Without groups, waives=["rows do not affect each other"] says that rows are compared.

    >>> import numpy as np
    >>> from mlp_core.testing import verify
    >>> def logistic(y_true, y_pred):
    ...     p = 1 / (1 + np.exp(-y_pred))
    ...     return p - y_true, p * (1 - p)
    >>> loss = lambda y_true, y_pred: np.sum(np.log1p(np.exp(y_pred)) - y_true * y_pred)
    >>> verify(objective(logistic, loss, labels="binary"), examples=10).ok
    True
    """
    function, loss = (thing() if isinstance(thing, type) else thing for thing in (f, loss))
    call, loss_call = call_of(function, "f"), call_of(loss, "loss")
    if hessian not in (*HESSIANS, "told"):
        raise unknown("hessian", hessian, HESSIANS)
    labels = losses.labels_of(loss, loss_call) if labels is None else labels
    classes = labels if isinstance(labels, int) and not isinstance(labels, bool) else 0
    right = isinstance(labels, st.SearchStrategy) or (isinstance(labels, str) and labels in KINDS) or classes > 1
    if not right:
        raise ArgumentError("labels", labels, f"one of {', '.join(KINDS)}, a number of classes, or a strategy")
    two = isinstance(scores, tuple) and len(scores) == 2 and all(isinstance(v, (int, float)) for v in scores)
    if scores is not None and not (two and scores[0] < scores[1]):
        raise ArgumentError("scores", scores, "(lowest, highest) of the allowed raw scores")
    name = str(getattr(function, "__name__", type(function).__name__))
    return ObjectiveSubject(
        name, function, loss, call, loss_call, hessian,  # type: ignore[arg-type]  # looked at above
        rows(labels, scores), classes, tuple(waives),
    )  # fmt: skip
