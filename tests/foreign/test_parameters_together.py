"""Parameters that a loss takes as one tuple, with names that end in _fn, and a method that scipy.optimize minimizes."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds

TUPLE = """\
import numpy as np

def loss(params, x, y):
    w, b = params
    return ((x @ w + b - y) ** 2).mean()

def grad(params, x, y):
    w, b = params
    r = x @ w + b - y
    return 2 * x.T @ r / r.size, 2 * r.sum() / r.size
"""

FUNCTIONAL = """\
import torch

def loss_fn(params, x, y):
    w, b = params
    return ((x @ w + b - y) ** 2).sum() / 2

def grad_fn(params, x, y):
    w, b = params
    r = x @ w + b - y
    return x.T @ r, r.sum()
"""

ESTIMATOR = """\
import numpy as np

class MyLogistic:
    def __init__(self, C=2.0, max_iter=100):
        self.C = C
        self.max_iter = max_iter

    def _loss_grad(self, w, X, y):
        z = X @ w
        loss = np.logaddexp(0, -y * z).sum() + 0.5 / self.C * w @ w
        grad = -X.T @ (y / (1 + np.exp(y * z))) + w / self.C
        return loss, grad

    def fit(self, X, y):
        from scipy.optimize import minimize

        found = minimize(self._loss_grad, np.zeros(X.shape[1]), args=(X, y), jac=True)
        self.coef_ = found.x
        return self
"""

CASES = {
    "a tuple of parameters": Case(TUPLE, "2 * r.sum()", "r.sum()", ("loss",), "gradient of b"),
    "functions with _fn in torch": Case(FUNCTIONAL, "x.T @ r, r", "2 * x.T @ r, r", ("loss_fn",), "gradient of w"),
    "a method with jac=True": Case(ESTIMATOR, "+ w / self.C", "", ("MyLogistic",), "gradient of w"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_right_is_lawful_and_wrong_is_wrong(case: Case, tmp_path: Path) -> None:
    holds(tmp_path, case)
