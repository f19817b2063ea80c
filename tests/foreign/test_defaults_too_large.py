"""Defaults with which no small arrays run: 32 groups, 8 heads."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds

GROUPS = """\
import numpy as np


def center_forward(x, G=32):
    n, c, h, w = x.shape
    apart = x.reshape(n, G, c // G * h * w)
    return (apart - apart.mean(axis=2, keepdims=True)).reshape(x.shape), x.shape

def center_backward(dout, shape, G=32):
    apart = dout.reshape(shape[0], G, -1)
    return (apart - apart.mean(axis=2, keepdims=True)).reshape(shape)
"""

HEADS = """\
import numpy as np


class Heads:
    def __init__(self, width, heads=8):
        assert width % heads == 0
        self.heads, self.scale = heads, np.ones(heads)

    def forward(self, x):
        n, d = x.shape
        self.x = x.reshape(n, self.heads, d // self.heads)
        return (self.x * self.scale[:, None]).reshape(n, d)

    def backward(self, dout):
        d = dout.reshape(self.x.shape)
        self.dscale = (d * self.x).sum(axis=(0, 2))
        return (d * self.scale[:, None]).reshape(dout.shape)
"""

CASES = {
    "groups of a pair": Case(
        GROUPS, "keepdims=True)).reshape(shape)", "keepdims=True) / 2).reshape(shape)", ("center",), "gradient of x"
    ),
    "heads of a layer": Case(HEADS, "sum(axis=(0, 2))", "mean(axis=(0, 2))", ("Heads",), "scale"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_right_is_lawful_and_wrong_is_wrong(case: Case, tmp_path: Path) -> None:
    holds(tmp_path, case)
