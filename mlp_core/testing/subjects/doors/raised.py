"""The exceptions of foreign code while arguments were tried, for the error if none works."""

from __future__ import annotations

import re
from collections import Counter
from contextvars import ContextVar

import torch

from mlp_core.testing.engine.evidence import place_of

RAISED: ContextVar[Counter[str] | None] = ContextVar("RAISED", default=None)
"""how often each exception was raised, in words; an empty text for calls that ran and gave no gradient that fits"""

LONGEST = 160
"""the length at which the words of an exception are cut"""

ALWAYS = ("NameError", "SystemExit", "EOFError: input()", "None, returned by")
"""the beginnings of errors that do not depend on the arguments"""

ENOUGH = 20
"""how many calls must end with such an error, and none without an error, before no other arguments are tried"""

TENSORS = re.compile(
    r"TypeError: .*(must be Tensor, not numpy|expected Tensor as element|combination of arguments - got \(.*ndarray)"
    r"|AttributeError: 'numpy\.ndarray' object has no attribute '(?P<attribute>\w+)'"
)
"""errors of code for torch that got arrays of numpy"""


class NothingReturned(Exception):
    """A backward returned None."""


class TooSmall(Exception):
    """The arguments have too few numbers. The backward was not called, so nothing is known about it."""


class Hopeless(Exception):
    """Ends a search: every call that gets far enough ends with the same error, whatever the arguments are."""


def note(error: BaseException | None) -> None:
    """Count what a call raised; None if it ran."""
    if isinstance(error, TooSmall):
        return
    counts = RAISED.get()
    if counts is None:
        counts = Counter()
        RAISED.set(counts)
    kind = "" if isinstance(error, NothingReturned) else f"{type(error).__name__}: "
    text = "" if error is None else " ".join(f"{kind}{error}".split())
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
    if error is not None and text.startswith(ALWAYS) and not isinstance(error, NothingReturned):
        text = f"{text} ({place_of(error)})"
    counts[text] += 1


def always() -> str:
    """The error that does not depend on the arguments, if there was one and no call ran without an error."""
    counts = RAISED.get() or Counter()
    return "" if "" in counts else next((text for text in counts if text.startswith(ALWAYS)), "")


def for_torch(text: str) -> bool:
    """Whether an error says that the code needs tensors, where it got arrays of numpy.

    >>> [for_torch(f"AttributeError: 'numpy.ndarray' object has no attribute '{name}'") for name in ("exp", "keys")]
    [True, False]
    """
    found = TENSORS.match(text)
    return found is not None and (found["attribute"] is None or hasattr(torch.Tensor, found["attribute"]))


def needs_torch() -> bool:
    """Whether a call raised an error that says that the code needs tensors."""
    return any(map(for_torch, RAISED.get() or ()))


def stop_if_hopeless(lib: str) -> None:
    """Raises Hopeless after ENOUGH errors that do not depend on the arguments, or depend on their library alone."""
    counts = RAISED.get() or Counter()
    often = (text for text, times in counts.items() if times >= ENOUGH)
    if "" not in counts and any(text.startswith(ALWAYS) or (lib == "numpy" and for_torch(text)) for text in often):
        raise Hopeless


def forget() -> None:
    RAISED.set(None)


def told() -> str:
    """The exceptions, as the end of a sentence "no shapes with which f runs"; then they are forgotten. If the code ran
    with some shapes, its gradients had other shapes than their arguments.

    >>> note(KeyError("eps")), note(KeyError("eps")), told(), told()
    (None, None, "; with everything that was tried your code raised KeyError: 'eps'", '')
    >>> note(None), told()
    (None, ' and every gradient has the shape of its argument')
    """
    counts = RAISED.get()
    forget()
    if not counts:
        return ""
    if "" in counts:
        return " and every gradient has the shape of its argument"
    ((text, _),) = counts.most_common(1)
    often = "with everything that was tried" if len(counts) == 1 else "most often"
    return f"; {often} your code raised {text}"
