"""Shared by these laws: one run of an example, its gradients, and their tolerances."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from mlp_core.equality import same_bits
from mlp_core.testing.bounds import forwards, references
from mlp_core.testing.bounds.perturbed import PerturbedRounding
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.examples.arguments import Arguments, Path, found_at, places_of
from mlp_core.testing.examples.foreign_arrays import source_of, tensor_of
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.pulled import Pulled, pulled

EXTRAPOLATED = """\
def slope(h):
    return (value(h) - value(-h)) / (2 * h)
def nearer(h):
    return (16 * slope(h) - slope(4 * h)) / 15
h = STEP
quotient = (256 * nearer(h) - nearer(4 * h)) / 255
assert abs(got - quotient) <= {bound}, (got, quotient)"""
"""lines that compare `got` with the quotient of value(h), extrapolated to a step of 0 as in oracles/slopes.py"""

RANDOM = "it is random: a second call with the same arguments gives other numbers"

SEEDED = "it draws random numbers: here they are the same ones in every call"

Bound = Callable[[Pulled], list[Tensor]]
"""the tolerance of each gradient of a run"""

NOT_FINITE = "the forward is not finite"

NO_NUMBER = "the forward returns no real number and no array of them; check its return statement"


def scattered(subject: Form, example: Arguments, one: Pulled) -> list[Tensor]:
    """The tolerance of each gradient: how far the subject's own gradients scatter if the upstream gradients and every
    operation of torch have an error of one more unit in the last place. Observed noise is added, because a backward is
    linear in its upstream gradients.
    """
    plain, above = one.tensors(), one.cut()
    deviations = [torch.zeros_like(g) for g in plain]
    for seed in range(references.RUNS):
        mode = PerturbedRounding(torch.float64, torch.Generator().manual_seed(seed))
        noisy = [c * mode.factors(c) for c in above]
        with mode:
            again = pulled(subject, example, noisy)
        for d, g, p in zip(deviations, again.tensors(), plain, strict=True):
            torch.maximum(d, (g - p).abs(), out=d)
    line = [pulled(subject, example, forwards.moved(above, k)).tensors() for k in range(forwards.POINTS)]
    noise = [forwards.noise(torch.stack(along)) for along in zip(*line, strict=True)]
    least_ = zip(deviations, least(one), noise, strict=True)
    return [references.FARTHER * d + m + n for d, m, n in least_]


def least(one: Pulled) -> list[Tensor]:
    """The tolerance without any scatter: only the rounding of the stored result. It is cheap, and most gradients are
    within it.
    """
    return [
        references.perturbed(torch.zeros_like(g), torch.full_like(g, forwards.largest(g)), torch.float64)
        for g in one.tensors()
    ]


def held(
    names: Sequence[str], got: Sequence[Tensor], expected: Sequence[Tensor], limits: Sequence[Tensor | float],
    closings: Sequence[str], note: str = "",
) -> Evidence:  # fmt: skip
    """Compare gradients with others; each has its own lines for the snippet."""
    evidence = Evidence()
    for name, g, e, limit, closing in zip(names, got, expected, limits, closings, strict=True):
        try:
            evidence.join(compare([name], [g], [e], [limit], closing=closing))
        except Broken as broken:
            broken.note = note or broken.note
            raise
    evidence.counted = evidence.entries > 0
    return evidence


def repeats(subject: Form, example: Arguments, got: Pulled) -> bool:
    """Whether a second run gives the same gradients."""
    again = pulled(subject, example)
    return all(torch.equal(a.nan_to_num(), g.nan_to_num()) for a, g in zip(again.tensors(), got.tensors(), strict=True))


def said(above: Sequence[Any]) -> str:
    """Upstream gradients as a line of Python."""
    return f"above = {source_of(list(above))}"


def changed(args: Sequence[Any], example: Arguments) -> list[Path]:
    """The places at which arguments have changed."""
    return [
        path for path in places_of(example.args)
        if not same_bits(tensor_of(found_at(example.args, path)), tensor_of(found_at(args, path)))
    ]  # fmt: skip


def nearest(compared: Callable[[Bound], Evidence], subject: Form, example: Arguments) -> Evidence:
    """The comparison within the least tolerance; if that fails, the comparison within what rounding explains."""
    try:
        return compared(least)
    except Broken as broken:
        try:
            return compared(lambda one: scattered(subject, example, one))
        except Broken:
            if repeats(subject, example, pulled(subject, example)):
                raise
            return Evidence(counted=False, note=f"{RANDOM} ({broken.where})")


def filled(closing: str, **words: str) -> str:
    """Lines for compare, with the placeholders filled in."""
    for word, text in words.items():
        closing = closing.replace(word, text.replace("{", "{{").replace("}", "}}"))
    return closing
