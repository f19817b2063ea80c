"""Files with a value in one place and its gradients in another."""

HESSIAN = """\
import numpy as np


def f(x):
    return np.sum(np.sin(x[:-1]) * x[1:] ** 2)

def grad_f(x):
    g = np.zeros_like(x)
    g[:-1] += np.cos(x[:-1]) * x[1:] ** 2
    g[1:] += 2 * np.sin(x[:-1]) * x[1:]
    return g

def hess_f(x):
    n = len(x)
    H = np.zeros((n, n))
    for i in range(n - 1):
        H[i, i] -= np.sin(x[i]) * x[i + 1] ** 2
        H[i, i + 1] += 2 * np.cos(x[i]) * x[i + 1]
        H[i + 1, i] += 2 * np.cos(x[i]) * x[i + 1]
        H[i + 1, i + 1] += 2 * np.sin(x[i])
    return H
"""

ROSEN = """\
import numpy as np


def rosen(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

def rosen_der(x):
    g = np.zeros_like(x)
    g[:-1] = -400 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2 * (1 - x[:-1])
    g[1:] += 200 * (x[1:] - x[:-1] ** 2)
    return g

def rosen_hess(x):
    H = np.diag(-400 * x[:-1], 1) + np.diag(-400 * x[:-1], -1)
    d = np.zeros_like(x)
    d[:-1] = 1200 * x[:-1] ** 2 - 400 * x[1:] + 2
    d[1:] += 200
    return H + np.diag(d)
"""

NEWTON = """\
import numpy as np


def f(x):
    return np.sin(x) * np.exp(-x)

def f_prime(x):
    return (np.cos(x) - np.sin(x)) * np.exp(-x)

def f_double_prime(x):
    return -2 * np.cos(x) * np.exp(-x)
"""

NUMBERS = """\
import math


def f(x):
    return math.sin(x) * x

def df(x):
    return math.cos(x) * x + math.sin(x)

def d2f(x):
    return 2 * math.cos(x) - math.sin(x) * x
"""

TARGET_FIRST = """\
import numpy as np


def logloss(y_true, y_pred):
    return np.logaddexp(0, y_pred) - y_true * y_pred

def logloss_grad(y_true, y_pred):
    return 1 / (1 + np.exp(-y_pred)) - y_true

def logloss_hess(y_true, y_pred):
    p = 1 / (1 + np.exp(-y_pred))
    return p * (1 - p)
"""

STEMMED = """\
import numpy as np


def logistic_nll(w, X, y):
    z = X @ w
    return np.sum(np.logaddexp(0, z) - y * z)

def logistic_grad(w, X, y):
    return X.T @ (1 / (1 + np.exp(-X @ w)) - y)

def logistic_hessian(w, X, y):
    p = 1 / (1 + np.exp(-X @ w))
    return X.T @ (X * (p * (1 - p))[:, None])
"""

SCIPY = """\
import numpy as np


def fun(x, a=1.0, b=100.0):
    return np.sum(b * (x[1:] - x[:-1] ** 2) ** 2 + (a - x[:-1]) ** 2)

def jac(x, a=1.0, b=100.0):
    g = np.zeros_like(x)
    g[:-1] = -4 * b * x[:-1] * (x[1:] - x[:-1] ** 2) - 2 * (a - x[:-1])
    g[1:] += 2 * b * (x[1:] - x[:-1] ** 2)
    return g
"""

STEMS = """\
import numpy as np


def log_softmax(z):
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))

def smooth(y, k, eps):
    return np.eye(k)[y] * (1 - eps) + eps / k

def smoothed_loss(logits, y, eps=0.1):
    return -(smooth(y, logits.shape[1], eps) * log_softmax(logits)).sum() / len(logits)

def smoothed_backward(logits, y, eps=0.1):
    return (np.exp(log_softmax(logits)) - smooth(y, logits.shape[1], eps)) / len(logits)
"""

TENSORS = """\
import torch


def gaussian_nll(mu, log_var, target):
    return 0.5 * (log_var + (target - mu) ** 2 * torch.exp(-log_var)).mean()

def gaussian_nll_grad(mu, log_var, target):
    inv = torch.exp(-log_var) / mu.numel()
    return (mu - target) * inv, 0.5 * (1 / mu.numel() - (target - mu) ** 2 * inv)
"""

NOTHING_AGAIN = """\
import numpy as np


class DiceLoss:
    def __init__(self, smooth=1.0):
        self.smooth = smooth

    def forward(self, pred, target):
        self.target, self.top = target, 2 * np.sum(pred * target) + self.smooth
        self.den = np.sum(pred**2) + np.sum(target**2) + self.smooth
        self.pred = pred
        return 1 - self.top / self.den

    def backward(self):
        return 2 * (self.top * self.pred - self.target * self.den) / self.den**2
"""

ARGUMENTS_AGAIN = """\
import numpy as np


class MSELoss:
    def __call__(self, y_true, y_pred):
        return np.mean((y_pred - y_true) ** 2)

    def gradient(self, y_true, y_pred):
        return 2 * (y_pred - y_true) / y_pred.size
"""

TWO_GRADIENTS = """\
import numpy as np


class Contrastive:
    def forward(self, x1, x2, y):
        self.diff, self.y = x1 - x2, y
        self.dist = np.sqrt((self.diff**2).sum(axis=1) + 1e-12)
        self.short = np.maximum(4 - self.dist, 0)
        return np.mean(y * self.dist**2 + (1 - y) * self.short**2)

    def backward(self):
        c = 2 * (self.y - (1 - self.y) * self.short / self.dist) / len(self.y)
        return c[:, None] * self.diff, -c[:, None] * self.diff
"""

NAMED = """\
import numpy as np


def ranked_loss(score_a, score_b, t):
    z = t * (score_b - score_a)
    p = 1 / (1 + np.exp(-z))
    dscore_a, dscore_b = -t * p, t * p
    return np.logaddexp(0, z).sum(), (dscore_a, dscore_b)
"""

VJP = """\
import jax
import jax.numpy as jnp


@jax.custom_vjp
def norm(x):
    return jnp.sqrt((x**2).sum())

def norm_fwd(x):
    n = norm(x)
    return n, (x, n)

def norm_bwd(res, g):
    x, n = res
    return (g * x / n,)

norm.defvjp(norm_fwd, norm_bwd)
"""

MEAN = """\
import numpy as np


def mean_loss(y_true, y_pred):
    return np.mean((y_pred - y_true) ** 2)

def mean_loss_grad(y_true, y_pred):
    return 2 * (y_pred - y_true) / y_pred.size

def mean_loss_hess(y_true, y_pred):
    return 2 * np.ones_like(y_pred) / y_pred.size
"""
