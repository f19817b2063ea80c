"""A backward that returns a gradient of a parameter for which arrays do not fit: a single number, or whole numbers. The
gradient is tested, or the report says that it was not.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds, said

SHIFT = """\
def scale_forward(x, gamma, beta):
    return x * gamma + beta, (x, gamma)

def scale_backward(dout, cache):
    x, gamma = cache
    return dout * gamma, (dout * x).sum(axis=0), dout.sum()
"""

DICT = SHIFT.replace(
    "return dout * gamma, (dout * x).sum(axis=0), dout.sum()",
    'return {"dx": dout * gamma, "dgamma": (dout * x).sum(axis=0), "dbeta": dout.sum()}',
)

TARGETS = """\
def mse_forward(pred, target):
    return ((pred - target) ** 2).mean(), (pred, target)

def mse_backward(dout, cache):
    pred, target = cache
    d = 2 * dout * (pred - target) / pred.size
    return d, -d
"""

CASES = {
    "a number": Case(SHIFT, "dout.sum()", "7 * dout.mean()", ("scale",), "gradient of beta"),
    "in a dict": Case(DICT, "dout.sum()", "7 * dout.mean()", ("scale",), "gradient of beta"),
    "targets": Case(TARGETS, "return d, -d", "return d, d", ("mse",), "gradient of target"),
}


@pytest.mark.parametrize("kind", CASES)
def test_the_gradient_of_a_number_is_tested(kind: str, tmp_path: Path) -> None:
    holds(tmp_path, CASES[kind])


AFFINE = """\
def affine_forward(x, w, b):
    return x @ w + b, (x, w)

def affine_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum()
"""


def test_a_gradient_of_another_shape_does_not_make_its_argument_whole_numbers(tmp_path: Path) -> None:
    """It is no lawful layer whose b has no gradient."""
    (told,) = said(tmp_path, AFFINE).values()
    assert [verdict for _, verdict, _, _ in told if verdict in ("FAIL", "UNTESTED")], told


EMBEDDING = """\
import numpy as np

def embed_forward(x, W):
    return W[x], (x, W)

def embed_backward(dout, cache):
    x, W = cache
    dW = np.zeros_like(W)
    np.add.at(dW, x, dout)
    return np.zeros(x.shape), dW
"""


def test_a_gradient_of_zeros_for_indices_is_accepted(tmp_path: Path) -> None:
    (told,) = said(tmp_path, EMBEDDING).values()
    assert {verdict for _, verdict, _, _ in told} <= {"PASS", "SKIP"}, told
