"""Finds the mistake in a door's gradient: a wrong backward of the catalogue, or a relation to the correct gradient.

The correct gradient comes from difference quotients. A relation is reported only if it holds for every array with a
wrong gradient. A known backward is reported only if its forward and all its gradients equal the observed ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from inspect import signature
from itertools import product
from typing import Any

import numpy as np
import torch

from mlp_core.testing.diagnosis.door_relations import Seen, relations_of
from mlp_core.testing.diagnosis.relations import near
from mlp_core.testing.diagnosis.reused import of_reuse
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.foreign_arrays import is_real, like, tensor_of
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.faults.doors import families
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.pulled import pulled, wide

MOST = 200
"""the number of entries in an example's arrays above which no relation is tried"""

WITNESSES = 3
"""the number of examples on each of which a mistake must reproduce the observed values"""

DRAWN = 16
"""the number of examples from which the largest are chosen"""


def diagnose(subject: Form, examples: Sequence[Arguments]) -> str | None:
    """The mistake in words: one that reproduces the observed gradients on each of the examples on which they are wrong.
    None if no known mistake does.
    """
    if _cuts_all(subject, examples):
        return CUT
    others = [generic(example, seed) for example in examples[-1:] for seed in range(WITNESSES)]
    seen = _witnesses(subject, _larger(subject)) or _witnesses(subject, others) or _witnesses(subject, examples)
    if not seen:
        return None
    if (again := of_reuse(seen)) is not None:
        return again
    known = [replayed(one) for one in seen]
    if known[0] is not None and len(set(known)) == 1:
        return known[0]
    told = [list(_told(one)) for one in seen]
    words = next((w for w in told[0] if all(w in others for others in told)), None)
    if words is None:
        return None
    return words.format(", ".join(dict.fromkeys(one.got.gradients[k].name for one in seen for k in one.wrong())))


def _cuts_all(subject: Form, examples: Sequence[Arguments]) -> bool:
    """Whether a gradient is empty if an argument is the constant 0."""
    for example in examples:
        try:
            pulled(subject, wide(example))
        except Broken as other:
            if "shape" in other.got and ", 0" in other.got and any(type(a) is int and a == 0 for a in example.args):
                return True
    return False


def _witnesses(subject: Form, examples: Sequence[Arguments]) -> list[Seen]:
    """The observations on examples with a wrong gradient that are not too large."""
    seen = list[Seen]()
    for example in examples:
        if len(seen) == WITNESSES:
            break
        at = wide(example)
        try:
            got = pulled(subject, at)
        except Broken:
            continue
        if sum(t.numel() for t in got.tensors()) <= MOST:
            one = Seen.on(subject, at, got)
            seen += [one] if one is not None and one.wrong() else []
    return seen


def generic(example: Arguments, seed: int) -> Arguments:
    """The same shapes and constants with other numbers, because many relations hold on the smallest example by chance.
    Positive numbers stay positive, and numbers between 0 and 1 stay there.
    """
    at, numbers = wide(example), torch.Generator().manual_seed(seed)
    others = {}
    for path in at.paths():
        old = tensor_of(at.at(path))
        new = torch.randn(old.shape, generator=numbers, dtype=torch.float64)
        if bool((old > 0).all()):
            new = 0.1 + 0.8 * torch.sigmoid(new) if bool((old < 1).all()) else new.abs() + 0.1
        others[path] = like(new, at.at(path))
    blob = bytes(torch.randint(1, 255, (61,), generator=numbers).tolist())
    return Arguments(tuple(at.moved(others)), blob, seed + 1)


def _larger(subject: Form) -> list[Arguments]:
    """Larger examples. The smallest ones have few entries, so that many relations hold by chance."""

    def size(example: Arguments) -> int:
        return sum(tensor_of(example.at(path)).numel() for path in example.paths())

    drawn = sorted((e for e in sample(subject.inputs, DRAWN) if size(e) <= MOST), key=size, reverse=True)
    return [generic(example, seed) for seed, example in enumerate(drawn[: 2 * WITNESSES])]


def _told(seen: Seen) -> Iterator[str]:
    """The relations that hold on an example, for everything that is wrong there."""
    got, wrong = seen.got.tensors(), seen.wrong()
    for words, gradients in relations_of(seen, seen.right(seen.got.cut())):
        if all(near(got[k], gradients[k]) for k in wrong):
            yield words


CUT = "x[pad:-pad] is empty for pad = 0, because -0 is 0: use x[pad : x.shape[0] - pad]"


EPSILONS = (1e-8, 1e-6, 1e-3, 1e-12, 0.0)
"""the numbers added to a variance, apart from the default of the catalogue's layers"""

VARIANTS: list[dict[str, Any]] = [{}, *({"eps": eps} for eps in EPSILONS)]


def replayed(seen: Seen) -> str | None:
    """A wrong backward of the catalogue that belongs to this layer and returns these gradients."""
    args = [tensor_of(a).numpy() if is_real(a) else a for a in seen.example.args]
    above = [c.numpy() for c in seen.got.cut()]
    for (fault, family), more in product(families.KNOWN, VARIANTS):
        if more and "eps" not in signature(family.forward).parameters:
            continue
        own = (np.array(a) if isinstance(a, np.ndarray) else a for a in args)
        try:
            with np.errstate(all="ignore"):
                *outs, cache = family.forward(*own, **more)
                if len(outs) != len(above) or not all(
                    near(tensor_of(o), tensor_of(s)) for o, s in zip(outs, seen.got.outs, strict=True)
                ):
                    continue
                found = fault(*(c.copy() for c in above), cache)
        except Exception:  # noqa: S112  (arguments of another layer)
            continue
        several = list(found) if isinstance(found, tuple) else [found]
        gradients = [tensor_of(g) for g in several if g is not None]
        if len(gradients) == len(seen.got.gradients) and all(map(near, seen.got.tensors(), gradients)):
            return " ".join((fault.__doc__ or "").split()).rstrip(".")
    return None
