"""Layers whose constructors take several sizes, and layers that keep tensors of torch, as people write them."""

DILATED = """\
import numpy as np

class DilatedConv1D:
    def __init__(self, in_channels, out_channels, kernel_size, dilation=2):
        self.W = np.random.randn(out_channels, in_channels, kernel_size) * 0.1
        self.b = np.zeros(out_channels)
        self.k, self.dilation = kernel_size, dilation

    def forward(self, x):
        self.x = x
        length = x.shape[2] - (self.k - 1) * self.dilation
        out = np.zeros((x.shape[0], self.W.shape[0], length))
        for j in range(self.k):
            part = x[:, :, j * self.dilation : j * self.dilation + length]
            out += np.einsum("ncl,oc->nol", part, self.W[:, :, j])
        return out + self.b[None, :, None]

    def backward(self, dout):
        length, dx = dout.shape[2], np.zeros_like(self.x)
        self.dW, self.db = np.zeros_like(self.W), dout.sum(axis=(0, 2))
        for j in range(self.k):
            at = slice(j * self.dilation, j * self.dilation + length)
            self.dW[:, :, j] = np.einsum("nol,ncl->oc", dout, self.x[:, :, at])
            dx[:, :, at] += np.einsum("nol,oc->ncl", dout, self.W[:, :, j])
        return dx
"""

FEED_FORWARD = """\
import numpy as np

class FeedForward:
    def __init__(self, d_model, d_ff, d_out, dropout):
        self.W1, self.b1 = np.random.randn(d_model, d_ff), np.zeros(d_ff)
        self.W2, self.b2 = np.random.randn(d_ff, d_out), np.zeros(d_out)
        self.p = dropout

    def forward(self, x):
        self.x, self.h = x, np.maximum(0, x @ self.W1 + self.b1)
        return self.h @ self.W2 + self.b2

    def backward(self, dout):
        self.dW2, self.db2 = self.h.T @ dout, dout.sum(0)
        dh = dout @ self.W2.T
        dh[self.h <= 0] = 0
        self.dW1, self.db1 = self.x.T @ dh, dh.sum(0)
        return dh @ self.W1.T
"""

SWIGLU = """\
import torch

def silu(x):
    return x * torch.sigmoid(x)

class SwiGLU:
    def __init__(self, dim, hidden):
        self.w1 = torch.randn(dim, hidden) * 0.1
        self.w2 = torch.randn(hidden, dim) * 0.1
        self.w3 = torch.randn(dim, hidden) * 0.1

    def forward(self, x):
        self.x, self.a, self.b = x, x @ self.w1, x @ self.w3
        self.h = silu(self.a) * self.b
        return self.h @ self.w2

    def backward(self, grad):
        self.grad_w2 = self.h.T @ grad
        dh = grad @ self.w2.T
        s = torch.sigmoid(self.a)
        da = dh * self.b * (s + self.a * s * (1 - s))
        db = dh * silu(self.a)
        self.grad_w1, self.grad_w3 = self.x.T @ da, self.x.T @ db
        return da @ self.w1.T + db @ self.w3.T
"""

SOFTSIGN = """\
import torch

class Softsign:
    def forward(self, x):
        self.x = x
        return x / (1 + x.abs())

    def backward(self, grad):
        return grad / (1 + self.x.abs()).pow(2)
"""

MAXOUT = """\
import numpy as np

class Maxout:
    def __init__(self, n_in, n_out, k=2):
        self.W, self.b = np.random.randn(k, n_in, n_out), np.zeros((k, n_out))

    def forward(self, X):
        self.X = X
        Z = np.einsum("ni,kio->nko", X, self.W) + self.b
        self.arg = Z.argmax(axis=1)
        return Z.max(axis=1)

    def backward(self, dY):
        dZ = np.zeros((dY.shape[0], len(self.W), dY.shape[1]))
        n, o = np.indices(dY.shape)
        dZ[n, self.arg, o] = dY
        self.dW, self.db = np.einsum("ni,nko->kio", self.X, dZ), dZ.sum(axis=0)
        return np.einsum("nko,kio->ni", dZ, self.W)
"""
