"""The error for a wrong argument: its name, its value, and the expectation."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable
from difflib import get_close_matches
from functools import partial
from typing import Any


class ArgumentError(ValueError):
    """An argument has a value that cannot be used. brief: one sentence that a command prints instead of the message.
    paste: lines of Python that the user can copy, printed below the message.

    >>> raise ArgumentError("lr", -1, "a finite number >= 0")
    Traceback (most recent call last):
    mlp_core.base.errors.ArgumentError: lr: got -1, expected a finite number >= 0
    """

    def __init__(self, argument: str, value: object, expected: str, *, brief: str = "", paste: str = "") -> None:
        self.shown = value if isinstance(value, Described) else Described(reprlib.repr(value))
        self.line = f"{argument}: got {self.shown}, expected {expected}"
        super().__init__(f"{self.line}\n\n{paste}\n" if paste else self.line)
        self.argument, self.value, self.expected, self.brief, self.paste = argument, value, expected, brief, paste

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        made = partial(type(self), brief=self.brief, paste=self.paste)
        return made, (self.argument, self.shown, self.expected)  # the value itself may not be picklable


class Described(str):
    """A description that is printed instead of the value ('shape (3, 2)')."""


def unknown(kind: str, name: object, known: Iterable[str]) -> ArgumentError:
    """The error for an unknown name, with the nearest known one.

    >>> unknown("activation", "rleu", ["relu", "tanh"]).expected
    "one of relu, tanh; did you mean 'relu'?"
    """
    known = list(known)
    return ArgumentError(kind, name, f"one of {', '.join(known)}{meant(name, known)}")


def meant(name: object, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: the nearest known one, if there is one.

    >>> meant("SDG", ["Adam", "SGD"])
    "; did you mean 'SGD'?"
    """
    lowered = {k.lower(): k for k in known}
    near = get_close_matches(str(name).lower(), lowered, n=1)
    return f"; did you mean {lowered[near[0]]!r}?" if near else ""
