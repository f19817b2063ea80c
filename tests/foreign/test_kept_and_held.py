"""Gradients kept in an attribute of each tensor, and losses with gradients by variables of the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from test_gradients_alone import judged as judged_in


def judged(folder: Path, text: str, examples: int = 6) -> tuple[Any, list[Any]]:
    with torch.random.fork_rng():  # these files draw their weights
        return judged_in(folder, text, examples)


LAYERS = """
def lin(x, w, b):
    return x @ w + b
def lin_grad(inp, out, w, b):
    inp.g = out.g @ w.t()
    w.g = (inp.unsqueeze(-1) * out.g.unsqueeze(1)).sum(0)
    b.g = out.g.sum(0)
"""

PASSED = LAYERS + """
def relu(x):
    return x.clamp_min(0.)
def mse(output, targ):
    return (output.squeeze(-1) - targ).pow(2).mean()
def mse_grad(inp, targ):
    inp.g = 2. * (inp.squeeze() - targ).unsqueeze(-1) / inp.shape[0]
def relu_grad(inp, out):
    inp.g = (inp > 0).float() * out.g
def forward_and_backward(inp, targ, w1, b1, w2, b2):
    l1 = lin(inp, w1, b1)
    l2 = relu(l1)
    out = lin(l2, w2, b2)
    loss = mse(out, targ)
    mse_grad(out, targ)
    lin_grad(l2, out, w2, b2)
    relu_grad(l1, l2)
    lin_grad(inp, l1, w1, b1)
    return loss
"""

OF_THE_FILE = LAYERS + """
from a_library_that_is_not_installed import x_train, y_train
n, m = x_train.shape
nh = 50
w1, b1 = torch.randn(m, nh), torch.zeros(nh)
w2 = torch.randn(nh, 1)
b2 = torch.zeros(1)
def forward_and_backward(inp, targ):
    l1 = lin(inp, w1, b1)
    l2 = l1.clamp_min(0.)
    out = lin(l2, w2, b2)
    diff = out[:, 0] - targ
    loss = diff.pow(2).mean()
    out.g = 2. * diff[:, None] / inp.shape[0]
    lin_grad(l2, out, w2, b2)
    l1.g = (l1 > 0).float() * l2.g
    lin_grad(inp, l1, w1, b1)
forward_and_backward(x_train, y_train)
"""

CLASSES = """
class Relu():
    def __call__(self, inp):
        self.inp = inp
        self.out = inp.clamp_min(0.)
        return self.out
    def backward(self):
        self.inp.g = (self.inp > 0).float() * self.out.g
class Lin():
    def __init__(self, w, b):
        self.w, self.b = w, b
    def __call__(self, inp):
        self.inp = inp
        self.out = inp @ self.w + self.b
        return self.out
    def backward(self):
        self.inp.g = self.out.g @ self.w.t()
        self.w.g = self.inp.t() @ self.out.g
        self.b.g = self.out.g.sum(0)
class Mse():
    def __call__(self, inp, targ):
        self.inp, self.targ = inp, targ
        self.out = (inp.squeeze(-1) - targ).pow(2).mean()
        return self.out
    def backward(self):
        self.inp.g = 2. * (self.inp.squeeze(-1) - self.targ).unsqueeze(-1) / self.targ.shape[0]
class Model():
    def __init__(self, w1, b1, w2, b2):
        self.layers = [Lin(w1, b1), Relu(), Lin(w2, b2)]
        self.loss = Mse()
    def __call__(self, x, targ):
        for l in self.layers: x = l(x)
        return self.loss(x, targ)
    def backward(self):
        self.loss.backward()
        for l in reversed(self.layers): l.backward()
"""

RECURRENT = """
hidden_size, vocab_size = 4, 5
Wxh = np.random.randn(hidden_size, vocab_size) * 0.01
Whh = np.random.randn(hidden_size, hidden_size) * 0.01
Why = np.random.randn(vocab_size, hidden_size) * 0.01
bh = np.zeros((hidden_size, 1))
by = np.zeros((vocab_size, 1))
def lossFun(inputs, targets, hprev):
    xs, hs, ys, ps = {}, {}, {}, {}
    hs[-1] = np.copy(hprev)
    loss = 0
    for t in range(len(inputs)):
        xs[t] = np.zeros((vocab_size, 1))
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t-1]) + bh)
        ys[t] = np.dot(Why, hs[t]) + by
        ps[t] = np.exp(ys[t]) / np.sum(np.exp(ys[t]))
        loss += -np.log(ps[t][targets[t], 0])
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby = np.zeros_like(bh), np.zeros_like(by)
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        dWhy += np.dot(dy, hs[t].T)
        dby += dy
        dh = np.dot(Why.T, dy) + dhnext
        dhraw = (1 - hs[t] * hs[t]) * dh
        dbh += dhraw
        dWxh += np.dot(dhraw, xs[t].T)
        dWhh += np.dot(dhraw, hs[t-1].T)
        dhnext = np.dot(Whh.T, dhraw)
    for dparam in [dWxh, dWhh, dWhy, dbh, dby]:
        np.clip(dparam, -5, 5, out=dparam)
    return loss, dWxh, dWhh, dWhy, dbh, dby, hs[len(inputs)-1]
"""

TORCH = """
W = torch.randn(3, 2, dtype=torch.float64)
b = torch.zeros(2, dtype=torch.float64)
def loss_and_gradients(x, y):
    r = x @ W + b - y
    db = 2 * r.sum(0)
    dW = 2 * x.t() @ r
    return (r**2).sum(), db, dW
"""

FILES: dict[str, tuple[str, str, tuple[str, str]]] = {
    "passed weights": (PASSED, "forward_and_backward", (".float() * out.g", ".float() * out.g * (out > 1)")),
    "weights of the file": (OF_THE_FILE, "forward_and_backward", ("b.g = out.g.sum(0)", "b.g = out.g.mean(0)")),
    "classes": (CLASSES, "Model", ("self.out.g @ self.w.t()", "self.out.g @ self.w.t() * 2")),
    "a recurrent network": (RECURRENT, "lossFun", ("np.dot(Why.T, dy) + dhnext", "np.dot(Why.T, dy)")),
    "torch, in another order": (TORCH, "loss_and_gradients", ("db = 2 * r.sum(0)", "db = 2 * r.mean(0)")),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_right_file_is_lawful(kind: str, tmp_path: Path) -> None:
    text, name, _ = FILES[kind]
    subject, results = judged(tmp_path, text)
    assert [(r.law, r.got, r.expected) for r in results if r.verdict not in ("PASS", "SKIP")] == []
    assert subject.name.startswith(name)
    assert "shapes found by trying" in subject.found


@pytest.mark.parametrize("kind", FILES)
def test_a_wrong_file_is_broken(kind: str, tmp_path: Path) -> None:
    text, _, (right, wrong) = FILES[kind]
    assert text.count(right) == 1
    _, results = judged(tmp_path, text.replace(right, wrong), examples=4)
    assert "is the derivative of its own forward" in [r.law for r in results if r.verdict == "FAIL"]


def test_gradients_that_are_clipped_are_tried_with_small_numbers(tmp_path: Path) -> None:
    subject, _ = judged(tmp_path, RECURRENT, examples=1)
    assert subject.found.endswith("; drawn small, because the gradients are clipped")
