"""The numbers that a training function may return as the losses of its epochs, in the usual forms."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mlp_core.testing.oracles.loops import Followed

Batches = list[float]

MEANS: dict[str, Callable[[Batches, list[int]], float]] = {
    "the mean over the samples": lambda b, n: sum(x * k for x, k in zip(b, n, strict=True)) / sum(n),
    "the sum over the samples": lambda b, n: sum(x * k for x, k in zip(b, n, strict=True)),
    "the sum of the batches' losses": lambda b, n: sum(b),
    "the loss of the last batch": lambda b, n: b[-1],
    "the mean of the batches' losses": lambda b, n: sum(b) / len(b),
}
"""per name: a function of a batch's losses and sizes that returns one number per epoch"""

BATCH_MEANS = "the mean of the batches' losses"
"""in this mean, a short last batch counts as much as a full one"""

RUNNING = "a sum that is not set back between epochs"
AFTER = "losses after the step instead of before"
DIVIDED = "the sum of the batches' mean losses, divided by the number of samples"
DROPPED = "a mean without the last batch"


def right(f: Followed) -> dict[str, list[float]]:
    """Sequences that are the losses of a run."""
    found = {words: [mean(b, f.sizes) for b in f.before] for words, mean in MEANS.items()}
    found["the loss of every step"] = [loss for b in f.before for loss in b]
    for words in ("the mean over the samples", BATCH_MEANS):
        found[f"{words}, after the epoch"] = [MEANS[words](b, f.sizes) for b in f.ended]
    return found


def wrong(f: Followed) -> dict[str, list[float]]:
    """Wrong sequences that are often returned, by the name of the mistake."""
    found: dict[str, list[float]] = {f"{AFTER}, each": [loss for b in f.after for loss in b]}
    for words, mean in MEANS.items():
        found[f"{AFTER}: {words}"] = [mean(b, f.sizes) for b in f.after]
        if words != "the loss of the last batch":
            one = [mean(b, f.sizes) for b in f.before]
            found[f"{RUNNING}: {words}"] = [sum(one[: k + 1]) for k in range(len(one))]
    found[DIVIDED] = [sum(b) / sum(f.sizes) for b in f.before]
    if len(f.sizes) > 1:
        for words in ("the mean over the samples", BATCH_MEANS):
            found[f"{DROPPED}: {words}"] = [MEANS[words](b[:-1], f.sizes[:-1]) for b in f.before]
    return found


def sequences(returned: Any, path: str = "") -> Iterator[tuple[str, list[float]]]:
    """Every sequence of numbers in the returned value, with the Python expression for it."""
    if isinstance(returned, Tensor) or type(returned).__module__.startswith("numpy"):
        values = torch.as_tensor(returned).detach()
        if values.ndim == 1:
            yield path, [float(v) for v in values]
        elif values.ndim == 0:
            yield path, [float(values)]
    elif isinstance(returned, (list, tuple)):
        numbers = [_number(v) for v in returned]
        if returned and all(v is not None for v in numbers):
            yield path, [v for v in numbers if v is not None]
        else:
            for index, value in enumerate(returned):
                yield from sequences(value, f"{path}[{index}]")
    elif isinstance(returned, dict):
        for key, value in returned.items():
            yield from sequences(value, f"{path}[{key!r}]")
    elif not isinstance(returned, nn.Module) and _number(returned) is not None:
        yield path, [float(returned)]


NUMBER = r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
"""a printed number"""

DIGITS = 4
"""the fewest digits of a printed number: with fewer, too much would match"""


def printed(text: str) -> Iterator[tuple[tuple[str, int], list[float], float]]:
    """Every column of numbers in printed lines of one form: the form and the place in it, the numbers, and half of
    their last common decimal place.
    """
    lines: dict[str, list[list[str]]] = {}
    for line in text.replace("\r", "\n").split("\n"):
        lines.setdefault(re.sub(NUMBER, "#", line), []).append(re.findall(NUMBER, line))
    for form, rows in lines.items():
        for place, column in enumerate(zip(*rows, strict=True)):
            if all("." in number for number in column) and sum(map(str.isdigit, column[0])) >= DIGITS:
                yield (form, place), [float(number) for number in column], max(map(_half_a_place, column))


def _half_a_place(number: str) -> float:
    """
    >>> _half_a_place("0.125"), _half_a_place("1.25e-03")
    (0.0005, 5e-06)
    """
    digits, _, power = number.lower().partition("e")
    return float(f"0.5e{int(power or 0) - len(digits.partition('.')[2])}")


def _number(value: Any) -> float | None:
    if isinstance(value, (bool, str)):
        return None
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, Tensor) and value.numel() == 1:
        return float(value.detach())
    return float(value) if type(value).__module__ == "numpy" and getattr(value, "ndim", 1) == 0 else None


def alike(got: Sequence[float], expected: Sequence[float], limit: float, printed: float = 0.0) -> bool:
    """Whether two sequences differ only by rounding: by `limit` of the largest, plus the rounding of printing."""
    if len(got) != len(expected):
        return False
    largest = max((abs(e) for e in expected), default=0.0)
    return all(abs(g - e) <= limit * largest + printed for g, e in zip(got, expected, strict=True))
