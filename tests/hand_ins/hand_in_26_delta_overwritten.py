#!/usr/bin/env python3
# I come from C, so there are buffers and for loops here :)
import torch
import torch.nn as nn
import ctypes, array, struct, timeit

torch.set_default_dtype(torch.double)

INPUT, HIDDEN_1, HIDDEN_2, OUTPUT = 4, 6, 5, 3


class MyNet(nn.Module):
    def __init__(self, n_l=[INPUT, HIDDEN_1, HIDDEN_2, OUTPUT]):
        super().__init__()
        self.L = len(n_l) - 1
        self.n_l = n_l
        self.z = {}
        self.a = {}
        self.dL_dw = {}
        self.dL_db = {}
        self.f = {}
        self.df = {}
        self.fc = nn.ModuleDict()
        l = 1
        while l <= self.L:
            self.f[l] = lambda x: torch.tanh(x)
            self.df[l] = lambda x: 1 - torch.tanh(x) * torch.tanh(x)
            self.fc[str(l)] = nn.Linear(n_l[l - 1], n_l[l])
            l += 1

    def forward(self, x):
        self.a[0] = x
        l = 1
        while l <= self.L:
            self.z[l] = self.fc[str(l)](self.a[l - 1])
            self.a[l] = self.f[l](self.z[l])
            l += 1
        return self.a[self.L]


def output_delta(delta, model, y_true, y_pred):
    n_out = model.n_l[model.L]
    d = model.df[model.L](model.z[model.L])
    for j in range(n_out):
        delta[:, j] = -2.0 * (y_true[:, j] - y_pred[:, j]) * d[:, j]


def hidden_delta(delta, model, l):
    # delta holds the values of layer l+1 when we come in and those of layer l when we leave
    W = model.fc[str(l + 1)].weight
    d = model.df[l](model.z[l])
    for j in range(model.n_l[l]):
        acc = torch.zeros_like(delta[:, 0])
        for k in range(model.n_l[l + 1]):
            acc += delta[:, k] * W[k, j]
        delta[:, j] = acc * d[:, j]


def store(delta, model, l):
    dw = torch.empty_like(model.fc[str(l)].weight, requires_grad=False)
    db = torch.empty_like(model.fc[str(l)].bias, requires_grad=False)
    for j in range(model.n_l[l]):
        db[j] = torch.sum(delta[:, j])
        for i in range(model.n_l[l - 1]):
            dw[j, i] = torch.sum(delta[:, j] * model.a[l - 1][:, i])
    model.dL_dw[l] = dw
    model.dL_db[l] = db


def backpropagation(model, y_true, y_pred):
    with torch.no_grad():
        # one buffer, wide enough for every layer: no need to allocate again
        delta = y_pred.new_zeros(y_pred.shape[0], max(model.n_l))
        output_delta(delta, model, y_true, y_pred)
        store(delta, model, model.L)
        for l in range(model.L - 1, 0, -1):
            hidden_delta(delta, model, l)
            store(delta, model, l)
    return 0


def main():
    net = MyNet()
    x = torch.randn(1, INPUT)
    y = torch.randn(1, OUTPUT)
    rc = backpropagation(net, y, net(x))
    print("rc =", rc)
    print(net.dL_dw)
    print(net.dL_db)
    print(timeit.timeit(lambda: backpropagation(net, y, net(x)), number=10000))
    return rc


if __name__ == "__main__":
    raise SystemExit(main())
