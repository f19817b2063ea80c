"""The error for a wrong argument: its name, its value, and the expectation."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable
from difflib import get_close_matches


class ArgumentError(ValueError):
    """An argument has a value that cannot be used.

    >>> raise ArgumentError("lr", -1, "a finite number >= 0")
    Traceback (most recent call last):
    mlp_core.base.errors.ArgumentError: lr: got -1, expected a finite number >= 0
    """

    def __init__(self, argument: str, value: object, expected: str) -> None:
        self.shown = value if isinstance(value, Described) else Described(reprlib.repr(value))
        super().__init__(f"{argument}: got {self.shown}, expected {expected}")
        self.argument, self.value, self.expected = argument, value, expected

    def __reduce__(self) -> tuple[type[ArgumentError], tuple[str, Described, str]]:
        return type(self), (self.argument, self.shown, self.expected)  # the value itself may not be picklable


class Described(str):
    """A description that is printed instead of the value ('shape (3, 2)')."""


def unknown(kind: str, name: object, known: Iterable[str]) -> ArgumentError:
    """The error for an unknown name, with the nearest known one.

    >>> unknown("activation", "rleu", ["relu", "tanh"]).expected
    "one of relu, tanh; did you mean 'relu'?"
    """
    known = list(known)
    lowered = {k.lower(): k for k in known}
    near = get_close_matches(str(name).lower(), lowered, n=1)
    hint = f"; did you mean {lowered[near[0]]!r}?" if near else ""
    return ArgumentError(kind, name, f"one of {', '.join(known)}{hint}")
