"""Recurrent cells on vectors and columns, whose hidden state has another width than the input."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds

CELL = """\
import numpy as np


class Cell:
    def __init__(self, width=3, hidden=4):
        self.Wx, self.Wh = np.random.randn(hidden, width), np.random.randn(hidden, hidden)

    def forward(self, x, h_before):
        self.x, self.before = x, h_before
        self.h = np.tanh(self.Wx @ x + self.Wh @ h_before)
        return self.h

    def backward(self, delta):
        d = delta * (1 - self.h**2)
        self.dWx, self.dWh = np.outer(d, self.x), np.outer(d, self.before)
        return self.Wx.T @ d, self.Wh.T @ d
"""

COLUMNS = """\
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def gru_forward(x, h_before, Wz, Uz, Wn, Un):
    z = sigmoid(Wz @ x + Uz @ h_before)
    n = np.tanh(Wn @ x + Un @ h_before)
    return (1 - z) * n + z * h_before, (x, h_before, Wz, Uz, Wn, Un, z, n)

def gru_backward(dh, cache):
    x, h_before, Wz, Uz, Wn, Un, z, n = cache
    dz, dn = dh * (h_before - n) * z * (1 - z), dh * (1 - z) * (1 - n**2)
    dx, dbefore = Wz.T @ dz + Wn.T @ dn, dh * z + Uz.T @ dz + Un.T @ dn
    return dx, dbefore, dz @ x.T, dz @ h_before.T, dn @ x.T, dn @ h_before.T
"""

CASES = {
    "a cell of vectors": Case(CELL, "self.Wh.T @ d", "self.Wh @ d", ("Cell",), "gradient of h_before"),
    "a cell of columns": Case(COLUMNS, "dh * z + Uz", "Uz", ("gru",), "gradient of h_before"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_right_is_lawful_and_wrong_is_wrong(case: Case, tmp_path: Path) -> None:
    holds(tmp_path, case)
