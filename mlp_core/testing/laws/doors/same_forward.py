"""A used object with the same forward as a new one must have the same gradients, also where quotients are too coarse.

With inputs around 1e-12 and outputs around 1, a quotient of the outputs has few digits or none.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.bounds import references
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.examples.arguments import Arguments, Path
from mlp_core.testing.examples.foreign_arrays import like, tensor_of
from mlp_core.testing.laws.doors.shared import filled, held, nearest, said
from mlp_core.testing.subjects.doors.pulled import Pulled

STEPS = 1.0, 2.0**-10, 2.0**-20, 0.0
"""how far the points are at which two forwards are compared, as fractions of the entries, and of 1 at most"""

NEW = """\
new_outs, new_pull = once(copy.deepcopy(args))
outs, pull = run(copy.deepcopy(args))
ABOVE
got, expected = (float(one(copy.deepcopy(above))PLACE[{index}]) for one in (pull, new_pull))
assert abs(got - expected) <= {bound}, (got, expected)"""
"""the forwards of a used and of a new object give the same numbers, and so must their gradients"""


def same_forward(subject: Any, used: Any, example: Arguments, path: Path) -> bool:
    """Whether a used and a new object return the same bits, at the example and at points around it in one argument."""
    try:
        for step in STEPS:
            moved = replace(example, args=tuple(_moved(example, path, step)))
            one, other = (form.values(moved.fresh()) for form in (subject, used))
            if [o.shape for o in one] != [o.shape for o in other] or not all(map(torch.equal, one, other)):
                return False
    except Broken:  # a point at which it is not defined
        return False
    return True


def held_to_new(
    subject: Any, used: Any, example: Arguments, got: Pulled, fresh: Pulled, before: str
) -> Evidence | None:  # fmt: skip
    """Compare the gradients of a used object with those of a new one, for the arguments in which both have the same
    forward; None if that is not so for all. before: the first lines of the snippet.
    """
    alike = [k for k, g in enumerate(got.gradients) if same_forward(subject, used, example, g.path)]
    of = [got.gradients[k] for k in alike]
    hidden = [_unseen(fresh, example.at(g.path)) for g in of]
    closings = [before + filled(NEW, ABOVE=said(got.above), PLACE=g.place) for g in of]

    def chosen(one: Pulled) -> list[Tensor]:
        return [one.tensors()[k] for k in alike]

    def compared(limits: Any) -> Evidence:
        every = limits(got)
        within = [every[k] + more for k, more in zip(alike, hidden, strict=True)]
        return held([f"gradient of {g.name}" for g in of], chosen(got), chosen(fresh), within, closings)

    evidence = nearest(compared, used, example) if alike else None
    return evidence if len(alike) == len(got.gradients) else None


def _moved(example: Arguments, path: Path, step: float) -> list[Any]:
    """The arguments, with every entry of one moved by a part of itself."""
    value, generator = tensor_of(example.at(path)), torch.Generator().manual_seed(example.texture)
    sign = torch.randint(0, 2, value.shape, generator=generator) * 2 - 1
    return example.moved({path: like(value + step * sign * _sizes(value), example.at(path))})


def _sizes(value: Tensor) -> Tensor:
    """The size of every entry, and at most 1; for an entry of 0, that of the largest one, or 1."""
    largest = value.abs().max() if value.numel() else value.sum()
    beside = torch.where(largest > 0, largest, 1.0)
    return torch.where(value == 0, beside, value.abs()).clamp(max=1.0)


def _unseen(fresh: Pulled, value: Any) -> Tensor:
    """The largest slope that the rounding of the outputs can hide, for every entry of an argument."""
    terms = [(tensor_of(o) * c).abs().sum().item() for o, c in zip(fresh.outs, fresh.cut(), strict=True)]
    return references.last_bits(sum(terms)) / _sizes(tensor_of(value))
