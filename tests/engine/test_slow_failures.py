"""A failure of a slow subject is made smaller for some seconds of work, not for minutes."""

from __future__ import annotations

from typing import Any

import pytest

from mlp_core.testing import laws, subjects
from mlp_core.testing.engine import failing, runner


def calls(seconds: float, monkeypatch: pytest.MonkeyPatch) -> int:
    """How often a wrong subject is called until its failure is small."""
    monkeypatch.setattr(failing, "SECONDS", seconds)
    seen = list[int]()

    def forward(x: Any) -> tuple[Any, Any]:
        seen.append(1)
        return 2 * x, x

    pair = subjects.pair(forward, lambda dout, x: 3 * dout, subjects.arrays("(n,d)"))
    result = runner.run(laws(pair)[0], examples=5)
    assert result.verdict == "FAIL"
    return len(seen)


def test_making_a_failure_smaller_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    few, many = calls(0.0, monkeypatch), calls(60.0, monkeypatch)
    assert few < many, (few, many)


def test_further_laws_of_a_subject_have_less_time() -> None:
    assert failing.Failing(further=True).seconds < failing.Failing().seconds == failing.SECONDS
