"""Arguments found by trying: numbers of groups, indices, temperatures, matrices without an inverse."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds

GROUPS = """\
import numpy as np


def group_norm_forward(x, gamma, G):
    n, c, h, w = x.shape
    grouped = x.reshape(n, G, -1)
    inv = 1 / np.sqrt(grouped.var(axis=2, keepdims=True) + 1e-5)
    hat = ((grouped - grouped.mean(axis=2, keepdims=True)) * inv).reshape(x.shape)
    return gamma[:, None, None] * hat, (hat, gamma, inv, G)

def group_norm_backward(dout, cache):
    hat, gamma, inv, G = cache
    n, c, h, w = dout.shape
    m = c // G * h * w
    d, u = (dout * gamma[:, None, None]).reshape(n, G, -1), hat.reshape(n, G, -1)
    dx = inv / m * (m * d - d.sum(2, keepdims=True) - u * (d * u).sum(2, keepdims=True))
    return dx.reshape(dout.shape), (dout * hat).sum(axis=(0, 2, 3))
"""

ROWS = """\
import torch


class Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx, table, idx):
        ctx.save_for_backward(idx)
        ctx.n = table.shape[0]
        return table[idx]

    @staticmethod
    def backward(ctx, g):
        (idx,) = ctx.saved_tensors
        return torch.zeros(ctx.n, g.shape[-1], dtype=g.dtype).index_add(0, idx, g), None
"""

TEMPERATURE = """\
import torch


class Distill(torch.autograd.Function):
    @staticmethod
    def forward(ctx, student, teacher, T):
        s, t = (student / T).softmax(1), (teacher / T).softmax(1)
        ctx.save_for_backward(s, t)
        ctx.T = T
        return (t * (t.log() - s.log())).sum() * T * T

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, g):
        s, t = ctx.saved_tensors
        return g * (s - t) * ctx.T, None, None
"""

SINGULAR = """\
import numpy as np


def solve_forward(A, b):
    x = np.linalg.solve(A, b)
    return x, (A, x)

def solve_backward(dout, cache):
    A, x = cache
    db = np.linalg.solve(A.T, dout)
    return -db @ x.T, db
"""

GIVEN = """\
import numpy as np


class Affine:
    def __init__(self, W, b):
        self.params, self.grads = [W, b], [np.zeros_like(W), np.zeros_like(b)]

    def forward(self, x):
        W, b = self.params
        self.x = x
        return x @ W + b

    def backward(self, dout):
        W, b = self.params
        self.grads[0][...] = self.x.T @ dout
        self.grads[1][...] = dout.sum(axis=0)
        return dout @ W.T
"""

ONE_NUMBER = """\
import numpy as np


def mse_forward(pred, target):
    diff = pred - target
    return (diff**2).mean(), diff

def mse_backward(dout, diff):
    return 2 * dout * diff / diff.size, -2 * dout * diff / diff.size
"""

CASES = {
    "groups": Case(GROUPS, "c // G * h * w", "c * h * w", ("group_norm",), "gradient of x"),
    "rows of a table": Case(ROWS, "index_add", "index_copy", ("Gather",), "gradient of table"),
    "a temperature": Case(TEMPERATURE, "* ctx.T,", "/ ctx.T,", ("Distill",), "gradient of student"),
    "a singular matrix": Case(SINGULAR, "A.T, dout", "A, dout", ("solve",), "gradient of A"),
    "arrays for a constructor": Case(GIVEN, ".sum(axis=0)", ".mean(axis=0)", ("Affine",), "params[1]"),
    "a loss with a cache": Case(ONE_NUMBER, "-2 * dout", "2 * dout", ("mse",), "gradient of target"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_right_is_lawful_and_wrong_is_wrong(case: Case, tmp_path: Path) -> None:
    holds(tmp_path, case)
