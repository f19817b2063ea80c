"""Networks, layers and functions in the forms of courses and tutorials."""

KEEPS_ITS_DATA = """\
import numpy as np


def sigmoid(x):
    return 1.0 / (1 + np.exp(-x))

def sigmoid_derivative(x):
    return x * (1.0 - x)

class NeuralNetwork:
    def __init__(self, x, y):
        self.input = x
        self.weights1 = np.random.rand(self.input.shape[1], 4)
        self.weights2 = np.random.rand(4, 1)
        self.y = y
        self.output = np.zeros(self.y.shape)

    def feedforward(self):
        self.layer1 = sigmoid(np.dot(self.input, self.weights1))
        self.output = sigmoid(np.dot(self.layer1, self.weights2))

    def backprop(self):
        d = 2 * (self.y - self.output) * sigmoid_derivative(self.output)
        d_weights2 = np.dot(self.layer1.T, d)
        d_weights1 = np.dot(self.input.T, np.dot(d, self.weights2.T) * sigmoid_derivative(self.layer1))
        self.weights1 += d_weights1
        self.weights2 += d_weights2
"""

THREE_SIZES = """\
import numpy as np


class NeuralNetwork:
    def __init__(self, input_size, hidden_size, output_size, lr=0.1):
        self.W1 = np.random.randn(input_size, hidden_size) * 0.1
        self.b1 = np.zeros(hidden_size)
        self.W2 = np.random.randn(hidden_size, output_size) * 0.1
        self.b2 = np.zeros(output_size)
        self.lr = lr

    def forward(self, X):
        self.h = np.tanh(X @ self.W1 + self.b1)
        self.out = self.h @ self.W2 + self.b2
        return self.out

    def compute_loss(self, X, y):
        return np.mean((self.forward(X) - y) ** 2)

    def backward(self, X, y):
        n = len(y)
        d = 2 * (self.out - y) / n
        dW2 = self.h.T @ d
        db2 = d.sum(axis=0)
        dh = d @ self.W2.T * (1 - self.h ** 2)
        dW1 = X.T @ dh
        db1 = dh.sum(axis=0)
        self.W1 -= self.lr * dW1
        self.b1 -= self.lr * db1
        self.W2 -= self.lr * dW2
        self.b2 -= self.lr * db2
"""

LIST_OF_SIZES = """\
import numpy as np


class MLP:
    def __init__(self, sizes):
        self.sizes = sizes
        self.weights = [np.random.randn(m, n) / np.sqrt(m) for m, n in zip(sizes[:-1], sizes[1:])]
        self.biases = [np.zeros(n) for n in sizes[1:]]

    def forward(self, x):
        self.activations = [x]
        for i, (w, b) in enumerate(zip(self.weights, self.biases)):
            z = self.activations[-1] @ w + b
            a = np.tanh(z) if i < len(self.weights) - 1 else z
            self.activations.append(a)
        return self.activations[-1]

    def loss(self, pred, y):
        return 0.5 * np.mean(np.sum((pred - y) ** 2, axis=1))

    def backward(self, y):
        n = y.shape[0]
        delta = (self.activations[-1] - y) / n
        dws, dbs = [], []
        for i in reversed(range(len(self.weights))):
            dws.insert(0, self.activations[i].T @ delta)
            dbs.insert(0, delta.sum(axis=0))
            if i > 0:
                delta = delta @ self.weights[i].T * (1 - self.activations[i] ** 2)
        return dws, dbs
"""

OWN_COST = """\
import numpy as np


def forward(X, W1, b1, W2, b2):
    A1 = np.tanh(X @ W1 + b1)
    A2 = A1 @ W2 + b2
    return A1, A2

def compute_cost(A2, Y):
    m = Y.shape[0]
    return np.sum((A2 - Y) ** 2) / (2 * m)

def backward(X, Y, A1, A2, W2):
    m = X.shape[0]
    dZ2 = A2 - Y
    dW2 = A1.T @ dZ2 / m
    db2 = dZ2.sum(axis=0) / m
    dZ1 = dZ2 @ W2.T * (1 - A1 ** 2)
    dW1 = X.T @ dZ1 / m
    db1 = dZ1.sum(axis=0) / m
    return dW1, db1, dW2, db2
"""

ACTIVATION = """\
import numpy as np


class TanH():
    def __call__(self, x):
        return 2 / (1 + np.exp(-2 * x)) - 1

    def gradient(self, x):
        return 1 - np.power(self.__call__(x), 2)
"""

STATIC_ACTIVATION = """\
import numpy as np


class LeakyReLU:
    def __init__(self, alpha=0.2):
        self.alpha = alpha

    def activation(self, x):
        return np.where(x >= 0, x, self.alpha * x)

    def derivative(self, x):
        return np.where(x >= 0, 1, self.alpha)
"""

DROPOUT = """\
import numpy as np


class Layer_Dropout:
    def __init__(self, rate):
        self.rate = 1 - rate

    def forward(self, inputs):
        self.inputs = inputs
        self.binary_mask = np.random.binomial(1, self.rate, size=inputs.shape) / self.rate
        self.output = inputs * self.binary_mask

    def backward(self, dvalues):
        self.dinputs = dvalues * self.binary_mask
"""

DERIVED = """\
import torch
from torch.autograd import Function


class Tanh(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.tanh()

    @staticmethod
    def backward(ctx, g):
        x, = ctx.saved_tensors
        return g * (1 - x.tanh() ** 2)

class Cube(Tanh):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x ** 3

    @staticmethod
    def backward(ctx, g):
        x, = ctx.saved_tensors
        return g * 3 * x ** 2
"""

LIKELIHOOD = """\
import numpy as np


def normal_nll(params, y):
    mu, s = params[0], np.exp(params[1])
    return np.sum(0.5 * ((y - mu) / s) ** 2 + params[1])

def normal_grad(params, y):
    mu, s = params[0], np.exp(params[1])
    return np.array([-np.sum((y - mu) / s ** 2), np.sum(1 - ((y - mu) / s) ** 2)])
"""

DATA_FIRST_WITH_DEFAULT = """\
import numpy as np


def gmm_nll(X, mu_hat, sigma=1.0):
    d2 = ((X[:, None, :] - mu_hat[None]) ** 2).sum(-1)
    logp = -0.5 * d2 / sigma ** 2
    m = logp.max(1, keepdims=True)
    return -np.sum(m[:, 0] + np.log(np.exp(logp - m).sum(1)))

def gmm_nll_grad(X, mu_hat, sigma=1.0):
    diff = X[:, None, :] - mu_hat[None]
    logp = -0.5 * (diff ** 2).sum(-1) / sigma ** 2
    r = np.exp(logp - logp.max(1, keepdims=True))
    r /= r.sum(1, keepdims=True)
    return -(r[:, :, None] * diff).sum(0) / sigma ** 2
"""

PROPAGATE = """\
import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def propagate(w, b, X, Y):
    m = X.shape[1]
    A = sigmoid(np.dot(w.T, X) + b)
    cost = -1 / m * np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    dw = 1 / m * np.dot(X, (A - Y).T)
    db = 1 / m * np.sum(A - Y)
    cost = np.squeeze(np.array(cost))
    grads = {"dw": dw, "db": db}
    return grads, cost
"""

KEPT_FIRST = """\
import numpy as np


def square_fwd(x):
    return x ** 2, x

def square_bwd(x, g):
    return (2 * x * g,)
"""

GATES = """\
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def gru_step_forward(x, h, Wz, Uz, Wr, Ur, Wh, Uh):
    z = sigmoid(x @ Wz + h @ Uz)
    r = sigmoid(x @ Wr + h @ Ur)
    hh = np.tanh(x @ Wh + (r * h) @ Uh)
    h_next = (1 - z) * h + z * hh
    return h_next, (x, h, Wz, Uz, Wr, Ur, Wh, Uh, z, r, hh)

def gru_step_backward(dh_next, cache):
    x, h, Wz, Uz, Wr, Ur, Wh, Uh, z, r, hh = cache
    dz = dh_next * (hh - h) * z * (1 - z)
    dhh = dh_next * z * (1 - hh ** 2)
    drh = dhh @ Uh.T
    dr = drh * h * r * (1 - r)
    dx = dz @ Wz.T + dr @ Wr.T + dhh @ Wh.T
    dh = dh_next * (1 - z) + drh * r + dz @ Uz.T + dr @ Ur.T
    return dx, dh, x.T @ dz, h.T @ dz, x.T @ dr, h.T @ dr, x.T @ dhh, (r * h).T @ dhh
"""
