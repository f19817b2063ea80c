"""The widths and activations of a network, read from the arguments of its constructor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from mlp_core import activations
from mlp_core.activations import Activation
from mlp_core.base.errors import ArgumentError


def checked_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    """The widths. Raises ArgumentError unless they are two or more positive integers."""
    expected = "at least two positive integers"
    if not isinstance(sizes, Sequence) or len(sizes) < 2:
        raise ArgumentError("sizes", sizes, expected)
    if any(isinstance(n, bool) or not isinstance(n, int) or n < 1 for n in sizes):
        raise ArgumentError("sizes", sizes, expected)
    return tuple(sizes)


def by_layer(
    activation: str | Activation | Sequence[str | Activation], output: str | Activation, depth: int
) -> tuple[Activation, ...]:
    """One activation record per layer. Raises ArgumentError for too few, too many or unknown ones."""
    one = not isinstance(activation, (list, tuple))
    hidden = [activations.get(activation)] * (depth - 1) if one else list(activation)  # type: ignore[arg-type]  # one
    if len(hidden) != depth - 1:
        raise ArgumentError("activation", activation, f"one activation, or one for each of {depth - 1} hidden layers")
    return tuple(activations.get(f) for f in (*hidden, output))


def of_layers(functions: Any, depth: int) -> tuple[Activation, ...]:
    """One activation record per layer, from one name or record per layer, the last layer included."""
    if not isinstance(functions, (list, tuple)) or len(functions) != depth:
        raise ArgumentError("activations", functions, f"one for each of {depth} layers")
    return tuple(activations.get(f) for f in functions)


def drawn(sizes: Sequence[int], generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """W[l] and b[l] of each layer in float64, uniform within +- 1/sqrt(n_{l-1})."""
    counts = [n_out * (n_in + 1) for n_in, n_out in pairwise(sizes)]
    u = torch.rand(sum(counts), generator=generator, dtype=torch.float64, device=generator.device)
    layers = zip(pairwise(sizes), u.mul_(2).sub_(1).split(counts), strict=True)  # scaled to +- 1
    for (n_in, n_out), own in layers:
        W, b = own.div_(n_in**0.5).split([n_out * n_in, n_out])
        yield W.view(n_out, n_in), b
