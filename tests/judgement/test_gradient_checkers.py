"""Gradient checks as people write them. One that lets a wrong gradient pass, or a right one fail, is broken. One that
is right in another form is not."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from judging import broken, said
from torch import Tensor

from mlp_core import MLP, backprop, losses
from mlp_core.gradcheck import STEP, RelativeErrors, check_model, crosses_kink, relative_error
from mlp_core.testing import laws, subjects, verify
from mlp_core.testing.engine.runner import run
from mlp_core.testing.faults.gradchecks.quotients import difference, in_pieces

CONFIRMS, REPORTS = "confirms a right gradient", "reports the true relative error"
KINKS = "skips entries at kinks and no others"
NAN, UNTOUCHED, SINGLE = (
    "reports nan as an infinite error", "leaves everything as it was", "checks a float32 model in float64",
)  # fmt: skip

Check = Callable[..., Any]


def judging(judge: Callable[[Tensor, Tensor], float]) -> Check:
    return lambda *asked, **options: in_pieces(*asked, judge=judge, **options)


def first_only(a: Tensor, d: Tensor) -> float:
    return relative_error(a.view(-1)[:1], d.view(-1)[:1])


def within_a_tolerance(a: Tensor, d: Tensor) -> float:
    return 0.0 if torch.allclose(a, d, atol=1e-4) else 1.0


def of_magnitudes(a: Tensor, d: Tensor) -> float:
    return relative_error(a.abs(), d.abs())


def of_norms(a: Tensor, d: Tensor) -> float:
    return relative_error(a.norm(), d.norm())


def by_direction(a: Tensor, d: Tensor) -> float:
    v = torch.randn(a.shape, generator=torch.Generator().manual_seed(0), dtype=a.dtype)
    return relative_error((a * v).sum(), (d * v).sum())


def by_angle(a: Tensor, d: Tensor) -> float:
    size = a.norm() * d.norm()
    return float(1 - (a * d).sum() / size) if size > 0 else 0.0


def by_the_median(a: Tensor, d: Tensor) -> float:
    return float(((a - d).abs() / (a.abs() + d.abs()).clamp(min=1e-300)).median()) if a.numel() else 0.0


def without_nan(a: Tensor, d: Tensor) -> float:
    return relative_error(a.nan_to_num(), d.nan_to_num())


def scaled_by_the_step(a: Tensor, d: Tensor) -> float:
    return relative_error(a, d) * STEP


def one_sided(J: Callable[[], Tensor], entries: Tensor, i: int, h: float) -> Tensor:
    before = entries[i].clone()
    here = J()
    entries[i] = before + h
    above = J()
    entries[i] = before
    return (above - here) / h


def restored_by_subtraction(J: Callable[[], Tensor], entries: Tensor, i: int, h: float) -> Tensor:
    entries[i] += h
    above = J()
    entries[i] -= 2 * h
    below = J()
    entries[i] += 1.5 * h
    return (above - below) / (2 * h)


def on_the_callers_model(*asked: Any, **options: Any) -> RelativeErrors:
    return in_pieces(*asked, own=lambda model: model, quotient=restored_by_subtraction, **options)


def skips_for_nothing(*asked: Any, **options: Any) -> RelativeErrors:
    return in_pieces(*asked, left_out=torch.ones_like, **options)


BROKEN: dict[str, tuple[Check, str]] = {
    "the first entry only": (judging(first_only), REPORTS),
    "an absolute tolerance": (judging(within_a_tolerance), REPORTS),
    "magnitudes, so that a sign is lost": (judging(of_magnitudes), REPORTS),
    "norms only": (judging(of_norms), REPORTS), "one random direction": (judging(by_direction), REPORTS),
    "an angle": (judging(by_angle), REPORTS), "the median of the entries": (judging(by_the_median), REPORTS),
    "NaN counts as zero": (judging(without_nan), NAN), "scaled by the step": (judging(scaled_by_the_step), REPORTS),
    "a gradient beside itself": (judging(lambda a, d: relative_error(d, d)), REPORTS),
    "quotients on one side": (lambda *asked, **options: in_pieces(*asked, quotient=one_sided, **options), CONFIRMS),
    "differences in float32": (lambda *asked, **options: in_pieces(*asked, dtype=None, **options), SINGLE),
    "weights that are moved for good": (on_the_callers_model, UNTOUCHED), "all is skipped": (skips_for_nothing, KINKS),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_check_that_lets_mistakes_pass_is_broken(name: str) -> None:
    check, law_name = BROKEN[name]
    (law,) = (law for law in laws(subjects.gradcheck(check)) if law.name == law_name)
    result = run(law, examples=30)
    assert result.verdict == "FAIL", (result.verdict, result.reason)


def with_a_smaller_step(*asked: Any, **options: Any) -> RelativeErrors:
    return in_pieces(*asked, step=1e-6, **options)


def by_columns(
    model: MLP, x: Tensor, y: Tensor, loss: Any = "squared_error", *, gradient: Check = backprop
) -> RelativeErrors:
    """Right: over the flat buffer instead of tensor by tensor."""
    loss, own = losses.get(loss), copy.deepcopy(model).double()
    x, y = x.double(), y if loss.classes else y.double()
    quotients = torch.zeros_like(own.flat)
    with torch.no_grad():
        for i in range(len(own.flat)):
            quotients[i] = difference(lambda: loss.value(own(x), y), own.flat, i, STEP)
    trace = own.trace(x)
    gradient(own, trace, loss.value_and_grad(trace.output, y)[1])
    views = zip(
        own.named_parameters(), *(own.layout.views(t) for t in (quotients, own.flat_grad, crosses_kink(own, x, STEP))),
        strict=True,
    )  # fmt: skip
    found = {name: (a[~c], g[~c], int(c.sum())) for (name, _), a, g, c in views}
    return RelativeErrors(
        {name: relative_error(a, g) for name, (a, g, _) in found.items()}, sum(c for *_, c in found.values())
    )


@pytest.mark.parametrize("check", [check_model, with_a_smaller_step, by_columns])
def test_a_check_that_is_right_in_another_form_is_not_broken(check: Check) -> None:
    report = verify(subjects.gradcheck(check), examples=8)
    assert not broken(report), said(report)
