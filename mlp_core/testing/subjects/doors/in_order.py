"""Functions that return their gradients in another order than that of the arguments, as the names there show, or their
value with others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from mlp_core.testing.engine.source import MADE, import_of, name_of


def in_order(function: Callable[..., Any], wrt: Sequence[int], first: int = 0) -> Callable[..., Any]:
    """The function with its gradients in the order of the arguments to which they belong, which wrt gives. first: the
    number of other values before the gradients.

    >>> in_order(lambda: ("of c", "of a"), (2, 0))()
    ('of a', 'of c')
    """
    order = sorted(range(len(wrt)), key=lambda k: wrt[k])
    if order == list(range(len(wrt))):
        return function

    @wraps(function)
    def ordered(*args: Any, **options: Any) -> Any:
        found = function(*args, **options)
        if not isinstance(found, (tuple, list)) or len(found) != first + len(wrt):
            return found
        return (*found[:first], *(found[first + k] for k in order))

    ordered.__name__ = ordered.__qualname__ = name_of(function)
    lines = [*import_of(function), f"from {__name__} import in_order"]
    setattr(ordered, MADE, (lines, f"in_order({name_of(function)}, {tuple(wrt)!r}, {first})"))
    return ordered


def first_of(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with only the first of its returned values.

    >>> first_of(lambda x: (x, "a cache"))(3)
    3
    """

    @wraps(function)
    def first(*args: Any, **options: Any) -> Any:
        found = function(*args, **options)
        return found[0] if isinstance(found, tuple) and found else found

    first.__name__ = first.__qualname__ = name_of(function)
    lines = [*import_of(function), f"from {__name__} import first_of"]
    setattr(first, MADE, (lines, f"first_of({name_of(function)})"))
    return first
