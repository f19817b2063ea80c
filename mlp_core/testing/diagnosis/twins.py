"""Finds the known relation between a function's results and its reference's results on all tried examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.bounds.references import reproduces
from mlp_core.testing.engine import guards
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.subjects.doors.results import numbers_of

WITNESSES = 8
"""the number of examples beside the counterexample"""

NEEDED = 3
"""the number of examples in which a relation must hold, without those in which the reference is 0"""

FACTOR = "it is {:.6g} times the reference"
SUMMED = "it is {name} times the reference, where {name} is the size of {axis}: a sum instead of a mean"
AVERAGED = "it is 1/{name} of the reference, where {name} is the size of {axis}: a mean instead of a sum"

RELATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "the sign is wrong": lambda x: -x,
    "it is transposed": lambda x: x.mT if x.ndim > 1 else x,
    "it is one minus the reference": lambda x: 1 - x,
    "it is the square of the reference": lambda x: x * x,
    "it is the square root of the reference": lambda x: x.abs().sqrt(),
    "it is the reciprocal of the reference": lambda x: 1 / x,
    "it is 0": torch.zeros_like,
}
"""per description, the function of the reference's numbers that equals the wrong ones"""

Pair = tuple[Arguments, list[Tensor], list[Tensor]]


def diagnose(subject: Any, example: Any, broken: Broken) -> str | None:
    """The relation in words; None if no known relation holds."""
    if "named" not in subject.memo:
        with guards.globals_kept():
            drawn = [example, *broken.others, *sample(subject.inputs, WITNESSES)]
            pairs = [pair for one in drawn if isinstance(one, Arguments) for pair in _pair(subject, one)]
            subject.memo["named"] = _named(pairs) if len(pairs) >= NEEDED else None
    named: str | None = subject.memo["named"]
    return named


def _pair(subject: Any, example: Arguments) -> Iterator[Pair]:
    """Both results of an example, if both exist and are not all zero."""
    try:
        got, expected = (dict(numbers_of(f(example.fresh())[0])) for f in (subject.run, subject.right))
    except Broken:
        return
    if got.keys() == expected.keys() and any(bool((e != 0).any()) for e in expected.values()):
        yield example, [got[place] for place in expected], list(expected.values())


def _named(pairs: list[Pair]) -> str | None:
    same: Callable[[Tensor], Tensor] = lambda x: x  # noqa: E731
    if all(_fits(pair, same) for pair in pairs):
        return None
    for words, made in RELATIONS.items():
        if all(_fits(pair, made) for pair in pairs):
            return words
    factors = [_factor(got, expected) for _, got, expected in pairs]
    known = [(pair[0], f) for pair, f in zip(pairs, factors, strict=True) if f is not None]
    if len(known) < len(pairs):
        return None
    for (k, axis), name in _axes(pairs[0][0]):
        sizes = [_size(example, k, axis) for example, _ in known]
        if len(set(sizes)) < 2 or None in sizes:
            continue
        where = f"axis {axis} of argument {k}"
        for words, power in ((SUMMED, 1), (AVERAGED, -1)):
            if all(_near(f, float(n or 0) ** power) for (_, f), n in zip(known, sizes, strict=True)):
                return words.format(name=name, axis=where)
    first = known[0][1]
    return FACTOR.format(first) if all(_near(f, first) for _, f in known) else None


def _fits(pair: Pair, made: Callable[[Tensor], Tensor]) -> bool:
    return all(reproduces(g, made(e)) for g, e in zip(pair[1], pair[2], strict=True))


def _factor(got: list[Tensor], expected: list[Tensor]) -> float | None:
    """The factor by which all numbers of the reference are multiplied."""
    place = max(range(len(expected)), key=lambda k: float(expected[k].abs().amax()) if expected[k].numel() else -1.0)
    at = int(expected[place].abs().argmax())
    if got[place].shape != expected[place].shape:
        return None
    factor = float(got[place].flatten()[at] / expected[place].flatten()[at])
    fits = all(reproduces(g, factor * e) for g, e in zip(got, expected, strict=True))
    return factor if fits and factor == factor else None


def _near(one: float, other: float) -> bool:
    return reproduces(torch.tensor([one], dtype=torch.float64), torch.tensor([other], dtype=torch.float64))


def _axes(example: Arguments) -> list[tuple[tuple[int, int], str]]:
    return [((k, axis), "n") for k, a in enumerate(example.args) for axis in range(len(getattr(a, "shape", ())))]


def _size(example: Arguments, k: int, axis: int) -> int | None:
    shape = getattr(example.args[k], "shape", ())
    return int(shape[axis]) if axis < len(shape) else None
