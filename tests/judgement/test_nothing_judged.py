"""Data on which nothing can be judged: what was not tried is called untested, neither broken nor lawful."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from judging import (
    Problem,
    assert_lawful,
    assert_not_accused,
    assert_untested,
    entry,
    generator,
    judged,
    normal,
    said,
    seeded,
    spoiled,
)
from torch import Tensor
from typer.testing import CliRunner

from mlp_core.cli import app

F = torch.nn.functional

NOWHERE = """
import torch
from hypothesis import strategies as st
from mlp_core.testing import subjects

inputs = st.integers(800, 900).map(lambda k: ([torch.full((3,), float(k), dtype=torch.float64)],))
subject = subjects.gradient(lambda p: p[0].exp().sum(), lambda p: [p[0].exp()], inputs)
"""


def logistic(params: list[Tensor], X: Tensor, y: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(X @ params[0], y)


def logistic_gradient(params: list[Tensor], X: Tensor, y: Tensor) -> list[Tensor]:
    return [X.T @ (torch.sigmoid(X @ params[0]) - y) / len(y)]


def logistic_data(scale: float) -> Callable[[int], Problem]:
    def draw(seed: int) -> Problem:
        own = generator(seed)
        X, w = scale * normal(8, 4, of=own), normal(4, of=own) / scale
        return [w], X, (normal(8, of=own) > 0).double()

    return draw


def somewhere(low: float, high: float) -> Callable[[int], Problem]:
    """Three numbers between the two."""
    return lambda seed: ([low + (high - low) * torch.rand(3, generator=generator(seed), dtype=torch.float64)],)


@pytest.mark.parametrize("scale", [1e6, 1e7, 1e8, 1e9, 1e12])
@pytest.mark.parametrize("fault", ["negated", "zero"])
def test_a_wrong_gradient_of_enormous_data_is_never_lawful(scale: float, fault: str) -> None:
    change = {"negated": lambda v: -v, "zero": lambda v: 0.0}[fault]
    report = judged(logistic, spoiled(logistic_gradient, entry(0, change)), seeded(logistic_data(scale)))
    assert not report.ok, said(report)


@pytest.mark.parametrize("scale", [1e6, 1e7, 1e8, 1e9, 1e12])
def test_the_right_gradient_of_enormous_data_is_not_accused(scale: float) -> None:
    assert_not_accused(judged(logistic, logistic_gradient, seeded(logistic_data(scale))))


@pytest.mark.parametrize(
    ("loss", "gradient", "low", "high"),
    [
        (lambda p: p[0].exp().sum(), lambda p: [p[0].exp()], 800, 900),  # infinite
        (lambda p: p[0].log().sum(), lambda p: [torch.full_like(p[0], torch.nan)], -2, -1),  # not a number
        (lambda p: p[0].exp().sum() - p[0].exp().sum(), lambda p: [torch.full_like(p[0], torch.nan)], 800, 900),
        (lambda p: p[0].sqrt().sum(), lambda p: [0.5 / p[0].sqrt()], -2, -1),
        (lambda p: (1e200 * p[0]).square().sum(), lambda p: [2e200 * (1e200 * p[0])], 1, 2),
        (lambda p: torch.acos(p[0]).sum(), lambda p: [-1 / (1 - p[0] ** 2).sqrt()], 2, 3),
    ],
    ids=["overflows", "log of negative", "inf less inf", "root of negative", "squares overflow", "acos outside"],
)
@pytest.mark.parametrize("examples", [20, 60])
def test_a_function_that_is_nowhere_finite_tests_nothing(
    loss: Callable[..., Tensor], gradient: Callable[..., list[Tensor]], low: float, high: float, examples: int
) -> None:
    assert_untested(judged(loss, gradient, seeded(somewhere(low, high)), examples=examples))


def test_the_same_functions_are_lawful_where_they_are_finite() -> None:
    assert_lawful(judged(lambda p: p[0].exp().sum(), lambda p: [p[0].exp()], seeded(somewhere(-1, 2))))
    assert_lawful(judged(lambda p: p[0].sqrt().sum(), lambda p: [0.5 / p[0].sqrt()], seeded(somewhere(1, 2))))


def test_no_example_at_all_is_untested() -> None:
    inputs = seeded(somewhere(0, 1)).filter(lambda example: False)
    assert_untested(judged(lambda p: p[0].exp().sum(), lambda p: [p[0].exp()], inputs))


def test_the_command_ends_with_3_and_says_what_was_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nowhere_finite.py").write_text(NOWHERE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["verify", "nowhere_finite:subject", "--examples", "20", "--jobs", "1"])
    assert result.exit_code == 3, result.output
    assert "not shown to be right" in result.output
    assert "BROKEN" not in result.output
    assert "all lawful" not in result.output
