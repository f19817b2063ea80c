"""Shared by the tests of the judgement: subjects made from a seed, and the three verdicts of a report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.testing import Report, subjects, verify

AUTOGRAD = "equals autograd"
QUOTIENT = "difference quotients"
TRACE = "repeats itself without side effects"

Problem = tuple[Any, ...]
Spoil = Callable[[Tensor], object]


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*shape: int, of: torch.Generator) -> Tensor:
    return torch.randn(*shape, generator=of, dtype=torch.float64)


def seeded(draw: Callable[[int], Problem]) -> st.SearchStrategy[Problem]:
    """Inputs drawn by a seed of their own."""
    return st.integers(0, 2**31).map(draw)


def judged(
    loss: Callable[..., Tensor], gradient: Callable[..., Sequence[Tensor]], inputs: st.SearchStrategy[Any], *,
    examples: int = 20, seed: int = 0,
) -> Report:  # fmt: skip
    return verify(subjects.gradient(loss, gradient, inputs), examples=examples, seed=seed)


def spoiled(gradient: Callable[..., list[Tensor]], spoil: Spoil) -> Callable[..., list[Tensor]]:
    """The gradient with something done to its first tensor."""

    def wrong(params: list[Tensor], *data: Any) -> list[Tensor]:
        found = [g.clone() for g in gradient(params, *data)]
        spoil(found[0])
        return found

    return wrong


def entry(index: int, change: Callable[[float], float]) -> Spoil:
    """One entry changed, counted in a row."""

    def spoil(g: Tensor) -> None:
        g.view(-1)[index] = change(float(g.view(-1)[index]))

    return spoil


def broken(report: Report) -> list[str]:
    """The laws that are broken, by name."""
    return [r.law for r in report.results if r.verdict == "FAIL"]


def said(report: Report) -> str:
    """All that was said, for the message of an assertion."""
    return "; ".join(f"{r.law}: {r.verdict} {r.reason} {r.where} {r.got}".strip() for r in report.results)


def assert_lawful(report: Report) -> None:
    """All is lawful, and a law that judges numbers counted."""
    assert report.ok, said(report)
    assert_nothing_untried_passes(report)


def assert_broken(report: Report, law: str = "") -> None:
    """A law is broken, that of the name given among them."""
    assert not report.ok, said(report)
    assert any(law in name for name in broken(report)), said(report)


def assert_untested(report: Report) -> None:
    """No law fails, nothing is called lawful, and the headline says that it was not shown to be right."""
    assert not broken(report), said(report)
    assert not report.ok, said(report)
    assert "UNTESTED" in {r.verdict for r in report.results}, said(report)
    for subject in {r.subject for r in report.results}:
        assert report.verdict(subject).startswith("not shown to be right"), report.verdict(subject)


def assert_not_accused(report: Report) -> None:
    """No law is broken; whether it could be shown to be right is another matter."""
    assert not broken(report), said(report)
    assert_nothing_untried_passes(report)


def assert_nothing_untried_passes(report: Report) -> None:
    """A law that passes counted examples; one that was tried and counted none is not called inapplicable."""
    for r in report.results:
        assert r.verdict != "PASS" or r.counted, f"{r.law} passes on nothing"
        assert r.verdict != "SKIP" or not r.examples or r.disputed, f"{r.law} was tried and is called SKIP"
