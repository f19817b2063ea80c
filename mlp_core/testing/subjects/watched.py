"""Records what a module receives while it is trained: the samples of every batch, and the loss's derivative by the
outputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn


@dataclass(frozen=True)
class Seen:
    """A batch that was backpropagated."""

    rows: Tensor | None
    """the indices of its samples, in order; None if its inputs are not rows of the data"""
    outputs: Tensor
    upstream: Tensor
    """dL/doutputs"""


def watch(module: nn.Module, x: Tensor) -> list[Seen]:
    """The batches that the module, or a copy of it, will backpropagate. The list is filled during training."""
    seen: list[Seen] = []
    flat = x.detach().reshape(len(x), -1).double().clone()

    def called(module: nn.Module, inputs: tuple[Any, ...], outputs: Any) -> None:
        if not isinstance(outputs, Tensor) or not outputs.requires_grad:
            return
        try:
            rows, kept = rows_of(inputs[0], flat), outputs.detach().clone()
            outputs.register_hook(lambda g: seen.append(Seen(rows, kept, g.detach().clone())))
        except RuntimeError:  # inside torch.func tensors have neither hooks nor values
            return

    register: Callable[..., Any] = module.register_forward_hook
    register(called)
    return seen


def rows_of(inputs: Any, flat: Tensor) -> Tensor | None:
    """The indices of the inputs among the rows of `flat`; None if an input matches no row, or several."""
    if not isinstance(inputs, Tensor) or inputs.ndim == 0 or inputs.numel() != len(inputs) * flat.shape[1]:
        return None
    same = (inputs.detach().reshape(len(inputs), 1, -1).double() == flat).all(-1)  # (batch, samples)
    return same.int().argmax(1) if bool((same.sum(1) == 1).all()) else None
