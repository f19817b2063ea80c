"""Correct backward passes: of networks, layers and functions that hand a gradient on."""

COURSE = """\
import torch


def backpropagation(model, y_true, y_pred):
    with torch.no_grad():
        delta = -2 * (y_true - y_pred) * model.df[model.L](model.z[model.L])
        for l in range(model.L, 0, -1):
            model.dL_dw[l] = delta.T @ model.a[l - 1]
            model.dL_db[l] = delta.sum(0)
            if l > 1:
                delta = (delta @ model.fc[str(l)].weight) * model.df[l - 1](model.z[l - 1])
"""

HELPERS = """\
import torch


def error(model, y_true, y_pred):
    e = y_pred - y_true
    return 2 * e * model.df[model.L](model.z[model.L])


def layer(delta, a):
    w = torch.zeros(delta.shape[1], a.shape[1], dtype=a.dtype)
    for s in range(len(delta)):
        w += torch.outer(delta[s], a[s])
    return w, delta.sum(0)


def backpropagation(model, y_true, y_pred):
    with torch.no_grad():
        deltas = {model.L: error(model, y_true, y_pred)}
        for l in range(model.L - 1, 0, -1):
            back = deltas[l + 1] @ model.fc[str(l + 1)].weight
            slope = model.df[l](model.z[l])
            deltas[l] = back * slope
        for l in range(1, model.L + 1):
            model.dL_dw[l], model.dL_db[l] = layer(deltas[l], model.a[l - 1])
"""

NORM = """\
import numpy as np


def norm_forward(x, gamma, beta):
    mu = x.mean(0)
    std = np.sqrt(x.var(0) + 1e-5)
    xhat = (x - mu) / std
    return gamma * xhat + beta, (xhat, gamma, std)


def norm_backward(dout, cache):
    xhat, gamma, std = cache
    n = len(dout)
    dbeta = dout.sum(axis=0)
    dgamma = np.sum(dout * xhat, axis=0)
    dxhat = dout * gamma
    second = dxhat.sum(axis=0)
    third = xhat * np.sum(dxhat * xhat, axis=0)
    dx = (n * dxhat - second - third) / (n * std)
    return dx, dgamma, dbeta
"""

SQUARE = """\
import torch


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w):
        z = x @ w
        ctx.save_for_backward(x, w, z)
        return z ** 2

    @staticmethod
    def backward(ctx, grad):
        x, w, z = ctx.saved_tensors
        dz = 2 * z * grad
        dx = dz @ w.T
        dw = x.T @ dz
        return dx, dw
"""

DENSE = """\
import numpy as np


class Dense:
    def __init__(self):
        numbers = np.random.default_rng(0)
        self.W, self.b = numbers.normal(size=(3, 2)), numbers.normal(size=2)

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.W + self.b)
        return self.h

    def backward(self, dout):
        dz = dout * (1 - self.h ** 2)
        self.dW = self.x.T @ dz
        self.db = dz.sum(axis=0)
        dx = np.zeros_like(self.x)
        for i in range(len(dz)):
            dx[i] = self.W @ dz[i]
        return dx
"""

SCRIPT = """\
import torch

torch.manual_seed(1)
x, t = torch.randn(8, 3), torch.randn(8, 2)
W, b = torch.randn(3, 2, requires_grad=True), torch.randn(2, requires_grad=True)
y = torch.tanh(x @ W + b)
loss = ((y - t) ** 2).mean()
loss.backward()

size = t.numel()
dy = 2 * (y - t) / size
dz = dy * (1 - y ** 2)
dW = x.T @ dz
db = dz.sum(0)
"""
