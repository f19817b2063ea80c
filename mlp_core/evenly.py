"""Sums of several matrices in one call, if the matrices, and the places for their sums, have equal distances in memory.

A call costs more time than the sums of a small layer. Deep networks have many layers of one shape, and the gradients of
these have equal distances in the model's buffer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor

SMALL = 2**15
"""the most numbers that torch adds up in one thread: above this, the arithmetic dominates, and threads share it"""

Sum = tuple[Tensor, Tensor]
"""a matrix (B, n), and the memory for the sum of its rows (n,)"""


def calls(sums: Sequence[Sum]) -> list[Callable[[], object]]:
    """Calls that write each sum over the rows, with the bits of torch.sum(matrix, 0). Equal distances need few calls.

    >>> matrices, sums = torch.arange(12.0).view(3, 2, 2), torch.zeros(3, 5)
    >>> made = calls([(m, s[:2]) for m, s in zip(matrices, sums)])
    >>> _ = [call() for call in made]
    >>> len(made), sums[:, :2].tolist()
    (1, [[2.0, 4.0], [10.0, 12.0], [18.0, 20.0]])
    """
    runs: list[list[Sum]] = []
    for one in sums:
        if runs and _joins(runs[-1], one):
            runs[-1].append(one)
        else:
            runs.append([one])
    stacks = [[_stack(tensors) for tensors in zip(*run, strict=True)] for run in runs]
    # keepdim: without, the kernel takes the dimension out of its result in every call
    return [partial(torch.sum, matrices, 1, True, out=places.unsqueeze(1)) for matrices, places in stacks]


def _joins(run: Sequence[Sum], one: Sum) -> bool:
    """Whether all matrices are small and of one shape, and `one` has the same distance to the last as that to its
    predecessor."""
    pairs = list(zip(run[-1], one, strict=True))
    if (len(run) + 1) * one[0].numel() > SMALL or not all(_alike(q, p) for q, p in pairs):
        return False
    behind = [p.storage_offset() - q.storage_offset() for q, p in pairs]
    if len(run) == 1:
        return bool(behind[0] * behind[1] > 0)  # both distances positive, or both negative
    return behind == [p.storage_offset() - q.storage_offset() for q, p in zip(run[-2], run[-1], strict=True)]


def _alike(q: Tensor, p: Tensor) -> bool:
    return bool(
        q.shape == p.shape and q.dtype == p.dtype and q.stride() == p.stride()
        and q.untyped_storage().data_ptr() == p.untyped_storage().data_ptr()
    )  # fmt: skip


def _stack(tensors: Sequence[Tensor]) -> Tensor:
    """One tensor that covers all of them without a copy, from the lowest address on."""
    first, *others = sorted(tensors, key=Tensor.storage_offset)
    distance = others[0].storage_offset() - first.storage_offset() if others else 0
    return first.as_strided((len(tensors), *first.shape), (distance, *first.stride()))
