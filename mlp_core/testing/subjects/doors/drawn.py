"""Random numbers that are the same in float32 and in float64."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

from mlp_core.testing.engine.guards import default_dtype


class DrawnInSingle(TorchDispatchMode):
    """A mode in which torch draws random numbers in float32 where the code asks for float64. From one seed, torch draws
    other numbers in float64.

    >>> def draw(x):
    ...     torch.default_generator.manual_seed(0)
    ...     return torch.rand_like(x), torch.empty_like(x).uniform_(), torch.bernoulli(x)
    >>> x = torch.full((3,), 0.5)
    >>> with DrawnInSingle():
    ...     wide = draw(x.double())
    >>> [bool((w == n).all()) for w, n in zip(wide, draw(x))], wide[0].dtype
    ([True, True, True], torch.float64)
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch leaves it unannotated

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # nothing is compiled here, and preventing it would cost more than the operations

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = kwargs or {}
        if torch.Tag.nondeterministic_seeded not in func.tags or "out" in given:
            return func(*args, **given)
        single = default_dtype(torch.float32) if torch.get_default_dtype() == torch.float64 else nullcontext()
        with single:  # for torch.rand(3), which names no dtype
            found = func(*tree_map(_narrow, args), **tree_map(_narrow, given))
        written = [a for a, one in zip(args, func._schema.arguments, strict=False) if one.alias_info is not None]
        if written:  # x.uniform_() has drawn into a copy
            return written[0].copy_(found)
        wide = _asked(args, given)
        return tree_map(lambda one: one.double() if wide and _is(one, torch.float32) else one, found)


def _asked(args: Any, given: Any) -> bool:
    """Whether the numbers were asked for in float64: by a dtype, else by a tensor, else by the default dtype."""
    if given.get("dtype") is not None:
        return bool(given["dtype"] == torch.float64)
    tensors = [a for a in (*args, *given.values()) if isinstance(a, Tensor) and a.is_floating_point()]
    return tensors[0].dtype == torch.float64 if tensors else torch.get_default_dtype() == torch.float64


def _narrow(one: Any) -> Any:
    """float64 as float32; anything else unchanged."""
    return one.float() if _is(one, torch.float64) else torch.float32 if one is torch.float64 else one


def _is(one: Any, dtype: torch.dtype) -> bool:
    return isinstance(one, Tensor) and one.dtype == dtype
