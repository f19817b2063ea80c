"""The exceptions of foreign code while arguments were tried, for the error if none works."""

from __future__ import annotations

from collections import Counter
from contextvars import ContextVar

RAISED: ContextVar[Counter[str] | None] = ContextVar("RAISED", default=None)
"""how often each exception was raised, in words; an empty text for calls that ran and gave no gradient that fits"""

LONGEST = 160
"""the length at which the words of an exception are cut"""


def note(error: BaseException | None) -> None:
    """Count what a call raised; None if it ran."""
    counts = RAISED.get()
    if counts is None:
        counts = Counter()
        RAISED.set(counts)
    text = "" if error is None else " ".join(f"{type(error).__name__}: {error}".split())
    counts[text if len(text) <= LONGEST else f"{text[:LONGEST]}..."] += 1


def forget() -> None:
    RAISED.set(None)


def told() -> str:
    """The exceptions, as the end of a sentence about arguments that were tried; then they are forgotten.

    >>> note(KeyError("eps")), note(KeyError("eps")), told(), told()
    (None, None, "; with everything that was tried your code raised KeyError: 'eps'", '')
    """
    counts = RAISED.get()
    forget()
    if not counts:
        return ""
    if "" in counts:
        return "; with some your code ran, but no gradient had the shape of its argument"
    ((text, _),) = counts.most_common(1)
    often = "with everything that was tried" if len(counts) == 1 else "most often"
    return f"; {often} your code raised {text}"
