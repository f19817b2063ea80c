"""Relations between a wrong gradient and the correct one that name a mistake, for gradients of every form.

Each is a pair: the relation in words, with {} for the names of the wrong gradients, and the gradients that it predicts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor

NEAR = 2.0**-20
"""how close a gradient must be to what a relation predicts, relative to its largest entry; difference quotients are
that accurate except on steep functions"""

Predicted = Iterator[tuple[str, list[Tensor]]]


def near(got: Tensor, expected: Tensor) -> bool:
    if got.shape != expected.shape:
        return False
    size = max(float(expected.abs().max()) if expected.numel() else 0.0, float(got.abs().max()) if got.numel() else 0.0)
    return bool(((got - expected).abs() <= NEAR * size).all())


def of_signs(expected: Sequence[Tensor]) -> Predicted:
    """The gradient is negated, or absent."""
    yield "the gradient of {} has the wrong sign", [-e for e in expected]
    yield "no gradient comes to {}: all of it is 0, though the output depends on it", [0 * e for e in expected]


def of_sizes(expected: Sequence[Tensor], sizes: Iterable[int]) -> Predicted:
    """The gradient has a factor too many or too few: 2, or the size of an axis."""
    for words, c in (("twice", 2.0), ("half", 0.5)):
        yield f"the gradient of {{}} is {words} as large as it should be", [c * e for e in expected]
    for n in sorted(sizes):
        yield "the gradient of {} is a mean instead of a sum", [e / n for e in expected]
        yield "the gradient of {} is a sum instead of a mean", [e * n for e in expected]
        yield "the factor 1 / sqrt(size) is missing in the gradient of {}", [e * n**0.5 for e in expected]
        yield "the factor 1 / sqrt(size) is there twice in the gradient of {}", [e / n**0.5 for e in expected]


def of_arguments(values: Sequence[Tensor], expected: Sequence[Tensor], got: Sequence[Tensor]) -> Predicted:
    """A multiple of the argument itself is missing, as in the derivative of a penalty or a norm."""
    multiples = []
    for value, e, g in zip(values, expected, got, strict=True):
        size = float((value * value).sum())
        c = float(((e - g) * value).sum()) / size if size else 0.0
        multiples.append(e - c * value if value.numel() > 1 and c else torch.full_like(e, torch.nan))
    words = "the gradient of {0} is off by a multiple of {0} itself: look at the derivative of its penalty or norm"
    yield words, multiples


def of_order(names: Sequence[str], expected: Sequence[Tensor]) -> Predicted:
    """The entries are in another order or summed, or two gradients are exchanged."""
    yield "the gradient of {} is transposed", [e.T if e.ndim == 2 and len(set(e.shape)) == 1 else e for e in expected]
    sums = [torch.full_like(e, float(e.sum())) for e in expected]
    yield "every entry of the gradient of {} is the sum of all its entries", sums
    for name, e in zip(names, expected, strict=True):
        same = [e if e.shape == x.shape else x for x in expected]
        yield f"the gradient of {{}} is that of {name}: the order is wrong", same


def of_multiples(got: Sequence[Tensor], expected: Sequence[Tensor]) -> Predicted:
    """The gradient is a multiple of the correct one, or is clipped."""
    wrong = [(g, e) for g, e in zip(got, expected, strict=True) if not near(g, e)]
    sizes = [g.abs().max().item() for g, _ in wrong if g.numel()]
    if sizes and any(bool((e.abs() > max(sizes)).any()) for _, e in wrong):
        most = max(sizes)
        yield f"the gradient of {{}} is clipped to [-{most:.6g}, {most:.6g}]", [e.clamp(-most, most) for e in expected]
    squares = sum(float((e * e).sum()) for _, e in wrong)
    if squares and sum(e.numel() for _, e in wrong) > 1:
        c = sum(float((g * e).sum()) for g, e in wrong) / squares
        yield f"the gradient of {{}} is {c:.4g} times what it should be", [c * e for e in expected]
