"""The order in which an objective or a metric of gradient boosting takes its arguments, recognised by their names."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.testing.subjects.roles import role

Order = Literal["labels first", "scores first", "dataset", "derivatives", "derivatives of a row", "evaluate"]

SCORES = re.compile(
    r"(y_?)?(raw|margin|approx|score|logit|predt|pred|prediction)(e?s)?(_?(score|pred|prediction|margin|value)s?)?|"
    r"y_?raw|z|s|f|raw_\w+",
    re.IGNORECASE,
)
DATASET = re.compile(
    r"(d|lgb_?|xgb_?|train_?|training_?|eval_?|valid_?|validation_?|test_?)*(data(_?set)?|d?_?matrix|mat|set)|"
    r"d_?(train|val|valid|eval|test)|(lgb|xgb)_\w+|data_\w+",
    re.IGNORECASE,
)
WEIGHTS = re.compile(r"(sample_?)?weights?|w", re.IGNORECASE)
READS = frozenset({"get_label", "get_float_info", "get_weight", "get_group", "get_uint_info"})
"""methods of a dataset"""

EXPECTED = (
    "f(y_true, y_pred), f(y_true, y_pred, weight), f(preds, dataset) or an object with calc_ders_range: rename its "
    "parameters so, or wrap it, as in lambda y_true, y_pred: yours(...)"
)


@dataclass(frozen=True)
class Call:
    """How a function is called. weighted: whether it takes weights as a third argument."""

    order: Order
    weighted: bool = False
    meets: bool = False
    """whether it takes groups of rows, which depend on each other by design"""


def call_of(function: Any, argument: str) -> Call:
    """How an objective or a metric is called. Raises ArgumentError if its parameters do not show it.

    >>> call_of(lambda preds, dtrain: None, "f").order, call_of(lambda y_true, y_pred: None, "f").order
    ('dataset', 'labels first')
    """
    for method, order in METHODS.items():
        if hasattr(function, method):
            return Call(order)
    if not callable(function):
        raise ArgumentError(argument, function, EXPECTED)
    names = positional(function)
    found = ordered(names, reads_a_dataset(function))
    if found is None:
        told = Described(f"{function!r} (its parameters are {', '.join(names) or 'not known'})")
        raise ArgumentError(argument, told, EXPECTED)
    return found


METHODS: dict[str, Order] = {
    "calc_ders_range": "derivatives", "calc_ders_multi": "derivatives of a row", "evaluate": "evaluate",
}  # fmt: skip
"""the methods that CatBoost calls"""


def ordered(names: list[str], reads: bool = False) -> Call | None:
    """How a function with these parameters is called; None if they do not show it. reads: whether it calls the methods
    of a dataset.
    """
    if len(names) < 2:
        return None
    first, second, *more = names
    weighted = bool(more) and bool(WEIGHTS.fullmatch(more[0]))
    meets = "group" in more
    if reads or (is_score(first) and DATASET.fullmatch(second)):
        return Call("dataset", meets=meets)
    if is_score(second) and not is_score(first):
        return Call("labels first", weighted, meets)
    if is_score(first) and role(second) == "true":
        return Call("scores first", weighted, meets)
    if role(first) == "true" and role(second) != "true":
        return Call("labels first", weighted, meets)
    return None


def is_score(name: str) -> bool:
    """Whether a parameter is the prediction."""
    return role(name) == "predicted" or SCORES.fullmatch(name) is not None


def positional(function: Callable[..., Any]) -> list[str]:
    """The names of the parameters that are not keyword-only."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def reads_a_dataset(function: Any) -> bool:
    """Whether the code of a function calls a method of a dataset."""
    plain = getattr(function, "func", function)  # functools.partial
    code = getattr(inspect.unwrap(plain) if callable(plain) else plain, "__code__", None)
    return code is not None and bool(READS & {*code.co_names})
