"""What an optimizer steps at once: parameters that lie side by side, in blocks that a cache holds."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from mlp_core.rules._rule import UpdateRule

BLOCK = 2**21
"""bytes of a tensor that are stepped at a time: a formula of several passes finds them in the cache again (measured for
1.6 million float32 parameters, 2 MB of second and 32 MB of third level cache: 0.9 of the time of a whole pass at 2 MiB
for SGD and Adam, 1.1 at half a MiB, 3 at 64 KiB)"""

Part = tuple[Tensor, Tensor, list[Tensor | None]]
"""p, its gradient, its slots"""


@dataclass
class Segment:
    """Parameters that lie side by side and share rule and t, seen as one tensor, that is cut into blocks."""

    params: list[Tensor]
    blocks: list[Part]
    t: int = 0
    """steps that these parameters have done"""


Work = tuple[UpdateRule, Segment]


def in_blocks(p: Tensor, g: Tensor, slots: list[Tensor | None]) -> list[Part]:
    """p with its gradient and slots, cut where it is large, every entry of every tensor belongs to one of p, and memory
    is in their order.

    >>> import torch
    >>> p = torch.zeros(3 * BLOCK // 8)
    >>> [len(block) for block, _, _ in in_blocks(p, p, [None])]
    [524288, 262144]
    """
    several, size = [p, g, *(slot for slot in slots if slot is not None)], BLOCK // p.itemsize
    if p.numel() <= size or any(t.shape != p.shape or not t.is_contiguous() for t in several):
        return [(p, g, slots)]
    cut = [None if t is None else t.detach().view(-1).split(size) for t in (p, g, *slots)]
    parts = ([None if pieces is None else pieces[k] for pieces in cut] for k in range(-(-p.numel() // size)))
    return [(part[0], part[1], part[2:]) for part in parts]  # type: ignore[misc]  # p and g are never None
