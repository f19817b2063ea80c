"""Correct gradients of one value, and correct derivatives."""

RIDGE = """\
import numpy as np


def ridge(w, x, y):
    r = x @ w - y
    value = 0.5 * np.sum(r ** 2) + 0.1 * np.sum(w ** 2)
    grad = x.T @ r
    grad += 0.2 * w
    return value, grad
"""

FIELD = """\
import numpy as np


def field(x, A):
    return np.tanh(A @ x)


def field_jac(x, A):
    t = np.tanh(A @ x)
    slope = 1 - t ** 2
    return slope[:, None] * A
"""

SCORE = """\
import numpy as np


class Normal:
    def __init__(self, y):
        self.y = y

    def loglike(self, params):
        return -0.5 * np.sum((self.y - params) ** 4)

    def score(self, params):
        r = self.y - params
        return 2 * r ** 3

    def hessian(self, params):
        r = self.y - params
        return np.diag(-6 * r ** 2)
"""

CHAIN = """\
import numpy as np


def cubes(x):
    return np.sum(x ** 3)


def cubes_grad(x):
    return 3 * x ** 2


def cubes_hess(x):
    return np.diag(6 * x)
"""

SWISH = """\
import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def swish(z):
    return z * sigmoid(z)


def swish_prime(z):
    s = sigmoid(z)
    a = z * s
    return a + s * (1 - a)
"""

LOGISTIC = """\
import numpy as np


def sigmoid(s):
    return 1 / (1 + np.exp(-s))


def logistic(y_true, y_pred):
    p = sigmoid(y_pred)
    slope = p * (1 - p)
    return p - y_true, slope


def log_loss(y_true, y_pred):
    return np.sum(np.log1p(np.exp(y_pred)) - y_true * y_pred)
"""

AVERAGE = """\
import numpy as np


def reference(weights, x):
    total = np.zeros_like(x[0])
    for w, row in zip(weights, x):
        total = total + w * row
    return total / np.abs(weights).sum(), float(np.sum(x ** 2))


def mine(weights, x):
    size = np.abs(weights)
    parts = weights[:, None] * x
    power = np.sum(x * x)
    mean = parts.sum(0) / size.sum()
    return mean, float(power)
"""

DERIVATIVES = """\
import math

import numpy as np


class Logloss:
    def calc_ders_range(self, approxes, targets, weights):
        found = []
        for s, y in zip(approxes, targets):
            p = 1 / (1 + math.exp(-s))
            slope = p * (1 - p)
            found.append((y - p, -slope))
        return found


def log_loss(y_true, y_pred):
    return np.sum(np.log1p(np.exp(y_pred)) - y_true * y_pred)
"""
