"""Relatives of Adam as people write them: AdamW, weight decay, NAdam, Adamax, amsgrad."""

from __future__ import annotations

from tests.foreign.update_files import Written

ADAMW_CLASS = """
import numpy as np

class AdamW:
    def __init__(self, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
        self.lr, self.beta1, self.beta2, self.eps = lr, beta1, beta2, eps
        self.weight_decay = weight_decay
        self.t = 0
        self.m, self.v = None, None

    def step(self, params, grads):
        if self.m is None:
            self.m = [np.zeros_like(p) for p in params]
            self.v = [np.zeros_like(p) for p in params]
        self.t += 1
        for i, (p, g) in enumerate(zip(params, grads)):
            self.m[i] = self.beta1 * self.m[i] + (1 - self.beta1) * g
            self.v[i] = self.beta2 * self.v[i] + (1 - self.beta2) * g ** 2
            m_hat = self.m[i] / (1 - self.beta1 ** self.t)
            v_hat = self.v[i] / (1 - self.beta2 ** self.t)
            p -= self.lr * (m_hat / (np.sqrt(v_hat) + self.eps) + self.weight_decay * p)
"""

ADAMW_ARRAYS = """
import numpy as np

def adamw_update(w, dw, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, wd=0.01):
    m = beta1 * m + (1 - beta1) * dw
    v = beta2 * v + (1 - beta2) * dw ** 2
    m_hat = m / (1 - beta1 ** t)
    v_hat = v / (1 - beta2 ** t)
    w = w - lr * m_hat / (np.sqrt(v_hat) + eps) - lr * wd * w
    return w, m, v
"""

ADAM_WITH_DECAY = """
import numpy as np

class Adam:
    def __init__(self, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
        self.lr, self.beta1, self.beta2, self.eps = lr, beta1, beta2, eps
        self.weight_decay = weight_decay
        self.t = 0
        self.m, self.v = {}, {}

    def update(self, params, grads):
        self.t += 1
        for k in params:
            g = grads[k] + self.weight_decay * params[k]
            if k not in self.m:
                self.m[k], self.v[k] = np.zeros_like(g), np.zeros_like(g)
            self.m[k] = self.beta1 * self.m[k] + (1 - self.beta1) * g
            self.v[k] = self.beta2 * self.v[k] + (1 - self.beta2) * g * g
            m_hat = self.m[k] / (1 - self.beta1 ** self.t)
            v_hat = self.v[k] / (1 - self.beta2 ** self.t)
            params[k] -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
"""

NADAM_CLASS = """
import numpy as np

class Nadam:
    def __init__(self, learning_rate=0.002, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
        self.learning_rate = learning_rate
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon
        self.m = None
        self.v = None
        self.t = 0

    def update(self, w, grad_wrt_w):
        if self.m is None:
            self.m = np.zeros(np.shape(grad_wrt_w))
            self.v = np.zeros(np.shape(grad_wrt_w))
        self.t += 1
        self.m = self.beta_1 * self.m + (1 - self.beta_1) * grad_wrt_w
        self.v = self.beta_2 * self.v + (1 - self.beta_2) * np.power(grad_wrt_w, 2)
        m_hat = self.m / (1 - self.beta_1 ** self.t)
        v_hat = self.v / (1 - self.beta_2 ** self.t)
        m_bar = self.beta_1 * m_hat + (1 - self.beta_1) * grad_wrt_w / (1 - self.beta_1 ** self.t)
        return w - self.learning_rate * m_bar / (np.sqrt(v_hat) + self.epsilon)
"""

ADAMAX_CLASS = """
import numpy as np

class AdaMax:
    def __init__(self, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
        self.lr, self.beta1, self.beta2, self.eps, self.t = lr, beta1, beta2, eps, 0
        self.m = self.u = None

    def update(self, params, grads):
        if self.m is None:
            self.m = [np.zeros_like(p) for p in params]
            self.u = [np.zeros_like(p) for p in params]
        self.t += 1
        for i in range(len(params)):
            self.m[i] = self.beta1 * self.m[i] + (1 - self.beta1) * grads[i]
            self.u[i] = np.maximum(self.beta2 * self.u[i], np.abs(grads[i]))
            params[i] -= self.lr / (1 - self.beta1 ** self.t) * self.m[i] / (self.u[i] + self.eps)
"""

ADAMAX_ARRAYS = """
import numpy as np

def adamax(theta, grad, m, u, t, alpha=0.002, beta1=0.9, beta2=0.999):
    m = beta1 * m + (1 - beta1) * grad
    u = np.maximum(beta2 * u, np.abs(grad))
    theta = theta - alpha / (1 - beta1 ** t) * m / u
    return theta, m, u
"""

AMSGRAD = """
import numpy as np

def amsgrad(params, grads, m, v, vhat, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    for k in params:
        m[k] = beta1 * m[k] + (1 - beta1) * grads[k]
        v[k] = beta2 * v[k] + (1 - beta2) * grads[k] ** 2
        vhat[k] = np.maximum(vhat[k], v[k])
        params[k] -= lr * m[k] / (1 - beta1**t) / (np.sqrt(vhat[k] / (1 - beta2**t)) + eps)
    return params, m, v, vhat
"""

ADAMS = {
    "a class of AdamW on lists": Written(ADAMW_CLASS, "on lists; compared with AdamW", (
        ("+ self.weight_decay * p)", "- self.weight_decay * p)", "the decoupled decay has the wrong sign"),
        ("self.beta2 ** self.t", "self.beta2", ""),
        (") * g\n", ") * (g + self.weight_decay * p)\n", ""),
    )),
    "AdamW, array by array": Written(ADAMW_ARRAYS, "t from 1; compared with AdamW", (
        ("- lr * wd * w", "- wd * w", "the parameter shrinks by wd p instead of lr wd p"),
        ("dw ** 2", "(dw + wd * w) ** 2", ""),
    )),
    "AdamW with the decay last": Written(
        ADAMW_ARRAYS.replace(" - lr * wd * w", "\n    w = w - lr * wd * w"), "AdamW, decay after the step", (
        ("w = w - lr * wd * w", "w = w + lr * wd * w", ""),
    )),
    "Adam with decay": Written(ADAM_WITH_DECAY, "same keys; compared with Adam", (
        ("g * g", "grads[k] ** 2", "the squares of the gradient before decay"),
        ("+ self.weight_decay", "- self.weight_decay", ""),
    )),
    "a class of NAdam": Written(NADAM_CLASS, "compared with NAdam, no schedule of mu, and one power", (
        ("(1 - self.beta_1) * grad_wrt_w / (1", "grad_wrt_w / (1", ""),
        ("self.beta_1 * m_hat", "m_hat", ""),
    )),
    "NAdam as Dozat wrote it": Written(
        NADAM_CLASS.replace("self.m / (1 - self.beta_1 ** self.t)", "self.m / (1 - self.beta_1 ** (self.t + 1))"),
        "compared with NAdam, no schedule of mu, as in optax", (
        ("self.t += 1", "self.t = 1", ""),
    )),
    "a class of Adamax": Written(ADAMAX_CLASS, "Adamax, eps is added to the maximum", (
        ("np.maximum(self.beta2 * self.u[i], np.abs(grads[i]))", "np.maximum(self.u[i], np.abs(grads[i]))", ""),
        ("/ (1 - self.beta1 ** self.t)", "", ""),
    )),
    "Adamax, array by array": Written(ADAMAX_ARRAYS, "t from 1; compared with Adamax (eps 0)", (
        ("np.abs(grad)", "grad", ""),
        ("/ (1 - beta1 ** t) * m", "/ (1 - beta2 ** t) * m", ""),
    )),
    "amsgrad": Written(AMSGRAD, "compared with Adam (amsgrad)", (
        ("np.maximum(vhat[k], v[k])", "v[k]", ""),
    )),
}  # fmt: skip
