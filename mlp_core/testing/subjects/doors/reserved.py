"""Functions whose labels must not contain one number: the blank of connectionist temporal classification."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from mlp_core.testing.engine.source import MADE, import_of, name_of
from mlp_core.testing.examples.foreign_arrays import is_array
from mlp_core.testing.subjects.doors.assigned import CLASSES

BLANK = re.compile(r"blank(_?(id|idx|index|label|token))?")
"""names of a parameter that is the number of no label"""


def reserved(function: Callable[..., Any]) -> tuple[str, int] | None:
    """The name and the default of such a parameter, if a function has one and takes labels.

    >>> reserved(lambda logits, labels, blank=0: 0), reserved(lambda x, blank=0: 0)
    (('blank', 0), None)
    """
    parameters = inspect.signature(function).parameters
    found = [(n, p.default) for n, p in parameters.items() if BLANK.fullmatch(n) and type(p.default) is int]
    takes = any(CLASSES.fullmatch(n) for n, p in parameters.items() if p.default is p.empty)
    return found[0] if found and found[0][1] >= 0 and takes else None


def without(function: Callable[..., Any], blank: int) -> Callable[..., Any]:
    """The function of labels from which this number is left out: 0, 1, ... become 1, 2, ... for the blank 0."""
    names = list(inspect.signature(function).parameters)

    def moved(*args: Any, **options: Any) -> Any:
        return function(*(_moved(n, a, blank) for n, a in zip(names, args, strict=False)), **options)

    moved.__name__ = moved.__qualname__ = name_of(function)
    vars(moved)["__signature__"] = inspect.signature(function)
    setattr(moved, MADE, ([*import_of(function), f"from {__name__} import without"],
                          f"without({name_of(function)}, {blank})"))  # fmt: skip
    return moved


def _moved(name: str, value: Any, blank: int) -> Any:
    """Labels that leave out the blank; any other argument as it is."""
    if CLASSES.fullmatch(name) is None or not is_array(value) or np.asarray(value).dtype.kind not in "iu":
        return value
    return value + (value >= blank)
