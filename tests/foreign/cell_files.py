"""Files as courses write them: recurrent cells, layers that keep gradients in their tensors, loops with a state."""

CELL = """
import numpy as np

def sigmoid(x):
    return 1 / (1 + np.exp(-x))

class LSTMCell:
    def __init__(self, input_size, hidden_size):
        self.W = np.random.randn(4 * hidden_size, input_size + hidden_size) * 0.1
        self.b = np.zeros((4 * hidden_size, 1))
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)
        self.H = hidden_size

    def forward(self, x, h_prev, c_prev):
        H = self.H
        self.z, self.c_prev = np.vstack((h_prev, x)), c_prev
        a = self.W @ self.z + self.b
        self.i, self.f, self.o = sigmoid(a[:H]), sigmoid(a[H:2*H]), sigmoid(a[2*H:3*H])
        self.g = np.tanh(a[3*H:])
        self.c = self.f * c_prev + self.i * self.g
        return self.o * np.tanh(self.c), self.c

    def backward(self, dh, dc):
        t = np.tanh(self.c)
        do = dh * t
        dc = dc + dh * self.o * (1 - t ** 2)
        df, di, dg = dc * self.c_prev, dc * self.g, dc * self.i
        da = np.vstack((di * self.i * (1 - self.i), df * self.f * (1 - self.f), do * self.o * (1 - self.o),
                        dg * (1 - self.g ** 2)))
        self.dW += da @ self.z.T
        self.db += da.sum(axis=1, keepdims=True)
        dz = self.W.T @ da
        return dz[self.H:], dz[:self.H], dc * self.f
"""

GIVEN_CELL = """
import numpy as np

class RNN:
    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]

    def forward(self, x, h_prev):
        Wx, Wh, b = self.params
        h_next = np.tanh(np.dot(h_prev, Wh) + np.dot(x, Wx) + b)
        self.cache = (x, h_prev, h_next)
        return h_next

    def backward(self, dh_next):
        Wx, Wh, b = self.params
        x, h_prev, h_next = self.cache
        dt = dh_next * (1 - h_next ** 2)
        self.grads[0][...] = np.dot(x.T, dt)
        self.grads[1][...] = np.dot(h_prev.T, dt)
        self.grads[2][...] = np.sum(dt, axis=0)
        return np.dot(dt, Wx.T), np.dot(dt, Wh.T)
"""

KEPT = """
import torch

class Module():
    def __call__(self, *args):
        self.args = args
        self.out = self.forward(*args)
        return self.out

    def forward(self): raise Exception('not implemented')
    def backward(self): self.bwd(self.out, *self.args)

class Relu(Module):
    def forward(self, inp): return inp.clamp_min(0.) - 0.5
    def bwd(self, out, inp): inp.g = (inp > 0).float() * out.g

class Lin(Module):
    def __init__(self, w, b): self.w, self.b = w, b
    def forward(self, inp): return inp @ self.w + self.b
    def bwd(self, out, inp):
        inp.g = out.g @ self.w.t()
        self.w.g = inp.t() @ out.g
        self.b.g = out.g.sum(0)

class Mse(Module):
    def forward(self, inp, targ): return (inp.squeeze() - targ).pow(2).mean()
    def bwd(self, out, inp, targ): inp.g = 2 * (inp.squeeze() - targ).unsqueeze(-1) / targ.shape[0]
"""

SOFTMAX = """
import numpy as np

class SoftmaxRegression:
    def __init__(self, lr=0.1, n_iter=1000, n_classes=3):
        self.lr, self.n_iter, self.n_classes = lr, n_iter, n_classes

    def _softmax(self, z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def fit(self, X, y):
        n, d = X.shape
        self.W = np.zeros((d, self.n_classes))
        self.b = np.zeros(self.n_classes)
        Y = np.eye(self.n_classes)[y]
        for _ in range(self.n_iter):
            P = self._softmax(X @ self.W + self.b)
            self.W -= self.lr * X.T @ (P - Y) / n
            self.b -= self.lr * (P - Y).mean(axis=0)
        return self
"""

MOMENTUM = """
import numpy as np

X = np.random.randn(100, 3)
y = X @ np.array([1., -2., 3.]) + 0.5
w, b = np.zeros(3), 0.0
vw, vb = np.zeros(3), 0.0
lr, beta = 0.1, 0.9
for epoch in range(200):
    error = X @ w + b - y
    dw = 2 / len(X) * X.T @ error
    db = 2 / len(X) * error.sum()
    vw = beta * vw + (1 - beta) * dw
    vb = beta * vb + (1 - beta) * db
    w -= lr * vw
    b -= lr * vb
"""

ADAM = """
import numpy as np

def fit_adam(X, y, lr=0.01, beta1=0.9, beta2=0.999, eps=1e-8, epochs=100):
    n, d = X.shape
    w, m, v, t = np.zeros(d), np.zeros(d), np.zeros(d), 0
    for _ in range(epochs):
        t += 1
        p = 1 / (1 + np.exp(-(X @ w)))
        grad = X.T @ (p - y) / n
        m = beta1 * m + (1 - beta1) * grad
        v = beta2 * v + (1 - beta2) * grad ** 2
        m_hat, v_hat = m / (1 - beta1 ** t), v / (1 - beta2 ** t)
        w = w - lr * m_hat / (np.sqrt(v_hat) + eps)
    return w
"""

CUBIC = """
import math
import torch

x = torch.linspace(-math.pi, math.pi, 2000)
y = torch.sin(x)
a, b, c, d = torch.randn(()), torch.randn(()), torch.randn(()), torch.randn(())
learning_rate = 1e-6
for t in range(2000):
    y_pred = a + b * x + c * x ** 2 + d * x ** 3
    loss = (y_pred - y).pow(2).sum().item()
    if t % 100 == 99:
        print(t, loss)
    grad_y_pred = 2.0 * (y_pred - y)
    grad_a = grad_y_pred.sum()
    grad_b = (grad_y_pred * x).sum()
    grad_c = (grad_y_pred * x ** 2).sum()
    grad_d = (grad_y_pred * x ** 3).sum()
    a -= learning_rate * grad_a
    b -= learning_rate * grad_b
    c -= learning_rate * grad_c
    d -= learning_rate * grad_d
"""

UNROLLED = """\
import numpy as np


def rnn_cell_forward(xt, a_prev, parameters):
    Wax, Waa, ba = parameters["Wax"], parameters["Waa"], parameters["ba"]
    a_next = np.tanh(Waa @ a_prev + Wax @ xt + ba)
    return a_next, parameters["Wya"] @ a_next + parameters["by"], (a_next, a_prev, xt, parameters)


def rnn_forward(x, a0, parameters):
    caches, a_next = [], a0
    n_y, n_a = parameters["Wya"].shape
    a, y = np.zeros((n_a, *x.shape[1:])), np.zeros((n_y, *x.shape[1:]))
    for t in range(x.shape[2]):
        a_next, y[:, :, t], cache = rnn_cell_forward(x[:, :, t], a_next, parameters)
        a[:, :, t] = a_next
        caches.append(cache)
    return a, y, (caches, x)


def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = (1 - a_next**2) * da_next
    return {"dxt": parameters["Wax"].T @ dz, "dWax": dz @ xt.T, "da_prev": parameters["Waa"].T @ dz,
            "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True)}


def rnn_backward(da, caches):
    caches, x = caches
    dx, da_prev = np.zeros_like(x), 0
    grads = {"dWax": 0, "dWaa": 0, "dba": 0}
    for t in reversed(range(x.shape[2])):
        one = rnn_cell_backward(da[:, :, t] + da_prev, caches[t])
        da_prev, dx[:, :, t] = one["da_prev"], one["dxt"]
        grads = {key: value + one[key] for key, value in grads.items()}
    return {"dx": dx, "da0": da_prev, **grads}
"""
"""a recurrent network whose forward passes its dict of parameters on to a cell"""
