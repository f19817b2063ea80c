"""A layer whose backward returns the gradients of its parameters too: `return dx, dW, db`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import wraps
from typing import Any

from mlp_core.testing.engine.source import MADE, import_of

IMPORT = "from mlp_core.testing.subjects.doors.returning import returning"


def returning(cls: type, names: Sequence[str]) -> type:
    """A class derived from this one, whose backward returns only some of its results and keeps the others as
    attributes. names: of these attributes, one per result; "" for a result that is returned.

    >>> class Bias:
    ...     b = 1.0
    ...     def forward(self, x):
    ...         return x + self.b
    ...     def backward(self, dout):
    ...         return dout, dout
    >>> layer = returning(Bias, ["", "db"])()
    >>> layer.backward(2.0), layer.db
    (2.0, 2.0)
    """

    theirs: Any = cls.backward  # type: ignore[attr-defined]

    @wraps(theirs)
    def backward(self: Any, *above: Any) -> Any:
        found = theirs(self, *above)
        if not isinstance(found, (tuple, list)) or len(found) != len(names):
            return found
        for name, value in zip(names, found, strict=True):
            if name:
                setattr(self, name, value)
        below = [value for name, value in zip(names, found, strict=True) if not name]
        return below[0] if len(below) == 1 else tuple(below)

    made = type(cls.__name__, (cls,), {"backward": backward})
    text = f"returning({cls.__name__}, {list(names)!r})"
    setattr(made, MADE, ([*import_of(cls), IMPORT], text))
    return made
