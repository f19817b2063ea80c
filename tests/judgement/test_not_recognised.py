"""Functions that merely look like a backpropagation are not judged as one: not recognised, which is bad usage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from mlp_core import ArgumentError
from mlp_core.cli import app
from mlp_core.testing import laws, verify

OBJECTIVES = """
import numpy as np

def pinball(y_true, y_pred):
    return np.where(y_true > y_pred, -0.8, 0.2), np.ones_like(y_pred)

def huber_prime(y_true, y_pred, delta=1.0):
    return np.clip(y_pred - y_true, -delta, delta)
"""


def squared_objective(y_true: Any, y_pred: Any) -> Any:
    return 2 * (y_pred - y_true), np.full_like(y_pred, 2.0)


def turned_round(y_pred: Any, y_true: Any) -> Any:
    return y_pred - y_true, np.ones_like(y_pred)


def accuracy_score(y_true: Any, y_pred: Any) -> Any:
    return (y_true == y_pred).mean()


def weighted(y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
    return sample_weight * (y_pred - y_true)


def huber_prime(y_true: Any, y_pred: Any, delta: Any) -> Any:
    return (y_pred - y_true).clip(-delta, delta)


def by_keyword(*, y_true: Any, y_pred: Any) -> Any:
    return y_pred - y_true


def with_options(y_true: Any, y_pred: Any, **options: Any) -> Any:
    return y_pred - y_true


def last_delta(trace: Any, dL_dy: Any) -> Any:
    return dL_dy * trace


def derivative(z: Any, a: Any) -> Any:
    return 1 - a * a


def two(x: Any, y: Any) -> Any:
    return x - y


class Metric:
    def __call__(self, y_true: Any, y_pred: Any) -> Any:
        return abs(y_true - y_pred).mean()

    def update(self, y_true: Any, y_pred: Any) -> Any:
        return self(y_true, y_pred)


STRANGERS = [
    squared_objective, turned_round, accuracy_score, weighted, huber_prime, by_keyword, with_options, last_delta,
    derivative, two, Metric(), Metric().update, lambda y_true, y_pred: y_pred - y_true,
]  # fmt: skip


@pytest.mark.parametrize("stranger", STRANGERS, ids=lambda f: getattr(f, "__name__", type(f).__name__))
def test_a_function_of_another_kind_is_refused(stranger: Callable[..., Any]) -> None:
    with pytest.raises(ArgumentError, match="subject: got "):
        verify(stranger, examples=5)
    with pytest.raises(ArgumentError, match="subject: got "):
        laws(stranger)


@pytest.mark.parametrize("name", ["pinball", "huber_prime"])
@pytest.mark.parametrize("by", ["module", "file"])
def test_the_command_ends_with_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, by: str) -> None:
    (tmp_path / "objectives_of_ours.py").write_text(OBJECTIVES, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    subject = f"objectives_of_ours{'' if by == 'module' else '.py'}:{name}"
    result = CliRunner().invoke(app, ["verify", subject, "--examples", "5", "--jobs", "1"])
    assert result.exit_code == 2, result.output
    assert "BROKEN" not in result.output


def of_the_course(model: Any, y_true: Any, y_pred: Any) -> None:
    """Fills nothing in."""


def turned(y_pred: Any, model: Any, y_true: Any) -> None:
    """The same, with its parameters in another order."""


def of_ours(model: Any, trace: Any, dL_dy: Any) -> None:
    """Fills nothing in."""


@pytest.mark.parametrize("function", [of_the_course, of_ours])
def test_a_backpropagation_is_recognised_and_one_that_does_nothing_is_broken(function: Callable[..., Any]) -> None:
    report = verify(function, examples=5)
    assert "FAIL" in {r.verdict for r in report.results}
