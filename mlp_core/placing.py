"""The memory of a model's parameters, and the models that backpropagation by hand refuses.

An MLP's parameters are views of one buffer. Several operations of torch move them elsewhere: `W1.data = ...`, another
Parameter under the same name, `load_state_dict(assign=True)`, two modules that share them. This module detects that.
Parameters with separate memory are moved back into a buffer. Tied, pruned or parametrized parameters, hooks and an
overridden forward are refused by name, because the gradients would silently differ from autograd's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from operator import attrgetter, itemgetter
from typing import Any

import torch
from torch import Tensor, nn

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.layout import ALIGNMENT, Layout

MODULE_HOOKS = itemgetter("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
HOOKS, LATER_HOOKS = attrgetter("_backward_hooks"), attrgetter("_post_accumulate_grad_hooks")
REQUIRES_GRAD = attrgetter("requires_grad")
BY_HAND = ", if gradients are computed by hand"


def wanted(sizes: Iterable[int]) -> dict[str, tuple[int, ...]]:
    """The names of an MLP's parameters, in order, and their shapes.

    >>> wanted([3, 2])
    {'W1': (2, 3), 'b1': (2,)}
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for layer, (n_in, n_out) in enumerate(pairwise(sizes), start=1):
        shapes |= {f"W{layer}": (n_out, n_in), f"b{layer}": (n_out,)}
    return shapes


def misnamed(parameters: Iterable[str], sizes: Iterable[int]) -> ArgumentError:
    """The error for a model whose parameters are not those of an MLP."""
    expected = f"an MLP's own, {', '.join(wanted(sizes))}: nothing pruned, parametrized, added or removed"
    return ArgumentError("model", Described(f"parameters {', '.join(parameters)}"), expected)


def checked(parameters: Mapping[str, nn.Parameter | None], sizes: Iterable[int]) -> list[Tensor]:
    """The parameters, in order. Raises ArgumentError if they are not those of an MLP, have other shapes, several dtypes
    or devices, or share memory."""
    shapes = wanted(sizes)
    if not shapes.keys() <= parameters.keys():
        raise misnamed(parameters, sizes)
    found: list[Tensor] = []
    for name, shape in shapes.items():
        p = parameters[name]
        if p is None or tuple(p.shape) != shape:
            got = "None" if p is None else f"shape {tuple(p.shape)}"
            raise ArgumentError(f"model.{name}", Described(got), f"a parameter of shape {shape}")
        for what in ("dtype", "device"):
            mine, first = getattr(p, what), getattr(found[0] if found else p, what)
            if mine != first:
                raise ArgumentError(f"model.{name}", Described(f"{what} {mine}"), f"{what} {first}, that of W1")
        found.append(p)
    lying = sorted((p.data_ptr(), p.data_ptr() + _reach(p), name) for name, p in zip(shapes, found, strict=True))
    for (_, end, name), (begin, _, other) in pairwise(lying):
        if begin < end and found[0].device.type != "meta":
            first, second = sorted((name, other), key=list(shapes).index)
            got = Described(f"tied parameters: {first} and {second} share memory")
            raise ArgumentError("model", got, "parameters that do not share memory")
    return found


def in_order(parameters: dict[str, nn.Parameter | None], sizes: Iterable[int]) -> None:
    """Put an MLP's own parameters first and in order, because pruning moves one to the end."""
    before, names = dict(parameters), wanted(sizes)
    if list(before)[: len(names)] != list(names):
        parameters.clear()
        parameters |= {name: before.pop(name) for name in names}
        parameters |= before


def in_place(parameters: list[Tensor], layout: Layout) -> Tensor | None:
    """The buffer with exactly this layout that contains the parameters, or None. It may belong to another model or
    process that shares them."""
    first = parameters[0]
    if first.device.type == "meta" or first.untyped_storage().nbytes() != layout.size * first.itemsize:
        return None
    if first.data_ptr() % ALIGNMENT:
        return None
    with torch.inference_mode(False), torch.no_grad():
        flat = torch.empty(0, dtype=first.dtype, device=first.device).set_(
            first.untyped_storage(), 0, (layout.size,), (1,)
        )  # fmt: skip
        here = [(view.data_ptr(), view.stride()) for view in layout.views(flat)]
        if here != [(p.data_ptr(), p.stride()) for p in parameters]:
            return None
        padding = torch.ones_like(flat, dtype=torch.bool)
        for view in layout.views(padding):
            view.fill_(False)
        return None if flat[padding].any() else flat


def check_own_memory(parameters: Mapping[str, Tensor]) -> None:
    """Raises ArgumentError for a parameter that is part of a larger tensor. Moving it would break this tie without a
    warning."""
    for name, p in parameters.items():
        if p.device.type != "meta" and p.untyped_storage().nbytes() > p.numel() * p.itemsize:
            expected = f"separate memory (model.{name}.data.copy_(...) keeps that of the model)"
            raise ArgumentError(f"model.{name}", Described("part of other memory"), expected)


def check_by_hand(model: nn.Module, forward: Any, parameters: Sequence[Tensor]) -> None:
    """Raises ArgumentError if autograd would compute more than the formulas: because of hooks, or another forward."""
    if type(model).forward is not forward or "forward" in model.__dict__:
        raise ArgumentError("model", Described("an overridden forward"), f"that of MLP{BY_HAND}")
    if any(MODULE_HOOKS(model.__dict__)):
        raise ArgumentError("model", Described("a model with hooks"), f"one without{BY_HAND}")
    if any(map(HOOKS, parameters)) or any(map(LATER_HOOKS, parameters)):
        raise ArgumentError("model", Described("hooks on the gradient of a parameter"), f"none{BY_HAND}")


def check_alone(model: nn.Module, own: Sequence[Tensor], sizes: Iterable[int]) -> None:
    """Raises ArgumentError if a model has more parameters than an MLP, because no checkpoint would contain them."""
    if len(list(model.parameters())) != len(own):
        raise misnamed([name for name, _ in model.named_parameters()], sizes)


def check_trainable(parameters: Iterable[Tensor]) -> None:
    """Raises ArgumentError if every parameter is frozen."""
    if not any(map(REQUIRES_GRAD, parameters)):
        raise ArgumentError("model", Described("every parameter frozen"), "at least one that requires a gradient")


def _reach(p: Tensor) -> int:
    """The number of bytes from a tensor's first entry to the end of its last."""
    if not p.numel():
        return 0
    return (1 + sum((n - 1) * stride for n, stride in zip(p.shape, p.stride(), strict=True))) * p.itemsize
