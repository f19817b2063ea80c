"""Finds the known mistake of a hand-written gradient in a script: the one that reproduces its numbers under every
seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.bounds.references import reproduces
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.subjects.doors.script import Beside

RELATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "the sign is wrong": lambda g: -g,
    "it is transposed": lambda g: g.mT if g.ndim > 1 else g,
    "it is 0": torch.zeros_like,
}
"""per description, the function of autograd's gradient that equals the wrong one"""

FACTOR = "it is {:.6g} times autograd's"
COUNTED = "it is {:.6g} times autograd's, which is {}: a sum instead of a mean"
REPEATED = (
    "if {index} names a row several times, only the last of its gradients is counted: {name}[{index}] += ... does not "
    "add them up; use index_add_ or index_put_(accumulate=True)"
)


def diagnose(subject: Any, broken: Broken) -> str | None:
    """The mistake, in words, in the gradient with which the law failed; None if no known mistake fits."""
    by_hand = broken.where.partition(", compared with ")[0]
    runs = [(names, one) for names in subject.kept.values() for one in subject.beside(names) if one.by_hand == by_hand]
    if not runs:
        return None
    for words, made in RELATIONS.items():
        if all(reproduces(one.mine, made(one.theirs)) for _, one in runs) and not _right(runs):
            return f"{by_hand}: {words}"
    for index in sorted({name for names, one in runs for name in _indices(names, one)}):
        if all(any(reproduces(one.mine, g) for g in _last_alone(names, one, index)) for names, one in runs):
            return f"{by_hand}: {REPEATED.format(index=index, name=by_hand)}"
    return _factor(by_hand, runs)


def _right(runs: list[tuple[dict[str, Any], Beside]]) -> bool:
    return all(reproduces(one.mine, one.theirs) for _, one in runs)


def _indices(names: dict[str, Any], one: Beside) -> Iterator[str]:
    """Names of integers that may be indices of rows."""
    for name, value in names.items():
        whole = isinstance(value, Tensor) and value.dtype == torch.int64 and value.ndim and value.numel()
        if whole and int(value.min()) >= 0 and int(value.max()) < len(one.mine):
            yield name


def _last_alone(names: dict[str, Any], one: Beside, index: str) -> Iterator[Tensor]:
    """The gradient in which only the last contribution to a row counts: over all the indices, or within each of their
    rows.
    """
    rows = names[index]
    for value in names.values():
        if not isinstance(value, Tensor) or value.shape != (*rows.shape, *one.mine.shape[1:]):
            continue
        value = value.detach().to(one.mine.dtype)
        whole = torch.zeros_like(one.mine)
        whole[rows] = value
        yield whole
        if rows.ndim > 1:
            added = torch.zeros_like(one.mine)
            for some, part in zip(rows, value, strict=True):
                last = torch.zeros_like(one.mine)
                last[some] = part
                added += last
            yield added


def _factor(by_hand: str, runs: list[tuple[dict[str, Any], Beside]]) -> str | None:
    found = []
    for _, one in runs:
        if one.mine.shape != one.theirs.shape or not one.theirs.numel():
            return None
        at = int(one.theirs.abs().argmax())
        factor = float(one.mine.flatten()[at] / one.theirs.flatten()[at])
        if not reproduces(one.mine, factor * one.theirs):
            return None
        found.append(factor)
    every = torch.tensor(found, dtype=torch.float64)
    if not reproduces(every, every[:1].expand(every.shape)) or _right(runs):
        return None
    counts = {name: value for name, value in runs[0][0].items() if type(value) is int and value > 1}
    names = {name for name, value in counts.items() if value == round(found[0], 6)}
    words = COUNTED.format(found[0], " or ".join(sorted(names))) if names else FACTOR.format(found[0])
    return f"{by_hand}: {words}"
