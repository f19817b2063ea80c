"""Objectives in files: found by their heads and what they return, beside a loss of the same name, and nothing else."""

from __future__ import annotations

import ast
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from mlp_core.testing import verify
from mlp_core.testing.engine import runner
from mlp_core.testing.foreign.load import found_in, loaded
from mlp_core.testing.foreign.objectives import pairs

CASES = Path(os.environ.get("MLP_CORE_CASES", ""))

FOUND = {
    "def focal_obj(y_true, y_pred):\n    return g, h\ndef focal_eval(y_true, y_pred):\n    return 'focal', v, False": 1,
    "def softprob_obj(predt, data):\n    return g, hess\ndef softprob_metric(predt, dtrain):\n    return 'm', v": 1,
    "def fair(preds, dtrain):\n    return g, hess\ndef fair_loss(preds, dtrain):\n    return v": 1,
    "def objective(y, s, w=None):\n    return g, h\ndef loss(y, s):\n    return v": 1,
    "class Obj:\n    def calc_ders_range(self, a, t, w): ...\nclass Metric:\n    def evaluate(self, a, t, w): ...": 1,
    # none of these is one
    "def huber_obj(y_true, y_pred):\n    return g, h": 0,
    "def huber_obj(y_true, y_pred):\n    return g, h\ndef error_rate(y_true, y_pred):\n    return v": 0,
    "def mse(y_true, y_pred):\n    return loss, grad\ndef mse_loss(y_true, y_pred):\n    return v": 0,
    "def train_obj(model, data):\n    return a, b\ndef train_loss(model, data):\n    return v": 0,
    "def objective(trial):\n    return a, b\ndef loss(y_true, y_pred):\n    return v": 0,
    "def focal_metric(y_true, y_pred):\n    return 'focal', h\ndef focal_loss(y_true, y_pred):\n    return v": 0,
    "def f_obj(y_true, y_pred):\n    return g, h\ndef f_loss(y_true, y_pred):\n    return v\n"
    "def f_metric(y_true, y_pred):\n    return v": 0,
}  # fmt: skip
"""sources, and how many objectives are in them"""


@pytest.mark.parametrize("source", FOUND, ids=lambda source: source.replace("\n", " ")[:40])
def test_an_objective_is_told_by_its_head_by_what_it_returns_and_by_its_loss(source: str) -> None:
    assert len(list(pairs(ast.parse(source).body))) == FOUND[source]


WRONG = """
import numpy as np

def cosh_loss(y_true, y_pred):
    return np.log(np.cosh(y_pred - y_true)).sum()

def cosh_objective(y_true, y_pred):
    t = np.tanh(y_pred - y_true)
    return -t, 1 - t * t
"""


def test_a_failure_in_a_file_is_shown_by_lines_that_load_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(runner, "SHRINKS", 5)
    path = tmp_path / "cosh_objective_file.py"
    path.write_text(WRONG)
    (name,) = found_in(str(path))
    found, things = loaded(name)
    result = verify(found.make(*things, (1, 8)), examples=10).results[0]
    assert result.verdict == "FAIL"
    assert result.diagnosis is not None
    assert "the sign is wrong" in result.diagnosis
    with pytest.raises(AssertionError):
        exec(result.snippet, {"__name__": "pasted"})  # noqa: S102  (what it is for)
    sys.modules.pop(path.stem, None)


@pytest.mark.skipif(not (CASES / "doors").is_dir(), reason="MLP_CORE_CASES names no folder with cases of doors")
def test_handed_files_are_recognised() -> None:
    folder: Any = CASES / "doors"
    for file in ("01_focal_objective", "02_fair_objective", "04_softmax_objective", "31_hessian_weight"):
        (name,) = found_in(str(folder / f"{file}.py"))
        assert name.endswith("_objective")
