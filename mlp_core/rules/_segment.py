"""What an optimizer steps at once: parameters that lie side by side, in blocks that a cache holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from torch import Tensor

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
    states: list[dict[str, Any]]
    """what the optimizer keeps of each"""
    whole: Part
    per_tensor: bool
    """whether the rule needs the shape, and takes no blocks"""
    blocks: list[Part] = field(init=False)
    t: int = 0
    """steps that these parameters have done"""

    def __post_init__(self) -> None:
        self.renew(self.whole[1])

    def renew(self, g: Tensor) -> None:
        """Take another gradient."""
        p, _, slots = self.whole
        self.whole = p, g, slots
        self.blocks = [self.whole] if self.per_tensor else in_blocks(p, g, slots)


@dataclass
class Kept:
    """The segments of a group of parameters, and by what to see whether they are still right."""

    laid: list[int]
    """of parameters and state, in numbers: which there are and where they lie"""
    given: list[int]
    """of the gradients likewise"""
    alive: tuple[list[Tensor], ...]
    """what these numbers are of: while it is kept, nothing else can have its number"""
    apart: bool
    """whether no two parameters lie side by side: then new gradients change nothing but themselves"""
    segments: list[Segment]


class Rule(Protocol):
    """What an optimizer asks of the rule it applies; `UpdateRule` says what each is."""

    __dataclass_fields__: ClassVar[dict[str, Any]]
    per_tensor: ClassVar[bool]
    ndims: ClassVar[tuple[int, ...] | None]
    empty: ClassVar[bool]

    @property
    def slots(self) -> tuple[str, ...]: ...
    @property
    def step(self) -> Callable[..., None]: ...  # every rule names slots of its own
    def init(self, p: Tensor) -> dict[str, Tensor | None]: ...


Work = tuple[Rule, Segment]


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


def marks(tensors: list[Tensor]) -> list[int]:
    """By what to see whether these are the same tensors in the same places."""
    return [*map(id, tensors), *map(Tensor.data_ptr, tensors)]


def owned(p: Tensor) -> int:
    """The elements of memory that are p's own: an MLP's parameters own their padding, as long as they lie there."""
    return getattr(p, "owned", p.numel()) if getattr(p, "owned_at", p.data_ptr()) == p.data_ptr() else p.numel()


def follows(q: Tensor, p: Tensor, distance: int) -> bool:
    """Whether p lies that many elements behind the beginning of q, in the same memory."""
    return bool(
        p.data_ptr() == q.data_ptr() + distance * q.itemsize  # seldom, and quickly said
        and q.ndim > 0 and p.ndim > 0
        and q.dtype == p.dtype and q.is_contiguous() and p.is_contiguous()
        and q.untyped_storage().data_ptr() == p.untyped_storage().data_ptr()
        and p.storage_offset() == q.storage_offset() + distance
    )  # fmt: skip


def of_one_state(mine: Any, other: Any, p: Tensor) -> bool:
    """Whether an entry of p's state is a slot of p's shape, or the number that its neighbour has too."""
    if isinstance(mine, Tensor):
        return mine.shape == p.shape or (mine.ndim == 0 and mine.equal(other))
    return bool(mine == other)


def flat_from(first: Tensor | None, size: int) -> Tensor:
    assert first is not None
    return first.detach().as_strided((size,), (1,))
