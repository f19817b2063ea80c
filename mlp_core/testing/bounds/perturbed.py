"""Perturbed rounding: how far apart two right ways to compute the same may end, found by rounding at random.

Inside this mode the result of every operation that rounds is multiplied by 1 +- 2u (Monte Carlo arithmetic: Parker
1997). mlp_core.testing.bounds.envelopes runs a reference so, several times.
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
"""operations whose result is one of their arguments' numbers or needs no rounding; views are recognised as such"""

NARROWS = frozenset({"_to_copy", "copy"})
"""operations that round only where the result has fewer bits than what went in"""

SINGLE = rounding.unit_roundoff(torch.float32)
"""hyperparameters are numbers of Python: nobody keeps them in less than float32"""

DECAYS = frozenset({"mul", "lerp", "_foreach_mul", "_foreach_lerp"})
"""operations that let something kept fade: beta v + (1 - beta) x may as well be written v + (1 - beta)
(x - v), which errs by a rounding of what v was before"""

COARSER = 8
"""A kernel that is known to be coarse errs by what is known of it; FARTHER times an eighth of it is four times that"""

TINY = torch.finfo(torch.float64).tiny
"""a result that is smaller is off by more than its last bits, and may be 0: by less than this (gradual underflow)"""

_SUMS = """
    add sub rsub sum mean cumsum mm addmm bmm baddbmm mv addmv linear convolution convolution_backward
    _foreach_add _foreach_sub
"""

SUMS = frozenset(_SUMS.split())
"""operations whose small results are exact, or cancel, rather than underflow"""

ROOTS = frozenset({"linalg_vector_norm", "norm"})
"""operations that take the root of squares, which underflow sooner"""

POOL = 4999
"""signs drawn for a run, taken from changing places; a prime, so that no pattern of shapes meets them alike"""

COUNTS = frozenset({"add", "_foreach_add", "sub"})
"""operations that may count steps: a single whole number stays what it is"""


class PerturbedRounding(TorchDispatchMode):
    """Inside, every operation that rounds errs by one more unit in the last place, up or down."""

    def __init__(self, dtype: torch.dtype, generator: torch.Generator, *, underflows: bool = False) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        self.underflows = underflows
        self.u, self.used, self.pools = rounding.unit_roundoff(dtype), 0, dict[torch.dtype, Tensor]()
        self.coarsest, self.kept = self.u, frozenset[int]()
        self.signs = torch.randint(0, 2, (POOL,), generator=generator, dtype=torch.float64).mul_(2).sub_(1)

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # nothing is compiled here, and being kept from it costs more than the operations themselves

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
            if self.underflows and not kind.sums and t.dtype == torch.float64:
                self._underflown(kind, t, args)
        for kept, size in fading:
            t = kept if kind.in_place else out
            t.add_(size.mul_(self.factors(t) - 1))
        return out

    def _underflown(self, kind: _Kind, t: Tensor, args: Any) -> None:
        """Move what has underflown farther from 0, or not: where a result is 0 or almost, and no operand is 0."""
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
        """What is multiplied by a number, or moved towards something, in place or out of what is kept between steps;
        with its size before."""
        if not kind.decays or (len(args) == 2 and isinstance(args[1], Tensor) and args[1].ndim):
            return []  # by a tensor: a mask, perhaps
        several = args[0] if isinstance(args[0], (tuple, list)) else (args[0],)
        own = [t for t in several if isinstance(t, Tensor) and t.is_floating_point()]
        return [(t, t.abs()) for t in own if kind.in_place or id(t) in self.kept]

    def factors(self, t: Tensor) -> Tensor:
        """1 + 2u or 1 - 2u for every entry of t; at least what t's own dtype can tell from 1."""
        if t.dtype not in self.pools:
            u = max(self.u, rounding.unit_roundoff(t.dtype))
            self.pools[t.dtype] = (1 + 2 * u * self.signs).to(t.dtype)
        pool, n = self.pools[t.dtype], t.numel()
        self.used = (self.used + 97) % POOL
        if self.used + n > POOL:
            pool = pool.repeat(n // POOL + 2)
        return pool[self.used : self.used + n].view(t.shape)

    def number(self, value: float) -> float:
        """A hyperparameter, perturbed; a whole number is exact in every dtype, and so is one less it."""
        if value == round(value, 0):
            return value
        self.used = (self.used + 1) % POOL
        return value * (1 + 2 * min(self.u, SINGLE) * float(self.signs[self.used]))


@dataclass(frozen=True)
class _Kind:
    """What perturbing an operation takes."""

    exact: bool
    decays: bool
    in_place: bool
    narrows: bool
    counts: bool
    sums: bool
    roots: bool
    returned: tuple[int, ...]
    """positions of the results that are new, or arguments changed in place"""
    several: bool
    changed: tuple[tuple[int, str], ...]
    """position and name of the arguments changed in place, where nothing is returned"""
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
        roots=base in ROOTS, returned=own, several=len(returns) > 1, changed=changed if not returns else (),
        coarse=COARSE.get(name),
    )  # fmt: skip


def _narrowed(t: Tensor, args: Any) -> bool:
    sources = [a for a in args if isinstance(a, Tensor) and a is not t and a.is_floating_point()]
    return any(a.dtype.itemsize > t.dtype.itemsize for a in sources)
