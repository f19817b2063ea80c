"""The laws of an activation record. They check every field that is registered."""

from __future__ import annotations

from typing import Any

import torch

from mlp_core import gradcheck
from mlp_core.testing.bounds import formulas, quotients, rounding
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.guards import foreign
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.exact import fractions as exact
from mlp_core.testing.examples.points import Points, points

DERIVATIVE = """\
leaf, delta = z.clone().requires_grad_(), torch.linspace(-2, 3, len(z), dtype=z.dtype)
if record.exact:
    delta[1::4], delta[3::4] = torch.inf, torch.nan
expected = torch.autograd.grad(record.f(leaf), leaf, delta)[0][{index}].item()
got = record.times_df(delta, z, record.f(z))[{index}].item()
alike = got == expected or (got != got and expected != expected)
assert alike or abs(got - expected) <= {bound}, (got, expected)"""

QUOTIENT = """\
h, at = gradcheck.STEP, torch.tensor([AT], dtype=torch.float64)
expected = ((record.f(at + h) - record.f(at - h)) / (2 * h)).item()
got = record.df(at, record.f(at)).item()
named = any(abs(at.item() - kink) <= 2 * h for kink in record.kinks)
assert named or abs(got - expected) <= {bound}, (got, expected)"""
"""AT is filled in by the law"""

STEEPEST = """\
steepest = record.df(z, record.f(z)).abs().max().item()
assert steepest <= record.lipschitz * (1 + 1e-6), (steepest, record.lipschitz)"""

SLOPES = """\
ends = [float("-inf"), *record.kinks, float("inf")]
def value(v):  # the slopes between 0 and v, each times how far it reaches
    side = 1 if v > 0 else -1
    parts = zip(ends, ends[1:], record.slopes)
    return sum(side * s * max(0.0, min(b, max(v, 0.0)) - max(a, min(v, 0.0))) for a, b, s in parts)
got, expected = record.f(z.double())[{index}].item(), value(z[{index}].item())
assert abs(got - expected) <= {bound}, (got, expected)"""

book = LawBook(judges=True)


@book.law(points)
def has_the_derivative_of_autograd(subject: Any, at: Points) -> Evidence:
    """delta * f'(z) equals autograd's, kinks included, and also for an infinite or NaN delta. If the record is `exact`,
    the bits are equal.

    Backpropagation multiplies by f' in every layer, so an error here reaches every gradient. Near saturation, a
    textbook formula in another form can lose all its digits.
    """
    f, z = subject.record, at.z
    delta = torch.linspace(-2, 3, len(z), dtype=z.dtype)
    if f.exact:
        delta[1::4], delta[3::4] = torch.inf, torch.nan  # a kink masks delta: 0 * inf is not 0
    leaf = z.clone().requires_grad_()
    with foreign():
        a = f.f(leaf)
        (expected,) = torch.autograd.grad(a, leaf, delta)
        got = f.times_df(delta, z, a.detach())
    limit = 0.0 if f.exact else formulas.derivative(f.terms(z, a.detach()), delta, z.dtype)
    return compare(["f'"], [got], [expected], [limit], closing=DERIVATIVE)


@book.law(points)
def has_only_the_kinks_that_it_names(subject: Any, at: Points) -> Evidence:
    """Away from the kinks that the record names, central differences confirm the derivative. Its magnitude never
    exceeds `lipschitz`.

    A gradient check skips entries at the kinks that the record names. If a kink is missing, a correct gradient looks
    wrong. If a point is named that is no kink, an error there is missed.
    """
    f, z, h = subject.record, at.z.double(), gradcheck.STEP
    near = torch.zeros_like(z, dtype=torch.bool)
    for kink in (*f.kinks, *f.bends):
        near |= (z - kink).abs() <= 2 * h
    z = z[~near]
    if not len(z):
        return Evidence(counted=False)
    with foreign():
        a = f.f(z)
        got = f.df(z, a)
        fine, coarse = ((f.f(z + k * h) - f.f(z - k * h)) / (2 * k * h) for k in (1, 2))
    # z +- h is rounded by u |z|, which f passes on; f itself errs by ELEMENTARY roundings
    unit = rounding.unit_roundoff(torch.float64)
    error = (f.lipschitz * z.abs() + rounding.ELEMENTARY * (a.abs() + 1)).max().item() * unit
    try:
        compare(["f'"], [got], [fine], [quotients.central(error, h, coarse, fine)], closing="{index} {bound}")
    except Broken as broken:
        index, _, bound = broken.closing.rpartition(" ")
        at_worst = z[int(index.strip("(,)"))].item()
        broken.closing = QUOTIENT.replace("AT", repr(at_worst)).format(bound=bound)
        raise
    steepest = got.abs().max().item()
    if steepest > f.lipschitz * (1 + 1e3 * unit):
        raise Broken("the largest |f'|", steepest, f"at most lipschitz = {f.lipschitz}", closing=STEEPEST)
    return Evidence(entries=len(z))


@book.law(points, skip=lambda subject: None if subject.record.slopes else "not piecewise linear: it has no slopes")
def has_the_slopes_that_it_names(subject: Any, at: Points) -> Evidence:
    """A piecewise linear function equals the function that its kinks and slopes define.

    Exact arithmetic evaluates the activation from its kinks and slopes. If they describe another function, the exact
    reference is wrong.
    """
    f, z = subject.record, at.z.double()
    expected = torch.tensor([float(exact.value(f, v)) for v in exact.rationals([z.tolist()])[0]], dtype=torch.float64)
    with foreign():
        got = f.f(z)
    return compare(["f"], [got], [expected], [4 * rounding.unit_roundoff(torch.float64) * z.abs()], closing=SLOPES)
