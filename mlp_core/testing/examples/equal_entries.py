"""Arguments with many equal entries, and a line through them along which equal entries remain equal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from mlp_core.testing.examples.arguments import Arguments, Path
from mlp_core.testing.examples.foreign_arrays import like, tensor_of

LEVELS = 3
"""the number of different values in an array, or in all arrays together"""

FACTORS = (0.93, 0.87, 0.81)
"""factors of the numbers in an array, so that none equals a constant with which a function may compare; 0 is replaced
by one of the factors"""


@dataclass(frozen=True)
class Tied:
    """The arguments, and for each array the direction of the line."""

    example: Arguments
    paths: tuple[Path, ...]
    along: tuple[Tensor, ...]

    def at(self, t: float | Tensor) -> Arguments:
        """The arguments at position t on the line."""
        moved = {
            p: like(tensor_of(self.example.at(p)) + t * d, self.example.at(p))
            for p, d in zip(self.paths, self.along, strict=True)
        }
        return replace(self.example, args=tuple(self.example.moved(moved)))


def tied(example: Arguments, paths: Sequence[Path]) -> Tied:
    """An example with few different numbers in these arrays: its own numbers, slightly smaller. In every second example
    all arrays share them.
    """
    numbers = torch.Generator().manual_seed(example.texture)
    shared = example.texture % 2 == 1
    whole = [tensor_of(example.at(path)).flatten() for path in paths]
    together = _levels(torch.cat(whole) if whole else torch.zeros(0, dtype=torch.float64), numbers)
    moved, along = {}, []
    for path, entries in zip(paths, whole, strict=True):
        levels, slopes = together if shared else _levels(entries, numbers)
        value = example.at(path)
        chosen = torch.randint(len(levels), (len(entries),), generator=numbers)
        shape = tensor_of(value).shape
        moved[path] = like(levels[chosen].view(shape), value)
        along.append(slopes[chosen].view(shape))
    return Tied(replace(example, args=tuple(example.moved(moved))), tuple(paths), tuple(along))


def _levels(entries: Tensor, numbers: torch.Generator) -> tuple[Tensor, Tensor]:
    """Different values from these numbers, and the speed of each."""
    slopes = 0.5 + torch.rand(LEVELS, generator=numbers, dtype=torch.float64)
    own = torch.unique(entries)
    own = own[torch.randperm(len(own), generator=numbers)[:LEVELS]]
    factors = torch.tensor(FACTORS, dtype=torch.float64)[: len(own)]
    levels = torch.where(own == 0, factors, own * factors)
    return levels, slopes[: len(levels)]
