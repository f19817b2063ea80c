"""The results of the forward pass that backpropagation needs, and a record of how they were computed.

Autograd refuses to go back through a network whose weights, inputs or activations were changed since: each tensor
counts how often it was changed in place. A trace remembers the counts, the addresses of the parameters and the
activations, so that backpropagation by hand refuses the same cases. Changes through `.data` are not counted, as in
torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter, is_
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor

from mlp_core.base.errors import ArgumentError, Described

T = TypeVar("T")

VERSION = attrgetter("_version")
"""the number of in-place changes of a tensor"""


Made = tuple[tuple[int, ...], tuple[Any, ...], Sequence[Tensor], Tensor, list[int], list[int], list[int] | None]
"""sizes, activations; parameters, their buffer, their addresses; how often parameters and buffer were changed; how
often x and each z and a were changed (None: not counted in inference mode)"""


class _Layers(NamedTuple):
    z: tuple[Tensor, ...]
    a: tuple[Tensor, ...]


class Trace(_Layers):
    """The results of the forward pass, by layer: z[l] and a[l] are (B, n_l); z[0] = a[0] = x.

    >>> from mlp_core import MLP
    >>> trace = MLP([2, 3, 1]).trace(torch.zeros(5, 2))
    >>> [tuple(a.shape) for a in trace.a]
    [(5, 2), (5, 3), (5, 1)]
    """

    made: Made | None = None
    """set by `MLP.trace`; unknown for a copy, or for a trace that was put together by hand"""

    @property
    def output(self) -> Tensor:
        """a[L], (B, n_L)."""
        return self.a[-1]

    def __getstate__(self) -> None:
        """Pickles z and a only, not the parameters in `made`."""

    def of(
        self, sizes: tuple[int, ...], activations: tuple[Any, ...], parameters: Sequence[Tensor], flat: Tensor
    ) -> Trace:
        """This trace, with a record of how it was computed. flat: the buffer of the parameters."""
        weights = [*map(VERSION, parameters), flat._version]
        inputs = None if any(map(Tensor.is_inference, self.a)) else [*map(VERSION, (*self.z, *self.a))]
        self.made = sizes, activations, parameters, flat, places_of(parameters), weights, inputs
        return self

    def check(
        self, sizes: tuple[int, ...], activations: tuple[Any, ...], parameters: Sequence[Tensor], places: list[int]
    ) -> None:
        """Raises ArgumentError if this is not, or no longer, a trace of a model with these parameters."""
        if self.made is None or self.made[0] != sizes:
            widths = tuple([a.shape[1] for a in self.a])
            if widths != sizes or len(self.z) != len(self.a):
                expected = f"a trace of this model, widths {sizes}"
                raise ArgumentError("trace", Described(f"widths {widths}"), expected)
            return
        _, its_activations, its_parameters, flat, its_places, weights, inputs = self.made
        if its_activations != activations:
            raise _stale("one of other activations")
        if not all(map(is_, its_parameters, parameters)):
            raise _stale("one of another model, or of other parameters")
        if its_places != places or weights != [*map(VERSION, parameters), flat._version]:
            raise _stale("one of older weights")
        if inputs is not None and inputs != [*map(VERSION, (*self.z, *self.a))]:
            what = "x was" if inputs[0] != self.a[0]._version else "z or a were"
            raise _stale(f"one whose {what} changed since")


def places_of(tensors: Iterable[Tensor]) -> list[int]:
    """The memory addresses of tensors."""
    return [*map(Tensor.data_ptr, tensors)]


def _stale(got: str) -> ArgumentError:
    return ArgumentError("trace", Described(got), "a trace of this model as it is now")


def without_autograd(function: Callable[..., T], *arguments: Any) -> T:
    """Call a function with autograd disabled. `with torch.no_grad()` takes 1.3 us more, which is the time of a small
    layer.
    """
    before = torch.is_grad_enabled()
    torch._C._set_grad_enabled(False)
    try:
        return function(*arguments)
    finally:
        torch._C._set_grad_enabled(before)
