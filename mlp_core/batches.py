"""The batches of an epoch: views of the data in order, or samples of a permutation."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

Prepared = Callable[[Tensor, int], Iterable[Any]]


class Batches:
    """Batches of `size` samples of x and y; the last one may be shorter.

    prepared(y, size): the targets of each batch of these samples. generator: draws the order of every epoch; without
    one, the order of the data is used.

    >>> batches = Batches(torch.arange(3.0)[:, None], torch.tensor([7, 8, 9]), 2, lambda y, size: y.split(size), None)
    >>> [(rows, x.flatten().tolist(), y.tolist()) for rows, x, y in batches.of_an_epoch()]
    [(2, [0.0, 1.0], [7, 8]), (1, [2.0], [9])]
    """

    def __init__(
        self, x: Tensor, y: Tensor, size: int, prepared: Prepared, generator: torch.Generator | None
    ) -> None:  # fmt: skip
        self.x, self.y, self.size, self.prepared, self.generator = x, y, size, prepared, generator
        self.sizes = [min(size, len(x) - begin) for begin in range(0, len(x), size)]
        self.in_order = (x.split(size), prepared(y, size)) if generator is None else None

    def of_an_epoch(self) -> Iterable[tuple[int, Tensor, Any]]:
        """For each batch: the number of samples, the samples, and their targets."""
        if self.in_order is not None:
            return zip(self.sizes, *self.in_order, strict=True)
        order = torch.randperm(len(self.x), generator=self.generator)
        targets = self.prepared(self.y[order], self.size)
        samples = map(self.x.__getitem__, order.split(self.size))
        return zip(self.sizes, samples, targets, strict=True)
