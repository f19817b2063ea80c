"""Shared by the tests of torch's own derivatives: autograd, central differences, and how numbers are compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Loss = Callable[[Tensor], Tensor]

VERSION = tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2])


def float64(values: object) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def autograd(loss: Loss, at: object, *, create_graph: bool = False) -> list[float]:
    """The gradient of loss at a point, flat."""
    x = float64(at).requires_grad_()
    (gradient,) = torch.autograd.grad(loss(x).sum(), x, create_graph=create_graph)
    return gradient.detach().flatten().tolist()


def quotients(loss: Loss, at: object, step: float) -> list[float]:
    """Central differences of the same loss."""
    x = float64(at)
    found = []
    for i in range(x.numel()):
        up, down = x.clone(), x.clone()
        up.view(-1)[i] += step
        down.view(-1)[i] -= step
        travelled = (up.view(-1)[i] - down.view(-1)[i]).item()
        found.append((loss(up).sum() - loss(down).sum()).item() / travelled)
    return found


def relative_error(found: Sequence[float], true: Sequence[float]) -> float:
    """The largest, over the entries; an entry that is truly 0 counts as it is."""
    return max(abs(f - t) / (abs(t) or 1.0) for f, t in zip(found, true, strict=True))


def same(a: Sequence[float], b: Sequence[float]) -> bool:
    """Equal entry by entry, NaN being equal to NaN."""
    return len(a) == len(b) and all(x == y or (x != x and y != y) for x, y in zip(a, b, strict=True))
