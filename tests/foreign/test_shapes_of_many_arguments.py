"""Shapes found by trying, for functions of many arguments: a wrong choice ends as soon as the function rejects it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds

TRANSPOSED = """\
import numpy as np


def conv_transpose_forward(x, w, b, stride=2):
    N, C, L = x.shape
    _, out_channels, K = w.shape
    out = np.zeros((N, out_channels, (L - 1) * stride + K))
    for t in range(L):
        out[:, :, t * stride : t * stride + K] += np.einsum("nc,cok->nok", x[:, :, t], w)
    return out + b[None, :, None], (x, w, stride)

def conv_transpose_backward(dout, cache):
    x, w, stride = cache
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for t in range(x.shape[2]):
        part = dout[:, :, t * stride : t * stride + w.shape[2]]
        dx[:, :, t] = np.einsum("nok,cok->nc", part, w)
        dw += np.einsum("nc,nok->cok", x[:, :, t], part)
    return dx, dw, dout.sum(axis=(0, 2))
"""

LSTM = """\
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def lstm_forward(x, h0, Wx, Wh, b):
    (N, T, D), H = x.shape, h0.shape[1]
    h, kept = np.zeros((N, T, H)), []
    before, c_before = h0, np.zeros_like(h0)
    for t in range(T):
        a = x[:, t].dot(Wx) + before.dot(Wh) + b
        i, f, o = sigmoid(a[:, :H]), sigmoid(a[:, H : 2 * H]), sigmoid(a[:, 2 * H : 3 * H])
        g = np.tanh(a[:, 3 * H :])
        c = f * c_before + i * g
        kept.append((x[:, t], before, c_before, i, f, o, g, c, Wx, Wh))
        before, c_before = o * np.tanh(c), c
        h[:, t] = before
    return h, kept

def lstm_backward(dh, cache):
    N, T, H = dh.shape
    xt, _, _, _, _, _, _, _, Wx, Wh = cache[0]
    dx, dWx, dWh, db = np.zeros((N, T, len(Wx))), np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(4 * H)
    dnext, dc_next = np.zeros((N, H)), np.zeros((N, H))
    for t in reversed(range(T)):
        xt, before, c_before, i, f, o, g, c, _, _ = cache[t]
        d, tanh_c = dh[:, t] + dnext, np.tanh(c)
        dc = dc_next + d * o * (1 - tanh_c**2)
        da = np.hstack([
            dc * g * i * (1 - i), dc * c_before * f * (1 - f), d * tanh_c * o * (1 - o), dc * i * (1 - g**2)
        ])
        dc_next = dc * f
        dnext, dx[:, t] = da.dot(Wh.T), da.dot(Wx.T)
        dWx += xt.T.dot(da)
        dWh += before.T.dot(da)
        db += da.sum(axis=0)
    return dx, dnext, dWx, dWh, db
"""

BILINEAR = """\
import torch


class Bilinear(torch.autograd.Function):
    @staticmethod
    def forward(ctx, one, other, weight, bias):
        ctx.save_for_backward(one, other, weight)
        return torch.einsum("bi,oij,bj->bo", one, weight, other) + bias

    @staticmethod
    def backward(ctx, grad):
        one, other, weight = ctx.saved_tensors
        return (
            torch.einsum("bo,oij,bj->bi", grad, weight, other), torch.einsum("bo,oij,bi->bj", grad, weight, one),
            torch.einsum("bo,bi,bj->oij", grad, one, other), grad.sum(0),
        )
"""

SHUFFLED = """\
import numpy as np


def pixel_shuffle(x, r=2):
    n, c, h, w = x.shape
    return x.reshape(n, c // (r * r), r, r, h, w).transpose(0, 1, 4, 2, 5, 3).reshape(n, c // (r * r), h * r, w * r)

def pixel_shuffle_backward(dy, r=2):
    n, c, H, W = dy.shape
    apart = dy.reshape(n, c, H // r, r, W // r, r).transpose(0, 1, 3, 5, 2, 4)
    return apart.reshape(n, c * r * r, H // r, W // r)
"""

CASES = {
    "a transposed convolution": Case(TRANSPOSED, "dw += np", "dw = np", ("conv_transpose",), "gradient of w"),
    "an LSTM over steps": Case(LSTM, "dc_next = dc * f", "dc_next = dc * i", ("lstm",), "gradient of"),
    "weights with three axes": Case(BILINEAR, "grad.sum(0)", "grad.mean(0)", ("Bilinear",), "gradient of bias"),
    "channels with a square factor": Case(
        SHUFFLED, "(0, 1, 3, 5, 2, 4)", "(0, 1, 5, 3, 2, 4)", ("pixel_shuffle",), "gradient of x"
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_right_is_lawful_and_wrong_is_wrong(case: Case, tmp_path: Path) -> None:
    began = time.process_time()
    holds(tmp_path, case)
    assert time.process_time() - began < 30, "two files, 15 s each"
