"""Objectives of gradient boosting that a function returns, and those that are methods of an object with constants."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import pytest
from pairs_of_strangers import said

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.foreign.child import laws_of
from mlp_core.testing.foreign.load import found_in, loaded
from mlp_core.testing.verification.verify import checked

FOCAL = """\
import numpy as np


class FocalLoss:
    def __init__(self, gamma, alpha=None):
        self.gamma, self.alpha = gamma, alpha

    def pt(self, y, p):
        p = np.clip(p, 1e-15, 1 - 1e-15)
        return np.where(y, p, 1 - p)

    def __call__(self, y_true, y_pred):
        pt = self.pt(y_true, y_pred)
        return -((1 - pt) ** self.gamma) * np.log(pt)

    def grad(self, y_true, y_pred):
        y, pt, g = 2 * y_true - 1, self.pt(y_true, y_pred), self.gamma
        return y * (1 - pt) ** g * (g * pt * np.log(pt) + pt - 1)

    def hess(self, y_true, y_pred):
        y, pt, g = 2 * y_true - 1, self.pt(y_true, y_pred), self.gamma
        u, du = y * (1 - pt) ** g, -y * g * (1 - pt) ** (g - 1)
        v, dv = g * pt * np.log(pt) + pt - 1, g * np.log(pt) + g + 1
        return (du * v + u * dv) * y * (pt * (1 - pt))

    def lgb_obj(self, preds, train_data):
        y, p = train_data.get_label(), 1 / (1 + np.exp(-preds))
        return self.grad(y, p), self.hess(y, p)

    def lgb_eval(self, preds, train_data):
        y, p = train_data.get_label(), 1 / (1 + np.exp(-preds))
        return "focal_loss", self(y, p).mean(), False
"""

PINBALL = """\
import numpy as np


def pinball(alpha):
    def objective(predt, dtrain):
        e = dtrain.get_label() - predt
        grad = np.where(e > 0, -alpha, 1 - alpha)
        hess = np.ones_like(predt)
        return grad, hess
    return objective
"""

WEIGHTED = """\
import numpy as np


class WeightedLogistic:
    def __init__(self, weight):
        self.weight = weight

    def objective(self, y_true, y_pred):
        p = 1 / (1 + np.exp(-y_pred))
        w = np.where(y_true == 1, self.weight, 1)
        grad = w * (p - y_true)
        hess = w * p * (1 - p)
        return grad, hess
"""

FILES = {
    "a class with its loss": (FOCAL, "du * v + u * dv", "du * v", "FocalLoss.lgb_obj"),
    "a function": (PINBALL, "np.ones_like(predt)", "-np.ones_like(predt)", "pinball"),
    "a class": (WEIGHTED, "w * p * (1 - p)", "p * (1 - p)", "WeightedLogistic.objective"),
}


@pytest.mark.parametrize("kind", FILES)
def test_right_is_lawful_and_wrong_is_wrong(kind: str, tmp_path: Path) -> None:
    text, old, new, name = FILES[kind]
    assert text.count(old) == 1
    right = said(tmp_path, text)
    assert tuple(right) == (name,)
    assert [one for one in right[name] if one[1] not in ("PASS", "SKIP")] == []
    assert any(one[1] == "FAIL" for one in said(tmp_path, text.replace(old, new))[name])


def test_the_report_says_which_constants_it_has_and_the_snippet_makes_it(tmp_path: Path) -> None:
    path = tmp_path / "theirs.py"
    path.write_text(WEIGHTED.replace("w * p * (1 - p)", "p * (1 - p)"), encoding="utf-8")
    (name,) = found_in(str(path))
    laws = laws_of(*loaded(name), 8, checked)
    assert laws[0].subject.found.startswith("it is WeightedLogistic(3.0).objective; its loss is not in the file")
    (law,) = (law for law in laws if law.name == "the hessian is as declared")
    assert law.runs is not None
    with patch.object(engine, "SHRINKS", 3):
        result = law.runs(law, examples=6)
    assert "objective = WeightedLogistic(3.0).objective" in str(result.snippet)
    with pytest.raises(AssertionError):
        exec(str(result.snippet), {})  # noqa: S102  (the snippet is what is tested)


def test_constants_that_are_no_numbers_are_not_guessed(tmp_path: Path) -> None:
    path = tmp_path / "theirs.py"
    path.write_text(PINBALL.replace("(alpha)", "(alpha, table)"), encoding="utf-8")
    with pytest.raises(ArgumentError, match="add these three lines"):
        found_in(str(path))
