"""The hyperparameters of a trial in a random search: they depend only on the search's seed and the trial's number.

Random search: Bergstra and Bengio, "Random search for hyper-parameter optimization", JMLR 13 (2012).
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from mlp_core.base.errors import ArgumentError


@dataclass(frozen=True)
class Range:
    """A range from low to high, drawn uniformly on a logarithmic scale; with `below_one`, on the scale of `1 - value`.

    Momentum 0.9, 0.99, 0.999 have the same distances as learning rates 0.1, 0.01, 0.001: the number of averaged steps,
    1 / (1 - momentum), is what matters.

    >>> Range(0.001, 0.1).at(0.5), Range(0.0, 0.99, below_one=True).at(0.5)
    (0.01, 0.9)
    """

    low: float
    high: float
    below_one: bool = False

    def at(self, share: float) -> float:
        """The value at a fraction of 0..1 of the way from low to high."""
        if self.low == self.high:
            return self.low
        low, high = (1 - self.low, 1 - self.high) if self.below_one else (self.low, self.high)
        value = math.exp(math.log(low) + share * (math.log(high) - math.log(low)))
        value = float(f"{value:.6g}")  # six digits are easier to copy than sixteen
        value = round(1 - value, 12) if self.below_one else value  # 1 - 0.1 would have seventeen
        return min(max(value, self.low), self.high)


def range_of(name: str, text: str, below_one: bool = False) -> Range:
    """A range as written on the command line: "LOW:HIGH", or one value that is not searched.

    Raises ArgumentError for other text, for HIGH below LOW, and for a number without a logarithm.

    >>> range_of("lr", "0.01:1"), range_of("momentum", "0.9", below_one=True).at(0.3)
    (Range(low=0.01, high=1.0, below_one=False), 0.9)
    >>> range_of("lr", "1:0.01")
    Traceback (most recent call last):
    mlp_core.base.errors.ArgumentError: lr: got '1:0.01', expected LOW:HIGH with LOW not above HIGH; did you mean \
0.01:1?
    """
    parts = text.split(":")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = []
    if not (1 <= len(numbers) <= 2 and all(math.isfinite(number) and number >= 0 for number in numbers)):
        raise ArgumentError(name, text, "LOW:HIGH, two finite numbers >= 0, or one number")
    low, high = numbers[0], numbers[-1]
    if low > high:
        raise ArgumentError(name, text, f"LOW:HIGH with LOW not above HIGH; did you mean {parts[1]}:{parts[0]}?")
    if low < high and low == 0 and not below_one:
        raise ArgumentError(name, text, "LOW above 0, as the scale is logarithmic (the single number 0 is allowed)")
    if below_one and high >= 1:
        raise ArgumentError(name, text, "HIGH below 1")
    return Range(low, high, below_one)


def draw(ranges: dict[str, Range], seed: int, number: int) -> dict[str, float]:
    """The hyperparameters of trial `number` (0, 1, ...) of the search with this seed, each from a separate random
    stream.

    >>> lr, decay = Range(0.001, 1), Range(1e-5, 1)
    >>> draw({"lr": lr}, 7, 3)["lr"] == draw({"weight_decay": decay, "lr": lr}, 7, 3)["lr"]
    True
    """
    return {name: range_.at(_stream(seed, number, name).random()) for name, range_ in ranges.items()}


def seed_of(seed: int, number: int) -> int:
    """The seed for trial `number`'s weights and batch order, 0..2**63 - 1."""
    return _stream(seed, number, "weights and order").getrandbits(63)


def _stream(seed: int, number: int, what: str) -> random.Random:
    return random.Random(f"{seed}/{number}/{what}")  # noqa: S311  (seeded by the text: sha512, the same everywhere)
