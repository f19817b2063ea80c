"""Kernels whose squares overflow unseen, gradients that are NaN on both sides, and slopes next to the end of a domain:
what cannot be tested is untested, no zero passes for a lost gradient, and right slopes count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import strategies as st
from judging import (
    Problem,
    assert_broken,
    assert_lawful,
    assert_untested,
    entry,
    generator,
    judged,
    normal,
    said,
    seeded,
    spoiled,
)  # fmt: skip
from torch import Tensor

F = torch.nn.functional
EXAMPLES = 3


def normed(params: list[Tensor], c: Tensor) -> Tensor:
    return (F.layer_norm(params[0], params[0].shape[-1:]) * c).sum()


def normed_by_parts(params: list[Tensor], c: Tensor) -> Tensor:
    d = params[0] - params[0].mean(-1, keepdim=True)
    return (d / (d.square().mean(-1, keepdim=True) + 1e-5).sqrt() * c).sum()


def root_normed(params: list[Tensor], c: Tensor) -> Tensor:
    return (F.rms_norm(params[0], params[0].shape[-1:], eps=1e-5) * c).sum()


def grouped(params: list[Tensor], c: Tensor) -> Tensor:
    return (F.group_norm(params[0][:, None], 1)[:, 0] * c).sum()


def slope_of(centred: bool) -> Callable[[list[Tensor], Tensor], list[Tensor]]:
    """The gradient of the norms, computed on a row divided by its largest entry."""

    def gradient(params: list[Tensor], c: Tensor) -> list[Tensor]:
        size = params[0].abs().amax(-1, keepdim=True).clamp(min=1)
        x = params[0] / size
        d = x - x.mean(-1, keepdim=True) if centred else x
        root = (d.square().mean(-1, keepdim=True) + 1e-5 / size**2).sqrt()
        whole = c - (d / root) * (c * d / root).mean(-1, keepdim=True)
        return [(whole - c.mean(-1, keepdim=True) if centred else whole) / root / size]

    return gradient


NORMS: dict[str, tuple[Any, bool]] = {
    "layer_norm": (normed, True), "layer_norm by parts": (normed_by_parts, True), "rms_norm": (root_normed, False),
    "group_norm": (grouped, True),
}  # fmt: skip


def rows(size: float) -> Callable[[int], Problem]:
    def draw(seed: int) -> Problem:
        own = generator(seed)
        return [size * normal(2, 3, of=own)], normal(2, 3, of=own)

    return draw


def zeroed(g: Tensor) -> None:
    g.zero_()


def negated(g: Tensor) -> None:
    g.neg_()


@pytest.mark.parametrize("name", NORMS)
@pytest.mark.parametrize("size", [1e155, 1e200])
@pytest.mark.parametrize("spoil", [None, negated, zeroed], ids=["right", "negated", "zero"])
def test_where_the_squares_of_a_norm_overflow_nobody_is_judged(name: str, size: float, spoil: Any) -> None:
    loss, centred = NORMS[name]
    gradient = slope_of(centred) if spoil is None else spoiled(slope_of(centred), spoil)
    assert_untested(judged(loss, gradient, seeded(rows(size)), examples=EXAMPLES))


@pytest.mark.parametrize("name", NORMS)
@pytest.mark.parametrize("size", [1.0, 1e150])
def test_norms_are_judged_where_nothing_overflows(name: str, size: float) -> None:
    loss, centred = NORMS[name]
    assert_lawful(judged(loss, slope_of(centred), seeded(rows(size)), examples=EXAMPLES))
    for spoil in (negated, zeroed, entry(0, lambda v: v * 1.001)):
        assert_broken(judged(loss, spoiled(slope_of(centred), spoil), seeded(rows(size)), examples=EXAMPLES))


def test_nan_on_both_sides_is_no_agreement() -> None:
    """At 0, where autograd makes NaN of 0 times infinity."""

    def loss(params: list[Tensor]) -> Tensor:
        return (torch.special.entr(params[0]) * 0 + params[0].square()).sum()

    zeros = st.integers(1, 6).map(lambda n: ([torch.zeros(n, dtype=torch.float64)],))
    report = judged(loss, lambda p: [p[0] / p[0]], zeros, examples=EXAMPLES)
    assert_untested(report)
    assert "PASS" not in {r.verdict for r in report.results if "repeats" not in r.law}, said(report)


def beside_1(low: float, high: float) -> Callable[[int], Problem]:
    """Numbers below 1 by 10^low to 10^high."""

    def draw(seed: int) -> Problem:
        own = generator(seed)
        return [1 - 10 ** (low + (high - low) * torch.rand(3, generator=own).double())], normal(3, of=own)

    return draw


ARCS: dict[str, tuple[Any, float]] = {"asin": (torch.asin, 1.0), "acos": (torch.acos, -1.0)}


@pytest.mark.parametrize("name", ARCS)
@pytest.mark.parametrize("ends", [(-12.0, -9.0), (-9.0, -6.0)], ids=str)
def test_slopes_next_to_the_end_of_a_domain_count(name: str, ends: tuple[float, float]) -> None:
    arc, sign = ARCS[name]

    def loss(params: list[Tensor], c: Tensor) -> Tensor:
        return (arc(params[0]) * c).sum()

    def gradient(params: list[Tensor], c: Tensor) -> list[Tensor]:
        x = params[0]
        return [sign * c * ((1 - x) * (1 + x)).rsqrt()]

    inputs = seeded(beside_1(*ends))
    assert_lawful(judged(loss, gradient, inputs, examples=10))
    assert_lawful(judged(loss, lambda p, c: [sign * c * (1 - p[0] * p[0]).rsqrt()], inputs, examples=10))
    for spoil in (negated, zeroed, entry(0, lambda v: 1.1 * v)):
        assert_broken(judged(loss, spoiled(gradient, spoil), inputs, examples=10))
