"""Segments, which an optimizer steps at once: adjacent parameters, in blocks that fit into a cache."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from inspect import signature
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor

BLOCK = 2**21
"""bytes of a tensor that are stepped at a time: a formula of several passes finds them in the cache again. The figures
of two machines are in docs/measured.md, under "What limits the speed"."""


def scratched(second_level: int) -> int:
    """The same for a rule that works in a scratch, whose every pass reads and writes blocks alone.

    second_level: bytes of a core's cache. Blocks are an eighth of it, so that p, g, a slot and the scratch fill half.
    Below 256 KiB the calls cost more than the cache saves, and larger blocks are left to the third level.

    >>> scratched(2**21) // 2**10, scratched(2**20) // 2**10
    (256, 1024)
    """
    return second_level // 8 if second_level >= 2**21 else 2**20


def _second_level() -> int:
    """Bytes of the second level cache of a core; 0 if it is unknown."""
    try:
        return max(0, os.sysconf("SC_LEVEL2_CACHE_SIZE"))
    except (AttributeError, ValueError, OSError):  # not on Linux
        return 0


SCRATCHED = min(BLOCK, scratched(_second_level()))

VECTORS = 64
"""numbers that are whole vectors of every kernel and dtype: what is left over in a block may be rounded otherwise"""

Part = tuple[Tensor, Tensor, list[Tensor | None]]
"""p, its gradient, its slots"""


@dataclass
class Segment:
    """Adjacent parameters with the same rule and t, as one tensor that is cut into blocks."""

    params: list[Tensor]
    states: list[dict[str, Any]]
    """the optimizer's state of each parameter"""
    whole: Part
    per_tensor: bool
    """whether the rule needs the shape, so that there are no blocks"""
    scratch: Scratch | None = None
    """the optimizer's scratch, if the rule takes one"""
    blocks: list[Part] = field(init=False)
    t: int = 0
    """steps that these parameters have done"""
    _views: list[Tensor | None] = field(default_factory=list)
    """the scratch of each block"""

    def __post_init__(self) -> None:
        self.renew(self.whole[1])

    def renew(self, g: Tensor) -> None:
        """Use another gradient."""
        p, _, slots = self.whole
        self.whole = p, g, slots
        size = BLOCK if self.scratch is None else min(BLOCK, SCRATCHED)
        blocks = [self.whole] if self.per_tensor else in_blocks(p, g, slots, size)
        if self.scratch is not None:
            if len(self._views) != len(blocks):
                self._views = [self.scratch.like(p) for p, _, _ in blocks]
            alike = g.dtype == p.dtype  # else the direction has a dtype of its own
            views = zip(blocks, self._views, strict=True)
            blocks = [(p, g, [*slots, view if alike else None]) for (p, g, slots), view in views]
        self.blocks = blocks


class Scratch:
    """Memory that every segment of an optimizer may use during a step. Its content is not preserved."""

    def __init__(self) -> None:
        self.kept: dict[tuple[torch.dtype, torch.device], Tensor] = {}

    def of(self, rule: Rule) -> Scratch | None:
        """The scratch, for a rule whose step takes one: a last parameter `scratch`, None by default."""
        return self if _scratched(type(rule).step) else None

    def like(self, p: Tensor) -> Tensor | None:
        """Memory in the form of p; None if p is larger than a block, or belongs to a subclass.

        >>> p = torch.zeros(2, 3)
        >>> one, other = Scratch().like(p), Scratch().like(torch.zeros(SCRATCHED))
        >>> one.shape, other
        (torch.Size([2, 3]), None)
        """
        if type(p) not in (Tensor, torch.nn.Parameter) or p.numel() * p.itemsize > SCRATCHED:
            return None
        kept = self.kept.get((p.dtype, p.device))
        if kept is None or kept.numel() < p.numel():
            with torch.inference_mode(False):  # a tensor created in inference mode could not be written to outside it
                kept = self.kept[p.dtype, p.device] = torch.empty(p.numel(), dtype=p.dtype, device=p.device)
        return kept[: p.numel()].view(p.shape)


@lru_cache
def _scratched(step: Any) -> bool:
    last = list(signature(step).parameters.values())[-1:]
    return [(parameter.name, parameter.default) for parameter in last] == [("scratch", None)]


@dataclass
class Kept:
    """The segments of a group of parameters, and the values that show whether they are still valid."""

    laid: list[int]
    """the parameters and their state, as numbers: their ids and addresses"""
    given: list[int]
    """the same for the gradients"""
    alive: tuple[list[Tensor], ...]
    """the tensors of these numbers: while they are kept, no other tensor can have the same numbers"""
    apart: bool
    """whether no two parameters are adjacent: then new gradients affect nothing else"""
    segments: list[Segment]


class Rule(Protocol):
    """The requirements of an optimizer on its rule; `UpdateRule` documents each attribute."""

    __dataclass_fields__: ClassVar[dict[str, Any]]
    per_tensor: ClassVar[bool]
    ndims: ClassVar[tuple[int, ...] | None]
    empty: ClassVar[bool]

    @property
    def slots(self) -> tuple[str, ...]: ...
    @property
    def step(self) -> Callable[..., None]: ...  # every rule has its own slots
    def init(self, p: Tensor) -> dict[str, Tensor | None]: ...


Work = tuple[Rule, Segment]


def in_blocks(p: Tensor, g: Tensor, slots: list[Tensor | None], nbytes: int) -> list[Part]:
    """p with its gradient and slots, cut into blocks of at most a given number of bytes.

    All blocks are of about one size, because the calls for a small rest would cost as much as those for a block.

    It stays whole if it is smaller, if an entry of some tensor belongs to no entry of p, or if memory is in another
    order.

    >>> p = torch.zeros(6)
    >>> [len(block) for block, _, _ in in_blocks(p, p, [None], 16)]
    [4, 2]
    >>> [len(block) for block, _, _ in in_blocks(torch.zeros(260), torch.zeros(260), [], 1024)]
    [192, 68]
    """
    several, size = [p, g, *(slot for slot in slots if slot is not None)], nbytes // p.itemsize
    if p.numel() <= size or any(t.shape != p.shape or not t.is_contiguous() for t in several):
        return [(p, g, slots)]
    even = -(-p.numel() // -(-p.numel() // size))
    size = min(size, -(-even // VECTORS) * VECTORS)
    cut = [None if t is None else t.detach().view(-1).split(size) for t in (p, g, *slots)]
    parts = ([None if pieces is None else pieces[k] for pieces in cut] for k in range(-(-p.numel() // size)))
    return [(part[0], part[1], part[2:]) for part in parts]  # type: ignore[misc]  # p and g are never None


def marks(tensors: list[Tensor]) -> list[int]:
    """Numbers that show whether these are the same tensors at the same addresses."""
    return [*map(id, tensors), *map(Tensor.data_ptr, tensors)]


def owned(p: Tensor) -> int:
    """The elements of memory that belong to p: an MLP's parameters own their padding, as long as they are in its
    buffer.
    """
    return getattr(p, "owned", p.numel()) if getattr(p, "owned_at", p.data_ptr()) == p.data_ptr() else p.numel()


def follows(q: Tensor, p: Tensor, distance: int) -> bool:
    """Whether p begins that many elements after the beginning of q, in the same memory."""
    return bool(
        p.data_ptr() == q.data_ptr() + distance * q.itemsize  # rarely true, and fast to test
        and q.ndim > 0 and p.ndim > 0
        and q.dtype == p.dtype and q.is_contiguous() and p.is_contiguous()
        and q.untyped_storage().data_ptr() == p.untyped_storage().data_ptr()
        and p.storage_offset() == q.storage_offset() + distance
    )  # fmt: skip


def of_one_state(mine: Any, other: Any, p: Tensor) -> bool:
    """Whether an entry of p's state is a slot of p's shape, or a number that its neighbour also has."""
    if isinstance(mine, Tensor):
        return mine.shape == p.shape or (mine.ndim == 0 and mine.equal(other))
    return bool(mine == other)


def flat_from(first: Tensor | None, size: int) -> Tensor:
    assert first is not None
    return first.detach().as_strided((size,), (1,))
