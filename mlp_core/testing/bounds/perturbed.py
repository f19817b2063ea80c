"""Perturbed rounding: the difference of two correct ways to compute the same, found by random rounding.

In this mode the result of every rounding operation is multiplied by 1 +- 2u (Monte Carlo arithmetic: Parker 1997).
mlp_core.testing.bounds.envelopes runs a reference several times in this mode.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from mlp_core.testing.bounds import rounding
from mlp_core.testing.bounds.coarse import COARSE

_EXACT = """
    abs neg positive sign sgn copysign maximum minimum max min amax amin fmax fmin clamp clamp_min clamp_max relu relu6
    threshold threshold_backward hardtanh hardtanh_backward where masked_fill masked_scatter masked_select fill zero
    zeros zeros_like ones ones_like full full_like empty empty_like empty_strided new_zeros new_ones new_full new_empty
    scalar_tensor lift_fresh lift_fresh_copy clone contiguous index index_put index_select index_fill gather scatter
    take cat stack flip roll repeat repeat_interleave tril triu sort topk unique round floor ceil trunc nan_to_num
    set resize arange eye isnan isinf rand rand_like randn randn_like bernoulli _local_scalar_dense
    max_pool2d_with_indices constant_pad_nd unfold im2col one_hot heaviside logical_not
"""

EXACT = frozenset(_EXACT.split())
"""operations whose result is a number among their arguments or needs no rounding; views are recognised separately"""

NARROWS = frozenset({"_to_copy", "copy"})
"""operations that round only if the result has fewer bits than the argument"""

SINGLE = rounding.unit_roundoff(torch.float32)
"""hyperparameters are Python numbers, which no optimizer keeps in less than float32"""

DECAYS = frozenset({"mul", "lerp", "_foreach_mul", "_foreach_lerp"})
"""operations in which a kept value decays: beta v + (1 - beta) x may also be written v + (1 - beta) (x - v), with an
error of one rounding of the previous v"""

COARSER = 8
"""A coarse kernel has an error of the known size; FARTHER times an eighth of it is four times that"""

TINY = torch.finfo(torch.float64).tiny
"""the error of a smaller result exceeds its last bits, and it may be 0: the error is less than this (gradual
underflow)"""

_SUMS = """
    add sub rsub sum mean cumsum mm addmm bmm baddbmm mv addmv linear convolution convolution_backward
    _foreach_add _foreach_sub
"""

SUMS = frozenset(_SUMS.split())
"""operations whose small results are exact, or cancel, but do not underflow"""

ROOTS = frozenset({"linalg_vector_norm", "norm"})
"""operations with a root of squares, which underflow sooner"""

_SQUARES = """
    native_layer_norm native_group_norm native_batch_norm _native_batch_norm_legit _batch_norm_with_update
    _fused_rms_norm _weight_norm_interface renorm
"""

SQUARES = frozenset(_SQUARES.split())
"""kernels that divide by a root of squares which they do not return: if the squares overflow, the result is 0, and
nothing infinite is seen"""

POOL = 4999
"""the number of signs drawn for a run, used from changing places; a prime, so that no shape always meets the same
ones"""

COUNTS = frozenset({"add", "_foreach_add", "sub"})
"""operations that may count steps: a single integer is unchanged"""


class PerturbedRounding(TorchDispatchMode):
    """A mode in which every rounding operation has an error of one more unit in the last place, up or down."""

    def __init__(self, dtype: torch.dtype, generator: torch.Generator, *, ranges: bool = False) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        self.ranges = ranges
        self.u, self.used, self.pools = rounding.unit_roundoff(dtype), 0, dict[torch.dtype, Tensor]()
        self.coarsest, self.kept, self.overflown = self.u, frozenset[int](), False
        self.signs = torch.randint(0, 2, (POOL,), generator=generator, dtype=torch.float64).mul_(2).sub_(1)

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # nothing is compiled here, and preventing it would cost more than the operations

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kind = _kind(func)
        fading = self._fading(kind, args)
        out = func(*args, **(kwargs or {}))
        if kind.exact:
            return out
        for t in kind.written(args, kwargs or {}, out):
            if kind.narrows and not _narrowed(t, args):
                continue
            if kind.counts and t.numel() == 1 and bool(t == t.round()):
                continue
            self.coarsest = max(self.coarsest, rounding.unit_roundoff(t.dtype))
            off = kind.coarse(args, kwargs or {}, t) / COARSER if kind.coarse else None
            t.mul_(self.factors(t))
            if off is not None:
                t.add_(off * (self.factors(t) - 1).sign())
            if self.ranges:
                self.overflown |= _overflown(kind, t, args)
            if self.ranges and not kind.sums and t.dtype == torch.float64:
                self._underflown(kind, t, args)
        for kept, size in fading:
            t = kept if kind.in_place else out
            t.add_(size.mul_(self.factors(t) - 1))
        return out

    def _underflown(self, kind: _Kind, t: Tensor, args: Any) -> None:
        """Move underflowed results away from 0, or not: results that are 0 or almost 0 although no operand is 0."""
        most = TINY**0.5 if kind.roots else TINY
        small = t.abs() < most
        if not small.any() or any(not isinstance(a, (Tensor, bool)) and a == 0 for a in args):
            return
        for a in (a for a in args if isinstance(a, Tensor) and a is not t):
            one_by_one = len(a.shape) <= t.ndim and all(
                m in (1, n) for m, n in zip(a.shape[::-1], t.shape[::-1], strict=False)
            )
            small &= a != 0 if one_by_one else a.any()
        t.add_((small & (self.factors(t) > 1)).to(t.dtype).copysign(t) * most)

    def _fading(self, kind: _Kind, args: Any) -> list[tuple[Tensor, Tensor]]:
        """The values that are multiplied by a number, or moved towards another, in place or from the kept state; each
        with its size before.
        """
        if not kind.decays or (len(args) == 2 and isinstance(args[1], Tensor) and args[1].ndim):
            return []  # a product with a tensor, which may be a mask
        several = args[0] if isinstance(args[0], (tuple, list)) else (args[0],)
        own = [t for t in several if isinstance(t, Tensor) and t.is_floating_point()]
        return [(t, t.abs()) for t in own if kind.in_place or id(t) in self.kept]

    def factors(self, t: Tensor) -> Tensor:
        """1 + 2u or 1 - 2u for every entry of t; at least the smallest difference from 1 in t's own dtype."""
        if t.dtype not in self.pools:
            u = max(self.u, rounding.unit_roundoff(t.dtype))
            self.pools[t.dtype] = (1 + 2 * u * self.signs).to(t.dtype)
        pool, n = self.pools[t.dtype], t.numel()
        self.used = (self.used + 97) % POOL
        if self.used + n > POOL:
            pool = pool.repeat(n // POOL + 2)
        return pool[self.used : self.used + n].view(t.shape)

    def number(self, value: float) -> float:
        """A perturbed hyperparameter; an integer is exact in every dtype, and so is one minus it."""
        if value == round(value, 0):
            return value
        self.used = (self.used + 1) % POOL
        return value * (1 + 2 * min(self.u, SINGLE) * float(self.signs[self.used]))


@dataclass(frozen=True)
class _Kind:
    """The information that is needed to perturb an operation."""

    exact: bool
    decays: bool
    in_place: bool
    narrows: bool
    counts: bool
    sums: bool
    roots: bool
    squares: bool
    returned: tuple[int, ...]
    """positions of the results that are new, or are arguments changed in place"""
    several: bool
    changed: tuple[tuple[int, str], ...]
    """position and name of the arguments changed in place, if nothing is returned"""
    coarse: Callable[[Any, Any, Tensor], Tensor] | None

    def written(self, args: Any, kwargs: Any, out: Any) -> Iterator[Tensor]:
        found = [out[k] for k in self.returned] if self.several else [out] if self.returned else []
        found += [args[k] if k < len(args) else kwargs.get(name) for k, name in self.changed]
        for value in found:
            for t in value if isinstance(value, (tuple, list)) else (value,):
                if isinstance(t, Tensor) and t.is_floating_point() and t.numel():
                    yield t


@cache
def _kind(func: Any) -> _Kind:
    name = func.overloadpacket.__name__
    base = name.removesuffix("_") if not name.startswith("__") else name
    returns = func._schema.returns
    changed = tuple(
        (k, a.name) for k, a in enumerate(func._schema.arguments) if a.alias_info is not None and a.alias_info.is_write
    )
    own = tuple(k for k, r in enumerate(returns) if r.alias_info is None or r.alias_info.is_write)
    in_place = base != name
    return _Kind(
        exact=base in EXACT or func.is_view, decays=base in DECAYS and (in_place or not base.startswith("_foreach")),
        in_place=in_place, narrows=base in NARROWS, counts=base in COUNTS, sums=base in SUMS,
        roots=base in ROOTS, squares=base in SQUARES, returned=own, several=len(returns) > 1,
        changed=changed if not returns else (), coarse=COARSE.get(name),
    )  # fmt: skip


def _overflown(kind: _Kind, t: Tensor, args: Any) -> bool:
    """Take what has overflowed for the least that it may have been: where a result is infinite, and no operand is. If
    that changes what is computed out of it, the function has lost it: x / |x| is 0 once the squares in |x| overflow. If
    it does not, as in 1 / (1 + exp(1000)), nothing is lost. Where the squares inside a kernel overflow, nothing is
    known of its result. Returns whether anything has overflowed."""
    operands = [a for a in _operands(args) if a.is_floating_point() and a is not t]
    if kind.squares and any(a.square().sum().isinf() for a in operands):
        t.fill_(torch.nan)
        return True
    if not t.isinf().any() or any(a.isinf().any() for a in operands):
        return False
    most = torch.finfo(t.dtype).max ** (0.5 if kind.roots else 1.0)
    t.clamp_(-most, most)
    return True


def _operands(args: Any) -> Iterator[Tensor]:
    for a in args:
        if isinstance(a, Tensor):
            yield a
        elif isinstance(a, (tuple, list)):
            yield from _operands(a)


def _narrowed(t: Tensor, args: Any) -> bool:
    sources = [a for a in args if isinstance(a, Tensor) and a is not t and a.is_floating_point()]
    return any(a.dtype.itemsize > t.dtype.itemsize for a in sources)
