"""A value that is returned with others, letters that are arrays, gradients with short names, and constants with
defaults."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds, said

PATHS = """\
import numpy as np

def path_cost(D, gamma=1.0):
    R = np.zeros(D.shape)
    for i in range(D.shape[0]):
        for j in range(D.shape[1]):
            before = [R[i - 1, j]] * (i > 0) + [R[i, j - 1]] * (j > 0) or [0.0]
            R[i, j] = D[i, j] - gamma * np.log(np.sum(np.exp(-np.array(before) / gamma)))
    return R[-1, -1], R

def path_cost_grad(D, gamma=1.0):
    _, R = path_cost(D, gamma)
    E = np.zeros(D.shape)
    E[-1, -1] = 1
    for i in reversed(range(D.shape[0])):
        for j in reversed(range(D.shape[1])):
            if i + 1 < D.shape[0]:
                E[i, j] += E[i + 1, j] * np.exp((R[i + 1, j] - R[i, j] - D[i + 1, j]) / gamma)
            if j + 1 < D.shape[1]:
                E[i, j] += E[i, j + 1] * np.exp((R[i, j + 1] - R[i, j] - D[i, j + 1]) / gamma)
    return E
"""

TRIPLET = """\
import numpy as np

def triplet_loss(a, p, n, margin=1.0):
    gap = ((a - p) ** 2).sum(axis=1) - ((a - n) ** 2).sum(axis=1)
    return np.maximum(0, gap + margin).mean()

def triplet_loss_backward(a, p, n, margin=1.0):
    gap = ((a - p) ** 2).sum(axis=1) - ((a - n) ** 2).sum(axis=1)
    mask = (gap + margin > 0)[:, None] / len(a)
    return 2 * (n - p) * mask, -2 * (a - p) * mask, 2 * (a - n) * mask
"""

SKIP_GRAM = """\
import numpy as np

def skip_gram(v_c, U, idx):
    scores = U @ v_c
    p = np.exp(scores - scores.max())
    p /= p.sum()
    loss = -np.log(p[idx])
    p[idx] -= 1
    dv = U.T @ p
    dU = np.outer(p, v_c)
    return loss, dv, dU
"""

DICE = """\
import torch

class DiceLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx, pred, target, smooth=1.0):
        num = 2 * (pred * target).sum() + smooth
        den = pred.pow(2).sum() + target.pow(2).sum() + smooth
        ctx.save_for_backward(pred, target, num, den)
        return 1 - num / den

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad_output):
        pred, target, num, den = ctx.saved_tensors
        return grad_output * (2 * num * pred / den**2 - 2 * target / den), None, None
"""

ENGINE = """\
class Value:
    def __init__(self, data, children=()):
        self.data, self.grad, self._prev = data, 0.0, set(children)
        self._backward = lambda: None

    def __add__(self, other):
        out = Value(self.data + other.data, (self, other))

        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out

    def __mul__(self, other):
        out = Value(self.data * other.data, (self, other))

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out

    def backward(self):
        topo, seen = [], set()

        def build(node):
            if node not in seen:
                seen.add(node)
                for child in node._prev:
                    build(child)
                topo.append(node)

        build(self)
        self.grad = 1.0
        for node in reversed(topo):
            node._backward()
"""

CASES = {
    "a value with its table": Case(
        PATHS, "E[i, j] += E[i, j + 1]", "E[i, j] = E[i, j + 1]", ("path_cost",), "gradient of D"
    ),
    "p is a sample": Case(TRIPLET, "2 * (a - n)", "-2 * (a - n)", ("triplet_loss",), "gradient of n"),
    "dv of v_c": Case(SKIP_GRAM, "outer(p, v_c)", "outer(p, v_c) / 2", ("skip_gram",), "gradient of U"),
    "a constant with a default": Case(DICE, "2 * target / den", "target / den", ("DiceLoss",), "gradient of pred"),
    "an engine": Case(
        ENGINE, "self.grad += out.grad", "self.grad = out.grad", ("Value",), "gradient of (c := a + b) * c + a"
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_right_gradient_is_lawful_and_a_wrong_one_broken(case: str, tmp_path: Path) -> None:
    holds(tmp_path, CASES[case])


def test_an_engine_that_replaces_gradients_is_named(tmp_path: Path) -> None:
    (told,) = said(tmp_path, CASES["an engine"].wrong()).values()
    assert any("used several times" in diagnosis for _, verdict, _, diagnosis in told if verdict == "FAIL"), told
