"""Real wrong gradients, each in the form in which it was written: wrong, and named; their corrected versions pass."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from cases import MADE, WORDS, module

from mlp_core.testing import subjects, verify
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.subjects import arrays

SLOW = {"11_conv_pair", "14_maxpool_pair", "19_cross_entropy_upstream", "17_double_backward"}


def each(names: object) -> list[object]:
    return [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in names]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", each(MADE))
def test_a_wrong_one_is_broken_and_named(name: str) -> None:
    with patch.object(engine, "SHRINKS", 5):
        report = verify(MADE[name](module(f"doors/{name}")), examples=20)
    broken = [result for result in report.results if result.verdict == "FAIL"]
    assert broken
    if name in WORDS:
        assert any(WORDS[name] in (r.diagnosis or "") + r.reason for r in broken), [r.text() for r in broken]


@pytest.mark.parametrize("name", each(MADE))
def test_the_mended_one_is_lawful(name: str) -> None:
    report = verify(MADE[name](module(f"doors/mended/{name}")), examples=10)
    assert report.ok, [r.text() for r in report.results if r.verdict != "PASS"]


def test_a_function_that_is_right_in_every_respect_is_lawful() -> None:
    hinge = module("doors/22_function_right").SquaredHinge
    report = verify(subjects.function(hinge, arrays("(n),(n)", lib="torch", margin=1.0)), examples=10)
    assert report.ok, [r.text() for r in report.results if r.verdict != "PASS"]
